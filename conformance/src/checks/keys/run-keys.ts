import type { Check } from '../../check.js';
import { newRunId } from '../../fixtures/records.js';
import { Key, keyCheck, REASON } from './support.js';

const LONGEST_REASON = 500;

/** Keys of runs. */
export const runKeyChecks: readonly Check[] = [
  keyCheck(
    'keys/run-key-derived',
    'GetRunKey answers with the key that derives from the deployment key, the project and the run',
    { requirements: ['WW-KEY-010'] },
    async (_t, room) => {
      const key = await room.escrowed();
      for (const runId of [await room.run(), await room.run()]) await room.expectKey(runId, key);
    },
  ),
  keyCheck(
    'keys/run-key-by-name',
    'GetRunKey takes the deployment key that the run names, whatever was escrowed later',
    { requirements: ['WW-KEY-011'], capabilities: ['KEY_IDS'] },
    async (t, room) => {
      const [named, later, elsewhere] = [new Key(t), new Key(t), new Key(t)];
      const runId = await room.run({ encryptionKeyId: named.id });
      await room.escrow(named);
      await room.escrow(later);
      await room.expectKey(runId, named);
      await room.expectKey(await room.run({ encryptionKeyId: later.id }), later);
      // The name says which key it is, whichever deployment it was escrowed for.
      await room.escrow(elsewhere, t.unique('dpl'));
      await room.expectKey(await room.run({ encryptionKeyId: elsewhere.id }), elsewhere);
    },
  ),
  keyCheck(
    'keys/run-key-newest',
    'Of a run that names no key, GetRunKey takes the one that was escrowed last for its deployment',
    { requirements: ['WW-KEY-012'] },
    async (t, room) => {
      const runId = await room.run();
      const first = await room.escrowed();
      await room.escrow(new Key(t), t.unique('dpl'));
      await room.expectKey(runId, first);
      await room.expectKey(runId, await room.escrowed());
    },
  ),
  keyCheck(
    'keys/run-key-not-in-escrow',
    'GetRunKey says that the key of a run is not in escrow, and takes no other one',
    { requirements: ['WW-KEY-013'] },
    async (t, room) => {
      const ask = (runId: string) => () => room.api.keys.getRunKey({ runId, reason: REASON });
      const runId = await room.run();
      await room.escrow(new Key(t), t.unique('dpl'));
      await t.refused('the key of a run without one', ask(runId), 'KEY_NOT_FOUND', {
        run_id: runId,
      });
      if (t.has('KEY_IDS')) {
        const missing = new Key(t).id;
        const names = await room.run({ encryptionKeyId: missing });
        await room.escrowed();
        await t.refused('a key that the run names', ask(names), 'KEY_NOT_FOUND', {
          run_id: names,
          key_id: missing,
        });
      }
      const key = await room.escrowed();
      await room.expectKey(runId, key);
    },
  ),
  keyCheck(
    'keys/run-key-of-another-project',
    'A key that is in escrow in one project is not in escrow in another',
    { requirements: ['WW-KEY-013'], capabilities: ['PROJECTS'] },
    async (t, room) => {
      const key = await room.escrowed();
      const other = await room.another();
      for (const value of [
        { deploymentId: room.deploymentId },
        ...(t.has('KEY_IDS') ? [{ encryptionKeyId: key.id }] : []),
      ]) {
        const runId = await other.run(value);
        await t.refused(
          'the key of a run of the other project',
          () => other.api.keys.getRunKey({ runId, reason: REASON }),
          'KEY_NOT_FOUND',
        );
      }
      await other.escrow(key);
      await other.expectKey(await other.run(), key);
    },
  ),
  keyCheck(
    'keys/reason-wanted',
    'GetRunKey wants a reason of 1 to 500 characters',
    { requirements: ['WW-KEY-014'] },
    async (t, room) => {
      await room.escrowed();
      const runId = await room.run();
      const ask = (reason: string) => () => room.api.keys.getRunKey({ runId, reason });
      for (const reason of ['', ' ', '\t \n', 'x'.repeat(LONGEST_REASON + 1)])
        await t.refused(
          `GetRunKey for ${JSON.stringify(reason.slice(0, 8))} (${reason.length} characters)`,
          ask(reason),
          'INVALID_ARGUMENT',
          { field: 'reason' },
        );
      for (const reason of ['x', 'ü'.repeat(LONGEST_REASON)])
        await t.accepted(`GetRunKey for ${reason.length} characters`, ask(reason));
    },
  ),
  keyCheck(
    'keys/absent-run',
    'GetRunKey refuses a run that does not exist',
    { requirements: ['WW-KEY-015'] },
    async (t, room) => {
      const key = await room.escrowed();
      const runId = newRunId(t);
      await t.refused(
        'GetRunKey of no run',
        () => room.api.keys.getRunKey({ runId, reason: REASON }),
        'RUN_NOT_FOUND',
        { run_id: runId },
      );
      await room.expectKey(await room.run(), key);
    },
  ),
];
