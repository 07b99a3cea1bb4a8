/** A dump that is taken while servers work, restored elsewhere: the World goes on there. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { WorldClient } from '@worldwire/sdk';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { Postgres } from '../../../reference-world/src/testing/postgres.js';
import { run } from '../harness/process.js';
import { tempDir } from '../harness/scratch.js';
import { until } from '../harness/until.js';
import { startWorld } from '../harness/world.js';
import { connect, positions, startRun, upTo } from '../wire/clients.js';
import { Puller } from '../wire/puller.js';
import { worldwire } from './operations-harness.js';

const WRITERS = 8;
const BEFORE_THE_DUMP = 25;
/** The major version of the server that the tests bring along. */
const OURS = 17;

interface Tools {
  /** A folder with the programs that PostgreSQL's clients are. */
  readonly bin: string;
  readonly postgres: Postgres;
}

/**
 * The clients of PostgreSQL, which the package with its server has not: those of this machine, with the server that the
 * tests bring along or, where they are older than that, with their own.
 */
function findTools(): Tools | undefined {
  const installed = '/usr/lib/postgresql';
  const folders = [
    ...(process.env.WORLDWIRE_POSTGRES_BIN ?? '').split(delimiter),
    ...(existsSync(installed) ? readdirSync(installed) : [])
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(installed, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  for (const bin of folders.filter((folder) => folder !== '')) {
    const said = spawnSync(join(bin, 'pg_dump'), ['--version'], { encoding: 'utf8' }).stdout;
    const version = Number(/PostgreSQL\) (\d+)/.exec(said ?? '')?.[1]);
    if (version >= OURS) return { bin, postgres: new Postgres() };
    if (version >= 15 && existsSync(join(bin, 'initdb')))
      return { bin, postgres: new Postgres(join(bin, '..')) };
  }
  return undefined;
}

const tools = findTools();
afterAll(() => tools?.postgres.stop());

async function serve(url: string): Promise<WorldClient> {
  const world = await startWorld({ env: { WORLDWIRE_DATABASE_URL: url } });
  onTestFinished(async () => void (await world.stop()));
  return connect(world.url);
}

const stepOf = (runId: string, step: number) => ({
  runId,
  event: {
    correlationId: `step_${step}`,
    data: { case: 'stepCreated' as const, value: { stepName: 's', input: new Uint8Array(500) } },
  },
});

/** Runs to which writers append as fast as they are answered, each by way of one of the servers. */
class Writing {
  /** By run, how many events of it were answered. */
  readonly answered = new Map<string, number>();
  #stopped = false;
  readonly #writers: Promise<void>[];

  constructor(clients: readonly WorldClient[]) {
    this.#writers = upTo(WRITERS).map((n) => this.#write(clients[n % clients.length]!));
  }

  get total(): number {
    return [...this.answered.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
  }

  async #write(client: WorldClient): Promise<void> {
    while (!this.#stopped) {
      const runId = await startRun(client);
      for (let step = 1; step <= 10; step++) {
        await client.events.createEvent(stepOf(runId, step));
        // run_created and run_started stand before them.
        this.answered.set(runId, step + 2);
      }
    }
  }
}

test.skipIf(tools === undefined)(
  'a dump taken under load has every write answered before it, and servers go on with it',
  async () => {
    const { bin, postgres } = tools!;
    const url = await postgres.createDatabase();
    const clients = [await serve(url), await serve(url)];
    const queue = { queueName: 'q', deploymentId: 'd', body: new Uint8Array([1, 2, 3]) };
    await clients[0]!.queue.enqueue({ message: queue });
    const writing = new Writing(clients);
    await until('writes are answered', () => writing.total > BEFORE_THE_DUMP || undefined);

    const file = join(tempDir('dump'), 'world.dump');
    const before = new Map(writing.answered);
    const dump = ['--format=custom', '--schema=worldwire', `--file=${file}`, url];
    expect(await run(join(bin, 'pg_dump'), dump)).toMatchObject({ code: 0 });
    const during = writing.total;
    await until('writes go on', () => writing.total > during || undefined);
    await writing.stop();

    const restored = await postgres.createDatabase();
    const restore = ['--no-owner', '--exit-on-error', `--dbname=${restored}`, file];
    expect(await run(join(bin, 'pg_restore'), restore)).toMatchObject({ code: 0 });
    const [one, other] = [await serve(restored), await serve(restored)];
    for (const [runId, count] of before) {
      const log = await positions(one, runId);
      expect(log.length).toBeGreaterThanOrEqual(count);
      expect(log).toEqual(upTo(log.length));
      expect(Number((await other.runs.getRun({ runId })).run?.lastPosition)).toBe(log.length);
    }
    for (const runId of before.keys()) {
      await one.events.createEvent(stepOf(runId, 100));
      const completed = { case: 'runCompleted' as const, value: {} };
      await other.events.createEvent({ runId, event: { data: completed } });
      expect((await one.runs.getRun({ runId })).run?.completedAt).toBeDefined();
    }
    const delivery = await new Puller(other, { queuePrefixes: ['q'] }).next();
    expect(delivery.body).toEqual(new Uint8Array([1, 2, 3]));
    await startRun(other);
    const doctor = await worldwire(['doctor', '--database-url', restored]);
    expect(doctor.code, doctor.stdout).toBe(0);
  },
);
