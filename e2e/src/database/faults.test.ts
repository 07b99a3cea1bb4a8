/**
 * Servers over one database under traffic while something goes wrong: everything that was acknowledged is kept, and all
 * goes on by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { WorldClient, WorldError } from '@worldwire/sdk';
import { afterAll, expect, it, type TestContext } from 'vitest';
import { migrateDatabase } from '../../../reference-world/src/store/postgres/database.js';
import { migrations } from '../../../reference-world/src/store/postgres/migrations/index.js';
import { execute, Postgres } from '../../../reference-world/src/testing/postgres.js';
import { startApp } from '../harness/app.js';
import { Cluster } from '../harness/cluster.js';
import { showOnFailure } from '../harness/diagnose.js';
import { Load } from '../harness/load.js';
import { Network } from '../harness/proxy.js';
import { until } from '../harness/until.js';
import { connect, newId, startRun } from '../wire/clients.js';
import { Puller } from '../wire/puller.js';
import { onSmallDisk } from './full-disk.js';
import { Traffic } from './traffic.js';

/** How long the database is away. */
const OUTAGE_MS = 2_000;
/** How long the network is cut; 30,000 outlasts every timeout. */
const CUT_MS = Number(process.env.WORLDWIRE_CUT_MS ?? 5_000);
const TERMINATIONS = 10;
const SKEW_MS = 7 * 60_000;
const SKEW = new URL('skew.mjs', import.meta.url).href;
/** Of the application. */
const RUNS = 6;

const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });

const postgres = new Postgres();
afterAll(() => postgres.stop());

async function start(context: TestContext, servers = 2, url?: string): Promise<Cluster> {
  const cluster = await Cluster.start(url ?? (await postgres.createDatabase()), servers);
  context.onTestFinished(() => cluster.stop());
  showOnFailure(context, { 'the servers': () => cluster.logs });
  return cluster;
}

async function traffic(context: TestContext, { url }: Cluster): Promise<Traffic> {
  const traffic = await Traffic.at(url);
  context.onTestFinished(() => traffic.close());
  return traffic;
}

/** The address of a database through a network that can be cut. */
async function network(context: TestContext, url: string) {
  const network = await Network.before(url);
  context.onTestFinished(() => network.close());
  const through = new URL(url);
  through.port = new URL(network.url).port;
  return { network, through: through.href };
}

it('kill -9 of a server', async (context) => {
  const cluster = await start(context);
  const load = await traffic(context, cluster);
  for (const server of cluster.servers) {
    await server.kill();
    await load.flows();
    await server.start();
    await load.flows();
  }
  await load.audit();
});

it('kill -9 of the database', async (context) => {
  const cluster = await start(context);
  const load = await traffic(context, cluster);
  for (let round = 0; round < 2; round++) {
    await postgres.kill();
    await sleep(OUTAGE_MS);
    await postgres.restart();
    await load.flows();
  }
  await load.audit();
});

