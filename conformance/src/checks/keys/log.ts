import { type KeyAccess, SortOrder } from '@worldwire/proto';
import type { Check } from '../../check.js';
import type { Context } from '../../context.js';
import { atOf, newRunId } from '../../fixtures/records.js';
import { hashAfter, Key, type KeyRoom, keyCheck, REASON } from './support.js';

/** Calls at once: enough that a World which reads the end of the log before it writes finds another there. */
const AT_ONCE = 24;

/** What is known of an entry beforehand. */
type Facts = Partial<Omit<KeyAccess, '$typeName' | '$unknown'>>;

/** Who asked for what. */
export const logChecks: readonly Check[] = [
  keyCheck(
    'keys/every-call-logged',
    'Each call of EscrowKey and GetRunKey, answered or refused, has one entry that says what it was',
    { requirements: ['WW-KEY-018', 'WW-KEY-022'] },
    async (t, room) => {
      const { api, deploymentId } = room;
      const [key, absent] = [new Key(t), newRunId(t)];
      const runId = await room.run();
      const bare = { runId: '', deploymentId: '', keyId: '', reason: '' };
      const entry = async (wanted: Facts, call: () => Promise<unknown>) => {
        await t.outcome(call);
        const about = { ...bare, project: room.project, ...wanted };
        const found = await newest(t, room, about);
        t.equal(factsOf(found, about), about, `the entry of ${about.method} (${about.outcome})`);
        t.ok(found.caller !== '' || t.token === undefined, 'an entry names no caller');
        atOf(t, 'at of an entry', found.at);
      };
      const escrow = { method: 'EscrowKey', deploymentId };
      const ask = { method: 'GetRunKey', runId, reason: REASON };
      await entry({ ...ask, outcome: 'KEY_NOT_FOUND' }, () =>
        api.keys.getRunKey({ runId, reason: REASON }),
      );
      await entry({ ...escrow, outcome: 'INVALID_ARGUMENT' }, () =>
        api.keys.escrowKey({ deploymentId, key: new Uint8Array(5) }),
      );
      await entry({ ...escrow, outcome: 'OK', keyId: key.id }, () =>
        api.keys.escrowKey({ deploymentId, key: key.bytes }),
      );
      await entry({ ...ask, outcome: 'OK', keyId: key.id }, () =>
        api.keys.getRunKey({ runId, reason: REASON }),
      );
      const words = 'Grüße: "why", 100 % \\ 雨\nsecond line';
      await entry({ ...ask, outcome: 'OK', keyId: key.id, reason: words }, () =>
        api.keys.getRunKey({ runId, reason: words }),
      );
      await entry({ ...ask, outcome: 'INVALID_ARGUMENT', reason: '' }, () =>
        api.keys.getRunKey({ runId, reason: 'x'.repeat(501) }),
      );
      await entry({ ...ask, outcome: 'RUN_NOT_FOUND', runId: absent }, () =>
        api.keys.getRunKey({ runId: absent, reason: REASON }),
      );
      if (t.has('KEY_IDS')) {
        const named = await room.run({ encryptionKeyId: 'nobody has it' });
        const keyId = 'nobody has it';
        await entry({ ...ask, outcome: 'KEY_NOT_FOUND', runId: named, keyId }, () =>
          api.keys.getRunKey({ runId: named, reason: REASON }),
        );
      }
      t.equal((await room.log(runId)).length, 4, 'the entries about the run');
      if (room.project !== 'default')
        t.equal((await room.log()).length, t.has('KEY_IDS') ? 8 : 7, 'all entries');
    },
  ),
  keyCheck(
    'keys/refused-lists-logged',
    'A list that is refused for want of a permission has an entry',
    { requirements: ['WW-KEY-019'], needs: ['token', 'keyless-token'] },
    async (t, room) => {
      const keyless = room.client('keyless', t.keylessToken);
      const refused = async (method: string) =>
        (await room.log()).filter((one) => one.method === method && one.outcome !== 'OK').length;
      for (const [method, call] of [
        ['ListKeys', () => keyless.keys.listKeys({})],
        ['ListKeyAccess', () => keyless.keys.listKeyAccess({})],
      ] as const) {
        const before = await refused(method);
        await t.given(`a refused ${method}`, () => t.refused(method, call, 'PERMISSION_DENIED'));
        const after = await refused(method);
        // Other checks work in a project that is not the check's own.
        const grew = room.project === 'default' ? after > before : after === before + 1;
        t.ok(grew, `the entries of a refused ${method}`, before + 1, after);
      }
    },
  ),
  keyCheck(
    'keys/answered-lists-not-logged',
    'A list that is answered has no entry, so that the log has a last page',
    { requirements: ['WW-KEY-020'] },
    async (t, room) => {
      await room.escrowed();
      for (let each = 0; each < 3; each++) {
        await room.listed();
        const lists = (await room.log()).filter(
          ({ method, outcome }) => method.startsWith('List') && outcome === 'OK',
        );
        t.equal(lists.length, 0, 'the entries of answered lists');
      }
    },
  ),
  keyCheck(
    'keys/callers',
    'An entry names its caller, always the same for one credential, and not by the credential',
    { requirements: ['WW-KEY-023', 'WW-KEY-024'], needs: ['token', 'keyless-token'] },
    async (t, room) => {
      const runId = await room.run();
      const keyless = room.client('keyless', t.keylessToken);
      const ask = { runId, reason: REASON };
      for (const { keys } of [room.api, keyless, room.client('again'), keyless])
        await t.outcome(() => keys.getRunKey(ask));
      const callers = (await room.log(runId)).map(({ caller }) => caller);
      t.equal(callers.length, 4, 'the number of entries');
      t.equal([callers[0], callers[1]], [callers[2], callers[3]], 'the callers of later calls');
      t.ok(callers[0] !== callers[1], 'two credentials are one caller', 'two names', 'one');
      for (const entry of await room.log(runId))
        for (const token of [t.token!, t.keylessToken])
          for (const form of [token, Buffer.from(token).toString('base64').replace(/=+$/, '')])
            t.ok(
              ![entry.caller, entry.reason, entry.outcome].some((text) => text.includes(form)),
              'an entry holds a credential',
              'none',
              'one',
            );
    },
  ),
  keyCheck(
    'keys/chain',
    'The entries of a project are numbered from 1 without gaps, and each has the hash that follows',
    { requirements: ['WW-KEY-025', 'WW-KEY-026'] },
    async (t, room) => {
      await room.escrowed();
      const runs = await Promise.all([room.run(), room.run(), room.run()]);
      const clients = [room.api, room.client('another'), room.client('a third')];
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, each) =>
          t.outcome(() =>
            clients[each % clients.length]!.keys.getRunKey({
              runId: runs[each % runs.length]!,
              reason: each % 4 === 3 ? '' : `${REASON} 雨 ${each}`,
            }),
          ),
        ),
      );
      const log = await room.log();
      expectChain(t, log);
      const about = log.filter(({ runId }) => runs.includes(runId));
      t.equal(about.length, AT_ONCE, 'the entries about the runs');
      if (room.project === 'default') return;
      const page = { sortOrder: SortOrder.DESCENDING, limit: 1_000 };
      const { entries } = await room.api.keys.listKeyAccess({ page });
      t.equal(entries.toReversed(), log, 'the log from its end');
    },
  ),
  keyCheck(
    'keys/log-of-a-run',
    'ListKeyAccess of a run returns its entries and no others, as they are in the whole log',
    { requirements: ['WW-KEY-028'] },
    async (t, room) => {
      const [one, two] = [await room.run(), await room.run()];
      for (const runId of [one, two, one])
        await t.outcome(() => room.api.keys.getRunKey({ runId, reason: REASON }));
      await room.escrowed();
      const log = await room.log();
      for (const runId of [one, two, newRunId(t)])
        t.equal(
          await room.log(runId),
          log.filter((entry) => entry.runId === runId),
          'the entries about a run',
        );
    },
  ),
  keyCheck(
    'keys/log-survives',
    'Each entry of an answered call is there after a kill -9, as it was, and the log goes on behind it',
    { requirements: ['WW-KEY-027'], capabilities: ['DURABILITY'], needs: ['process'] },
    async (t, room) => {
      const key = await room.escrowed();
      const runId = await room.run();
      for (let round = 0; round < 3; round++) {
        let answered = 0;
        const { keys } = room.client(`before kill ${round + 1}`);
        const asking = Promise.all(
          Array.from({ length: 4 }, async () => {
            for (;;) {
              const answer = await t.outcome(() => keys.getRunKey({ runId, reason: REASON }));
              if ('refusal' in answer) return;
              answered += 1;
            }
          }),
        );
        await t.eventually('answers', () => (answered >= 8 ? true : undefined));
        const seen = await room.log('', room.client(`a read before kill ${round + 1}`));
        await t.process.kill();
        await asking;
        const [before, count] = [seen.length, answered];
        await t.process.start();
        const api = room.client(`after kill ${round + 1}`);
        const log = await room.log('', api);
        t.equal(log.slice(0, before), seen, 'the entries that were listed before');
        const own = log.filter((entry) => entry.runId === runId && entry.outcome === 'OK').length;
        t.ok(own >= count, 'answered calls have no entry any more', `${count} entries`, own);
        await room.expectKey(runId, key, api);
        expectChain(t, await room.log('', api));
      }
    },
  ),
  keyCheck(
    'keys/logs-apart',
    'Each project has a log of its own, which begins at 1',
    { requirements: ['WW-KEY-029'], capabilities: ['PROJECTS'] },
    async (t, room) => {
      const other = await room.another();
      const runId = await room.run();
      for (const { api } of [room, other, room, other])
        await t.outcome(() => api.keys.getRunKey({ runId, reason: REASON }));
      await other.escrowed();
      for (const each of [room, other]) {
        const log = await each.log();
        expectChain(t, log);
        for (const { project } of log) t.equal(project, each.project, 'the project of an entry');
      }
      t.equal((await room.log()).length, 2, 'the entries of the first project');
      t.equal((await other.log()).length, 3, 'the entries of the second project');
    },
  ),
];

function expectChain(t: Context, log: readonly KeyAccess[]): void {
  for (const [index, entry] of log.entries()) {
    t.equal(entry.sequence, BigInt(index + 1), 'the sequence of an entry');
    t.equal(entry.hash, hashAfter(t, log[index - 1], entry), `the hash of entry ${index + 1}`);
  }
}

/** The newest entry of a method; in a project that others use too, the newest about the same run or deployment. */
async function newest(t: Context, room: KeyRoom, about: Facts): Promise<KeyAccess> {
  const log = await room.log(about.runId ?? '');
  const found = log.findLast(
    ({ method, deploymentId }) =>
      method === about.method && deploymentId === (about.deploymentId ?? ''),
  );
  return found ?? t.fail('a call has no entry', `one of ${about.method}`, 'none');
}

function factsOf(entry: KeyAccess, names: Facts): Facts {
  return Object.fromEntries(
    Object.keys(names).map((name) => [name, entry[name as keyof Facts]]),
  ) as Facts;
}
