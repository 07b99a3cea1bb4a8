import { ResolveData } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';

const NAME = '0123456789abcdef';
const LONGEST = 64;

/** The name of the key of a run. */
export const nameChecks: readonly Check[] = [
  check(
    'keys/name-of-a-run',
    'The name of the key of a run is returned as its creation gave it',
    { requirements: ['WW-KEY-001'], capabilities: ['KEY_IDS'] },
    async (t) => {
      for (const encryptionKeyId of [NAME, 'my key, 2026 ☂']) {
        const byCreation = await t.run({ create: { encryptionKeyId } });
        const byStart = absentRun(t);
        await byStart.given(events.runStarted(events.createsRun({ encryptionKeyId })));
        for (const run of [byCreation, byStart]) {
          t.equal((await run.get()).encryptionKeyId, encryptionKeyId, 'the name');
          await run.given(events.runStarted(), events.runCompleted());
          t.equal((await run.get()).encryptionKeyId, encryptionKeyId, 'the name at the end');
        }
      }
      t.ok(!(await (await t.run()).get()).encryptionKeyId, 'a run without a name has one');
    },
  ),
  check(
    'keys/name-with-hooks',
    'Every read of a hook tells the name of the key of its run',
    { requirements: ['WW-KEY-002'], capabilities: ['KEY_IDS'] },
    async (t) => {
      const run = await t.startedRun({ create: { encryptionKeyId: NAME } });
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      await run.given(events.hookCreated(hookId, token));
      const { hooks } = t.api;
      for (const resolveData of [ResolveData.ALL, ResolveData.NONE])
        for (const hook of [
          (await hooks.getHook({ runId: run.id, hookId, resolveData })).hook,
          (await hooks.getHookByToken({ token, resolveData })).hook,
          (await hooks.listHooks({ runId: run.id, resolveData })).hooks[0],
        ])
          t.equal(hook?.run?.encryptionKeyId, NAME, 'the name');
    },
  ),
  check(
    'keys/name-too-long',
    'A name of a key of more than 64 characters is refused, and creates nothing',
    { requirements: ['WW-KEY-003'], capabilities: ['KEY_IDS'] },
    async (t) => {
      const create = (length: number) => {
        const run = absentRun(t);
        const event = events.runCreated({ encryptionKeyId: 'k'.repeat(length) });
        return { run, write: () => run.write(event) };
      };
      const long = create(LONGEST + 1);
      await t.refused('a name of 65 characters', long.write, 'INVALID_ID');
      await t.refused('a read of the run', () => long.run.get(), 'RUN_NOT_FOUND');
      await t.accepted('a name of 64 characters', create(LONGEST).write);
    },
  ),
];
