import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context, Operation, Program } from '../../core/program.js';
import { Rejection } from '../../core/rejection.js';
import { aMessage, appendOne, aRun, callsOf, everything } from '../../testing/store-records.js';
import type { Store } from '../store.js';
import { JOURNAL_BYTES, openDatabase } from './database.js';
import { GroupCommit } from './group-commit.js';
import { type GroupReport, openSqliteStore, type SqliteStoreOptions } from './index.js';
import { connect } from './operations.js';
import { Transactions } from './transaction.js';

let dataDir: string;
let stores: Store[];
let groups: GroupReport[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'worldwire-'));
  stores = [];
  groups = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  await rm(dataDir, { recursive: true });
});

async function open(options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  const store = await openSqliteStore({
    dataDir,
    maxGroupMs: 60_000,
    onGroup: (report) => groups.push(report),
    ...options,
  });
  stores.push(store);
  return store;
}

const sizes = () => groups.map((group) => group.commands);
const many = (store: Store, count: number) =>
  Promise.all(Array.from({ length: count }, () => store.execute(appendOne('r'))));

async function positions(store: Store): Promise<number[]> {
  const call = callsOf(store);
  const key = (await call.getRun('default', 'r', 'none'))!.key;
  const page = await call.listEvents(key, [], undefined, everything, false);
  return page.items.map((item) => item.key);
}

/** Writes, and then fails. */
function* writeAndFail(): Program<never> {
  yield { name: 'insertRun', args: ['default', aRun('torn')] };
  throw new Rejection('INVALID_ARGUMENT', 'after the write');
}