it('connections ended at random', async (context) => {
  const cluster = await start(context);
  const load = await traffic(context, cluster);
  for (let round = 0; round < TERMINATIONS; round++) {
    await sleep(500 * Math.random());
    await execute(
      cluster.databaseUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.4`,
    );
  }
  await load.flows();
  await load.audit();
});

it('a network that is cut between one server and the database', async (context) => {
  const cluster = await start(context, 1);
  const { network: cable, through } = await network(context, cluster.databaseUrl);
  await cluster.add({ WORLDWIRE_DATABASE_URL: through });
  const load = await traffic(context, cluster);
  cable.cut({ silent: true });
  await sleep(CUT_MS);
  cable.mend();
  await load.flows();
  await load.audit();
});

it('a full disk', async (context) => {
  const url = await postgres.createDatabase();
  const disk = await onSmallDisk(context, url);
  const cluster = await start(context, 2, url);
  const load = await traffic(context, cluster);
  await disk.begin();
  const client = connect(cluster.url, { retry: { budgetMs: 0 } });
  const message = { queueName: newId('queue'), body: new Uint8Array(100_000) };
  await until('the World says that it is full', async () => {
    const error = await client.queue.enqueue({ message }).then(
      () => undefined,
      (error: WorldError) => error,
    );
    return error?.reason === 'STORE_FULL' || undefined;
  });
  await disk.end();
  await load.flows();
  await load.audit();
});

it('a rolling upgrade, while workflows run', async (context) => {
  const cluster = await start(context);
  const app = await startApp('sdk5', { url: cluster.url });
  context.onTestFinished(async () => void (await app.stop()));
  const runs = await Load.start(app, RUNS);
  await runs.underWay();
  const load = await traffic(context, cluster);
  for (const server of [...cluster.servers]) {
    await cluster.add();
    expect(await cluster.drain(server)).toBe(0);
    await load.flows();
  }
  await load.audit();
  await runs.check();
});

it('a first migration that fails', async (context) => {
  const url = await postgres.createDatabase();
  await execute(
    url,
    `CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'no more indexes'; END $$;
     CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE INDEX')
       EXECUTE FUNCTION public.refuse()`,
  );
  await expect(start(context, 2, url)).rejects.toThrow(/cannot open the database: no more indexes/);
  const schema = "SELECT to_regnamespace('worldwire') AS oid";
  expect(await execute(url, schema)).toEqual([{ oid: null }]);
  await execute(url, 'DROP EVENT TRIGGER refuse');
  const load = await traffic(context, await start(context, 2, url));
  await load.audit();
});

it('a later migration that fails, while servers of the former version serve', async (context) => {
  const cluster = await start(context);
  const { databaseUrl: url } = cluster;
  const load = await traffic(context, cluster);
  const version = migrations.at(-1)!.version + 1;
  const migrate = (sql: string) =>
    migrateDatabase({ url, migrations: [...migrations, { version, sql }] });
  const sql = 'ALTER TABLE worldwire.events ADD COLUMN later integer';
  await expect(migrate(`${sql}; SELECT 1 / 0`)).rejects.toThrow('division by zero');
  const [columns] = await execute(
    url,
    "SELECT count(*)::integer AS later FROM information_schema.columns WHERE column_name = 'later'",
  );
  expect(columns).toEqual({ later: 0 });
  await load.flows();
  expect(await migrate(sql)).toEqual({ from: version - 1, to: version });
  await load.flows();
  const [server] = cluster.servers;
  await cluster.drain(server!);
  await expect(server!.start()).rejects.toThrow('use a newer release of Worldwire');
  await load.audit();
});

it('servers whose clocks disagree', async (context) => {
  const cluster = await start(context, 0);
  const skewed = (ms: number) =>
    cluster.add({ NODE_OPTIONS: `--import ${SKEW}`, SKEW_MS: String(ms) });
  const [behind, ahead] = [await skewed(-SKEW_MS), await skewed(SKEW_MS)];
  const load = await traffic(context, cluster);
  const here = connect(behind.url);
  const there = connect(ahead.url);

  // Leases: one that runs out, and one that does not.
  const queueName = newId('queue');
  const send = (to: WorldClient) => to.queue.enqueue({ message: { queueName } });
  // A consumer with a name is told goodbye when its lease runs out, and so is not given the message again.
  const lost = new Puller(here, {
    queuePrefixes: [queueName],
    instanceId: newId('instance'),
    maxInFlight: 1,
    lease: seconds(2),
  });
  const { messageId } = await send(here);
  await lost.next();
  const holder = new Puller(there, { queuePrefixes: [queueName], maxInFlight: 1 });
  const held = await holder.next();
  expect(held).toMatchObject({ messageId, attempt: 2 });
  const other = new Puller(here, { queuePrefixes: [queueName] });
  for (const to of [here, there, here]) await send(to);
  for (let i = 0; i < 3; i++) expect((await other.next()).messageId).not.toBe(messageId);
  const ack = { case: 'ack', value: {} } as const;
  const settlements = [{ leaseId: held.leaseId, action: ack }];
  expect((await there.queue.settle({ settlements })).results[0]?.settled).toBe(true);

  // Times of one log, written by both.
  const runId = await startRun(here);
  const times: number[] = [];
  for (const client of [there, here, there]) {
    const data = { case: 'stepCreated', value: { stepName: 'x' } } as const;
    const { event } = await client.events.createEvent({
      runId,
      event: { correlationId: newId('step'), data },
    });
    times.push(timestampMs(event!.createdAt!));
  }
  expect(times).toEqual([...times].sort((a, b) => a - b));
  for (const time of times) expect(Math.abs(time - Date.now())).toBeLessThan(SKEW_MS / 2);
  await load.flows();
  await load.audit();
});
