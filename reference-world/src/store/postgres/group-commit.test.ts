/** Commands that arrive together share a transaction, and do not notice. */
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { store as ask, type Program } from '../../core/program.js';
import { execute, Postgres } from '../../testing/postgres.js';
import { appendOne, aRun, bytes, callsOf, everything } from '../../testing/store-records.js';
import type { Command, Store } from '../store.js';
import type { GroupReport } from './group-commit.js';
import { openPostgresStore } from './index.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

let url: string;
let store: Store;
let groups: GroupReport[];
beforeEach(async () => {
  url = await postgres.createDatabase();
  groups = [];
  store = await openPostgresStore({ url, onGroup: (report) => groups.push(report) });
  onTestFinished(() => store.close());
});

const sizes = () => groups.map(({ commands }) => commands);
const together = <T>(commands: readonly Command<T>[]) =>
  Promise.allSettled(commands.map((command) => store.execute(command)));
const found = (text: string) => execute<Record<string, unknown>>(url, text);

/** Keeps an outcome, whatever stands there. */
const put = (id: string) =>
  function* (): Program<string> {
    yield* ask.putOutcome('default', id, { fingerprint: 'f', response: bytes(1) }, 1);
    return id;
  };

describe('commands that arrive together', () => {
  it('share a commit', async () => {
    const runs = Array.from({ length: 12 }, (_, i) => `r${i}`);
    const outcomes = await together(runs.map((runId) => appendOne(runId)));
    expect(outcomes).toEqual(runs.map(() => ({ status: 'fulfilled', value: 1 })));
    expect(sizes()).toEqual([12]);
  });

  it('take turns on one run', async () => {
    const outcomes = await together(Array.from({ length: 12 }, () => appendOne('r')));
    expect(outcomes).toEqual(outcomes.map((_, i) => ({ status: 'fulfilled', value: i + 1 })));
    expect(sizes()).toEqual([12]);
  });

  it('see what another has just changed, also where they did not wait for it', async () => {
    for (const runId of ['a', 'b']) await store.execute(appendOne(runId));
    const look = function* (): Program<bigint | undefined> {
      yield* ask.getRun('default', 'b', 'none');
      return (yield* ask.getRun('default', 'a', 'none'))?.run.lastPosition;
    };
    groups = [];
    const outcomes = await together<unknown>([appendOne('a'), look]);
    expect(outcomes.map((outcome) => 'value' in outcome && outcome.value)).toEqual([2, 2n]);
    expect(sizes()).toEqual([2]);
  });

  it('take turns on two runs, also where each has what the other wants', async () => {
    for (const runId of ['a', 'b']) await store.execute(appendOne(runId));
    const both = (first: string, second: string) =>
      function* (): Program<number> {
        yield* ask.getRun('default', first, 'none');
        return (yield* ask.getRun('default', second, 'none'))!.key;
      };
    const outcomes = await together([both('a', 'b'), both('b', 'a')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('do not suffer from one that the database refuses', async () => {
    await store.execute(put('b'));
    const outcomes = await together(['a', 'b', 'c'].map(put));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(
      await found('SELECT request_id FROM worldwire.outcomes ORDER BY request_id'),
    ).toMatchObject([{ request_id: 'a' }, { request_id: 'b' }, { request_id: 'c' }]);
  });

  it('do not suffer from one of which a part cannot be sent, and nothing of it is committed', async () => {
    const broken = function* (): Program<string> {
      yield* put('broken')();
      yield* ask.appendEvents(1, [undefined as never], undefined as never);
      return 'broken';
    };
    for (const company of [[], [put('a'), put('b')]]) {
      const outcomes = await together([broken, ...company]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'rejected',
        ...company.map(() => 'fulfilled'),
      ]);
    }
    expect(
      await found('SELECT request_id FROM worldwire.outcomes ORDER BY request_id'),
    ).toMatchObject([{ request_id: 'a' }, { request_id: 'b' }]);
  });

  it('do not suffer from one that rejects, and it leaves nothing behind', async () => {
    const rejects = (read: boolean) =>
      function* (): Program<string> {
        yield* put(`rejected ${read}`)();
        // What has to be seen was sent.
        if (read) yield* ask.getOutcome('default', 'x');
        throw new Error('no');
      };
    groups = [];
    expect((await together([put('a'), rejects(false), put('b')])).map((o) => o.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(sizes()).toEqual([3]);
    expect((await together([put('c'), rejects(true), put('d')])).map((o) => o.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(
      await found('SELECT request_id FROM worldwire.outcomes ORDER BY request_id'),
    ).toMatchObject(['a', 'b', 'c', 'd'].map((request_id) => ({ request_id })));
  });

  it('keep payloads apart, of every size, absent and empty', async () => {
    const sizesOf = [undefined, 0, 3, 20_000, 0, undefined, 1];
    const keys = await Promise.all(
      sizesOf.map((size, i) =>
        callsOf(store).insertRun(
          'default',
          aRun(`r${i}`, size === undefined ? {} : { input: bytes(size, i) }),
        ),
      ),
    );
    expect(new Set(keys).size).toBe(sizesOf.length);
    const rows = await Promise.all(
      sizesOf.map((_, i) => callsOf(store).getRun('default', `r${i}`, 'input')),
    );
    expect(rows.map((row) => row?.run.input)).toEqual(
      sizesOf.map((size, i) => (size === undefined ? undefined : bytes(size, i))),
    );
    expect(rows.map((row) => row?.key)).toEqual(keys);
  });
});

describe('what a command asks ahead of its time', () => {
  it('is asked again behind a change', async () => {
    await store.execute(put('x'));
    const seen = await store.execute(function* () {
      const kept = yield* ask.getOutcome('default', 'x');
      if (kept !== undefined) yield* put('y')();
      return yield* ask.getOutcome('default', 'y');
    });
    expect(seen).toMatchObject({ fingerprint: 'f' });
  });

  it('is right where the guess was wrong', async () => {
    for (let i = 0; i < 2; i++) await store.execute(appendOne('r'));
    const read = () =>
      store.read(function* () {
        const row = yield* ask.getRun('default', 'r', 'none');
        if (row === undefined) return undefined;
        return (yield* ask.listEvents(row.key, [], undefined, everything, false)).items.length;
      });
    expect(await read()).toBe(2);
    // A run of this name with another key, as after a restore.
    await found(`SET session_replication_role = replica;
      UPDATE worldwire.events SET run_key = 77; UPDATE worldwire.runs SET key = DEFAULT;
      UPDATE worldwire.events SET run_key = (SELECT key FROM worldwire.runs)`);
    expect(await read()).toBe(2);
  });
});
