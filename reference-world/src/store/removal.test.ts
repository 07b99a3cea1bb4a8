/** Ended runs that are removed leave nothing behind, in either engine, however many servers remove them. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { upkeep } from '../core/index.js';
import { defaultLimits } from '../core/limits.js';
import { execute, Postgres } from '../testing/postgres.js';
import { callsOf } from '../testing/store-records.js';
import { clientsOf, endOfRun, newRun, serve, temporaryFolder } from '../testing/world.js';
import { openPostgresStore } from './postgres/index.js';
import { openSqliteStore } from './sqlite/index.js';
import type { Store } from './store.js';

const RUNS = 12;
const postgres = new Postgres();
afterAll(() => postgres.stop());

/** Through a server: runs that have ended, with steps, hooks, streams and large payloads, and one that has not. */
async function fill(url: string): Promise<void> {
  const { events, streams } = clientsOf(url);
  const large = new Uint8Array(20_000);
  const ofStep = (runId: string, value: object) => ({
    runId,
    event: { correlationId: 'step', data: value as never },
  });
  for (let i = 0; i < RUNS; i++) {
    const runId = `r${i}`;
    await events.createEvent(newRun(runId));
    const created = { case: 'stepCreated', value: { stepName: 's', input: large } };
    await events.createEvent(ofStep(runId, created));
    await events.createEvent(ofStep(runId, { case: 'stepStarted', value: {} }));
    const completed = { case: 'stepCompleted', value: { result: large } };
    await events.createEvent(ofStep(runId, completed));
    await streams.append({ runId, name: 's', chunks: [large, large], writerId: 'w' });
    await events.createEvent(endOfRun(runId));
  }
  await events.createEvent(newRun('active'));
}

/** Runs the rule as a server would every minute, until nothing is left to do. */
async function keepUp(store: Store): Promise<void> {
  for (;;) {
    const scope = { project: '', limits: defaultLimits };
    const { more } = await store.execute((context) => upkeep(scope, { keepRunsMs: -1 }, context));
    const rows = await callsOf(store).removeHidden(20);
    if (!more && rows === 0) return;
  }
}

/** What the active run has, and the World besides. */
const LEFT = { runs: 1, events: 1, steps: 0, streams: 0, chunks: 0, writers: 0, run_attributes: 0 };

it('in SQLite', async () => {
  const dataDir = temporaryFolder();
  const server = await serve({ dataDir });
  await fill(server.url);
  await server.close();
  const store = await openSqliteStore({ dataDir });
  onTestFinished(() => store.close());
  await keepUp(store);
  const db = new Database(join(dataDir, 'world.db'), { readonly: true });
  onTestFinished(() => void db.close());
  for (const [table, count] of Object.entries({ ...LEFT, payloads: 0 }))
    expect(db.prepare(`SELECT count(*) AS count FROM ${table}`).get(), `rows of ${table}`).toEqual({
      count,
    });
});

it('in PostgreSQL, by two servers at a time', async () => {
  const url = await postgres.createDatabase();
  const server = await serve({ databaseUrl: url });
  await fill(server.url);
  await server.close();
  const stores = [await openPostgresStore({ url }), await openPostgresStore({ url })];
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
  await Promise.all(stores.map(keepUp));
  for (const [table, count] of Object.entries(LEFT))
    expect(
      await execute(url, `SELECT count(*)::integer AS count FROM worldwire.${table}`),
      `rows of ${table}`,
    ).toEqual([{ count }]);
});