describe('group commit', () => {
  it('commits together what arrives together, in its order', async () => {
    const store = await open();
    expect(await many(store, 32)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
    expect(sizes()).toEqual([32]);
  });

  it('commits one after the other what comes one after the other', async () => {
    const store = await open();
    for (let i = 0; i < 5; i++) await many(store, 1);
    expect(sizes()).toEqual([1, 1, 1, 1, 1]);
  });

  it('bounds a group', async () => {
    const store = await open({ maxCommands: 10 });
    await many(store, 25);
    expect(sizes()).toEqual([10, 10, 5]);
  });

  it('gives other work its turn after the time of a group', async () => {
    const store = await open({ maxGroupMs: 0 });
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await many(store, 50);
    clearInterval(timer);
    expect(groups.length).toBeGreaterThan(1);
    expect(turns).toBeGreaterThan(0);
  });

  it('refuses what exceeds the queue, and takes the rest', async () => {
    const store = await open({ maxWaiting: 3 });
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => store.execute(appendOne('r'))),
    );
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(results[4]).toMatchObject({ reason: { reason: 'THROTTLED', retryAfterMs: 100 } });
    expect(await many(store, 1)).toEqual([4]);
  });

  it('keeps a group together where a command rejects before it writes', async () => {
    const store = await open();
    const rejected = store.execute(function* () {
      yield { name: 'latestDeployment', args: ['default', ''] };
      throw new Rejection('RUN_NOT_FOUND', 'no');
    });
    const [outcome] = await Promise.allSettled([
      rejected,
      ...(await Promise.all([many(store, 3)])),
    ]);
    expect(outcome).toMatchObject({ reason: { reason: 'RUN_NOT_FOUND' } });
    expect(sizes()).toEqual([4]);
  });

  it('undoes a command that fails after a write, and keeps its neighbours', async () => {
    const store = await open();
    const before = many(store, 3);
    const torn = store.execute(writeAndFail).catch((error: unknown) => error);
    const after = many(store, 3);
    expect(await torn).toMatchObject({ reason: 'INVALID_ARGUMENT' });
    expect([...(await before), ...(await after)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await positions(store)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await callsOf(store).getRun('default', 'torn', 'none')).toBeUndefined();
    groups.length = 0;
    await many(store, 6);
    expect(sizes()).toEqual([6]);
  });

  it('forgets queues that a rollback removed', async () => {
    const store = await open();
    const call = callsOf(store);
    const send = (queueName: string): Operation => ({
      name: 'insertMessage',
      args: ['default', aMessage(queueName, { queueName, idempotencyKey: 'k' })],
    });
    await store
      .execute(function* () {
        yield send('lost');
        throw new Error('no');
      })
      .catch(() => {});
    await store.execute(function* () {
      yield send('kept');
    });
    expect(await call.findMessage('default', 'lost', 'k')).toBeUndefined();
    expect(await call.findMessage('default', 'kept', 'k')).toMatchObject({ queueName: 'kept' });
  });

  it('takes the violation of a constraint for a fault', async () => {
    const store = await open();
    const twice = () =>
      store.execute(function* () {
        yield { name: 'insertRun', args: ['default', aRun('a')] };
      });
    const results = await Promise.allSettled([twice(), twice(), many(store, 1)]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).not.toMatchObject({ reason: { name: 'Rejection' } });
  });

  it('has time that never goes backwards, and new ids', async () => {
    const times = [5_000, 4_000, 6_000];
    const store = await open({ clock: () => times.shift() ?? 1 });
    const seen: Context[] = [];
    const look = (context: Context) =>
      (function* () {
        seen.push({ ...context, newId: context.newId });
      })() as Program<void>;
    for (let i = 0; i < 4; i++) await store.execute(look);
    expect(seen.map((context) => context.now)).toEqual([5_000, 5_000, 6_000, 6_000]);
    const ids = Array.from({ length: 100 }, () => seen[0]!.newId());
    expect(new Set(ids).size).toBe(100);
    expect(ids).toEqual([...ids].sort());
  });

  it('reports a full store, keeps what is there, and goes on when there is room', async () => {
    const store = await open({ maxFileBytes: 600_000 });
    const kept: number[] = [];
    let refused: unknown;
    for (let i = 0; i < 1_000 && refused === undefined; i++)
      await store.execute(appendOne('r', 4_000)).then(
        (position) => kept.push(position),
        (error: unknown) => {
          refused = error;
        },
      );
    expect(refused).toMatchObject({ name: 'Rejection', reason: 'STORE_FULL' });
    expect(kept.length).toBeGreaterThan(10);
    const together = await Promise.allSettled([
      store.execute(appendOne('r', 400_000)),
      store.execute(function* () {
        yield { name: 'latestDeployment', args: ['default', ''] };
      }),
    ]);
    expect(together).toMatchObject([{ reason: { reason: 'STORE_FULL' } }, { status: 'fulfilled' }]);
    expect(await positions(store)).toEqual(kept);
    await store.close();
    const roomy = await open();
    expect(await roomy.execute(appendOne('r', 4_000))).toBe(kept.length + 1);
  });

  it('fails all of a group whose commit fails, and goes on', async () => {
    const db = await openDatabase({ dataDir, busyBlockMs: 1, busyGiveUpMs: 1_000 });
    const faults = ['SQLITE_FULL', 'SQLITE_IOERR_FSYNC'];
    class Failing extends Transactions {
      override commit(): void {
        const code = faults.shift();
        if (code !== undefined) throw new Database.SqliteError('disk', code);
        super.commit();
      }
    }
    const told: string[] = [];
    const commits = new GroupCommit(new Failing(db, connect(db)), {
      maxWaiting: 10,
      maxCommands: 10,
      maxGroupMs: 60_000,
      busyGiveUpMs: 1_000,
      newContext: () => ({ now: 1, newId: () => 'id' }),
      committed: (topics) => told.push(...topics),
      onGroup: undefined,
    });
    const two = () =>
      Promise.allSettled(
        [1, 2].map(() =>
          commits.execute(function* () {
            yield { name: 'notify', args: ['t'] };
            return yield* appendOne('r')();
          }),
        ),
      );
    expect(await two()).toMatchObject([
      { reason: { reason: 'STORE_FULL' } },
      { reason: { reason: 'STORE_FULL' } },
    ]);
    expect(await two()).toMatchObject([
      { reason: { code: 'SQLITE_IOERR_FSYNC' } },
      { reason: { code: 'SQLITE_IOERR_FSYNC' } },
    ]);
    expect(told).toEqual([]);
    expect(await two()).toMatchObject([{ value: 1 }, { value: 2 }]);
    expect(told).toEqual(['t']);
    await commits.close();
    db.close();
  });

  it('cuts the log back once a reader that kept it has ended', async () => {
    const store = await open();
    await many(store, 1);
    const reader = new Database(join(dataDir, 'world.db'), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM runs').get();
    const size = async () => (await stat(join(dataDir, 'world.db-wal'))).size;
    for (let i = 0; i < 18; i++) await store.execute(appendOne('r', 4 * 1024 * 1024));
    expect(await size()).toBeGreaterThan(JOURNAL_BYTES);
    reader.exec('COMMIT');
    reader.close();
    for (let i = 0; i < 3; i++) await many(store, 1);
    expect(await size()).toBeLessThanOrEqual(JOURNAL_BYTES);
  });

  it('answers what waits when it closes, and refuses what comes after', async () => {
    const store = await open();
    const waiting = many(store, 3);
    const closing = store.close();
    await expect(store.execute(appendOne('r'))).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    expect(await waiting).toEqual([1, 2, 3]);
    await closing;
    await expect(store.read(appendOne('r'))).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    await store.close();
    expect(await positions(await open())).toEqual([1, 2, 3]);
  });
});
