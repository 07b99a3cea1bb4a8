/** Several servers on one database, and what may befall them. */
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CreateEventRequestSchema, EventSchema, WakeRunsRequestSchema } from '@worldwire/proto';
import pg from 'pg';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createEvent } from '../../core/event-rules.js';
import { defaultLimits } from '../../core/limits.js';
import { wakeRuns } from '../../core/queue-rules.js';
import { CREATION, type EventInit, ev } from '../../testing/memory/world.js';
import { execute, Postgres } from '../../testing/postgres.js';
import {
  aMessage,
  anEvent,
  appendOne,
  aRun,
  callsOf,
  everything,
} from '../../testing/store-records.js';
import type { Store } from '../store.js';
import { openPostgresStore } from './index.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

const scope = { project: 'default', limits: defaultLimits };

let url: string;
beforeEach(async () => {
  url = await postgres.createDatabase();
});

async function open(): Promise<Store> {
  const store = await openPostgresStore({ url });
  onTestFinished(() => store.close());
  return store;
}

/** Ends connections of this database, as an operator or a failover would. */
const terminate = (condition: string) =>
  execute(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`,
  );

/** Takes locks, so that others come to where they wait for one another; resolves with what lets so many of them go. */
async function hold(locks: string): Promise<(waiting: number) => Promise<void>> {
  const holder = new pg.Client({ connectionString: url, application_name: 'holder' });
  await holder.connect();
  await holder.query(`BEGIN; ${locks}`);
  const waiting = () =>
    execute(
      url,
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
  return async (count) => {
    await expect.poll(waiting, { timeout: 20_000 }).toHaveLength(count);
    await holder.end();
  };
}

async function positions(store: Store, runId = 'r'): Promise<number[]> {
  const call = callsOf(store);
  const row = (await call.getRun('default', runId, 'none'))!;
  const { items } = await call.listEvents(row.key, [], undefined, everything, false);
  expect(Number(row.run.lastPosition)).toBe(items.length);
  return items.map(({ key }) => key);
}

describe('two servers', () => {
  it('give each event of a run a position of its own, and create a run once', async () => {
    const stores = [await open(), await open()];
    const told = await Promise.all(
      Array.from({ length: 120 }, (_, i) => stores[i % 2]!.execute(appendOne('r'))),
    );
    expect(told.sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    expect(await positions(stores[0]!)).toEqual(told);
  });

  it('never lease a message twice', async () => {
    const stores = [await open(), await open()];
    for (let i = 0; i < 60; i++)
      await callsOf(stores[0]!).insertMessage('default', aMessage(`m${i}`));
    let leases = 0;
    const lease = (store: Store) =>
      callsOf(store).leaseMessages({
        ...{ project: 'default', queuePrefixes: [''], deploymentId: 'dpl', limit: 7 },
        ...{ now: 2_000, leaseExpiresAt: 9e12, consumerId: 'c', maxDeliveries: 3, maxBytes: 1e6 },
        newLeaseId: () => `lease-${leases++}`,
      });
    const taken = new Set<string>();
    let count = 0;
    for (let round = 0; taken.size < 60 && round < 60; round++) {
      const batches = await Promise.all([0, 1, 0, 1].map((i) => lease(stores[i]!)));
      for (const { messageId } of batches.flat()) {
        taken.add(messageId);
        count++;
      }
    }
    expect([taken.size, count]).toEqual([60, 60]);
  });

  it('wake each stranded run once, however many ask at the same time', async () => {
    const stores = [await open(), await open()];
    const runs = Array.from({ length: 40 }, (_, i) => `r${i}`);
    await Promise.all(runs.map((runId) => callsOf(stores[0]!).insertRun('default', aRun(runId))));
    const request = create(WakeRunsRequestSchema, { queuePrefix: 'q', deploymentId: 'dpl' });
    const wake = (store: Store) => store.execute((context) => wakeRuns(scope, request, context));
    const letGo = await hold("SELECT 1 FROM worldwire.runs WHERE run_id = 'r0' FOR UPDATE");
    const wakes = Array.from({ length: 6 }, (_, i) => wake(stores[i % 2]!));
    await letGo(wakes.length);
    const answers = await Promise.all(wakes);
    expect(answers.reduce((sum, { woken }) => sum + woken, 0)).toBe(runs.length);
    const messages = await execute<{ run_id: string }>(
      url,
      'SELECT run_id FROM worldwire.messages',
    );
    expect(messages.map(({ run_id }) => run_id).sort()).toEqual(runs.sort());
  });

  it('give a token whose retention is over to one, and never lock each other out', async () => {
    const stores = [await open(), await open()];
    const runs = ['holder', 'a', 'b', 'c', 'd'];
    const send = (i: number, runId: string, event: EventInit) =>
      stores[i % 2]!.execute((context) =>
        createEvent(scope, create(CreateEventRequestSchema, { runId, event }), context),
      );
    for (const runId of runs) await send(0, runId, ev('runCreated', CREATION));
    const retention = { token: 't', tokenRetentionUntil: timestampFromMs(Date.now() + 100) };
    await send(0, 'holder', ev('hookCreated', retention, 'hook_1'));
    await send(0, 'holder', ev('runCompleted', {}));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const letGo = await hold('SELECT 1 FROM worldwire.hooks FOR UPDATE');
    const asking = runs
      .slice(1)
      .map((runId, i) => send(i, runId, ev('hookCreated', { token: 't' }, 'hook_2')));
    await letGo(2);
    const told = (await Promise.all(asking)).map(({ event }) => event?.data.case).sort();
    expect(told).toEqual(['hookConflict', 'hookConflict', 'hookConflict', 'hookCreated']);
    // Sessions report theirs when they end, at the latest.
    await Promise.all(stores.map((store) => store.close()));
    const deadlocks = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()';
    expect(await execute(url, deadlocks)).toEqual([{ deadlocks: '0' }]);
  });

  it('never show a reader who goes on from a cursor less than there is', async () => {
    const [writer, reader] = [await open(), await open()];
    let writing = true;
    const filter = { statuses: [], attributes: {} };
    const seen: string[] = [];
    const follow = async () => {
      let after: number | undefined;
      for (let last = false; !last; ) {
        last = !writing;
        for (let more = true; more; ) {
          const page = await reader.read(function* () {
            return (yield {
              name: 'listRuns',
              args: ['default', filter, { after, descending: false, limit: 10 }, 'none'],
            }) as Awaited<ReturnType<ReturnType<typeof callsOf>['listRuns']>>;
          });
          for (const { key, value } of page.items) {
            after = key;
            seen.push(value.runId);
          }
          more = page.more;
        }
      }
    };
    const following = follow();
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => callsOf(writer).insertRun('default', aRun(`r${i}`))),
    );
    writing = false;
    await following;
    expect(new Set(seen).size).toBe(200);
    expect(seen).toHaveLength(200);
  });

  it('wake each other, at once, and also after the connection that listens was lost', async () => {
    const [here, there] = [await open(), await open()];
    const woken = () =>
      new Promise<number>((resolve) => {
        const at = performance.now();
        const stop = there.watch('t', () => {
          stop();
          resolve(performance.now() - at);
        });
      });
    const notify = () => callsOf(here).notify('t');
    const first = woken();
    await notify();
    expect(await first).toBeLessThan(700);
    await terminate("application_name = 'worldwire listener'");
    const second = woken();
    await notify();
    expect(await second).toBeLessThan(3_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const third = woken();
    await notify();
    expect(await third).toBeLessThan(700);
  });

  it('hear each other, and not themselves', async () => {
    const [here, there] = [await open(), await open()];
    const heard: string[] = [];
    here.hear!((text) => heard.push(`here: ${text}`));
    there.hear!((text) => heard.push(`there: ${text}`));
    here.tell!('a');
    await expect.poll(() => heard).toEqual(['there: a']);
  });
});

describe('faults', () => {
  it('keep every acknowledged event where connections are ended at random', async () => {
    const stores = [await open(), await open()];
    const told: number[] = [];
    let going = true;
    const lanes = Array.from({ length: 8 }, async (_, i) => {
      while (going)
        await stores[i % 2]!.execute(appendOne('r', 10)).then(
          (position) => told.push(position),
          (error: Error) => expect(error.message).toMatch(/cannot be reached/),
        );
    });
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await terminate("random() < 0.4 AND application_name LIKE 'worldwire%'");
    }
    going = false;
    await Promise.all(lanes);
    expect(told.length).toBeGreaterThan(20);
    expect(new Set(told).size).toBe(told.length);
    const found = new Set(
      (await execute<{ position: string }>(url, 'SELECT position FROM worldwire.events')).map(
        ({ position }) => Number(position),
      ),
    );
    expect(told.filter((position) => !found.has(position))).toEqual([]);
    expect([...found].sort((a, b) => a - b)).toEqual(Array.from(found, (_, i) => i + 1));
  });

  it('keep every acknowledged event where the database crashes, and go on by themselves', async () => {
    const store = await open();
    const told: number[] = [];
    let going = true;
    const lanes = Array.from({ length: 4 }, async () => {
      while (going)
        await store.execute(appendOne('r', 10)).then(
          (position) => told.push(position),
          (error: Error) => expect(error.message).toMatch(/cannot be reached/),
        );
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await postgres.crash();
    const before = told.length;
    await expect.poll(() => told.length, { timeout: 20_000 }).toBeGreaterThan(before + 20);
    going = false;
    await Promise.all(lanes);
    const found = await execute<{ position: string }>(url, 'SELECT position FROM worldwire.events');
    const positions = new Set(found.map(({ position }) => Number(position)));
    expect(told.filter((position) => !positions.has(position))).toEqual([]);
    expect(new Set(told).size).toBe(told.length);
  });

  it('leave nothing of a command whose event the database refuses, for each type', async () => {
    const store = await open();
    const call = callsOf(store);
    const key = await call.insertRun('default', aRun('r'));
    await execute(
      url,
      `CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN IF nextval('public.once') = 1 THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
       CREATE SEQUENCE public.once;
       CREATE TRIGGER refuse BEFORE INSERT ON worldwire.events FOR EACH ROW EXECUTE FUNCTION public.refuse()`,
    );
    let position = 0;
    for (const { localName } of EventSchema.oneofs[0]!.fields) {
      await execute(url, "SELECT setval('public.once', 1, false)");
      position++;
      const event = anEvent('r', position, { case: localName, value: {} } as never, 's');
      const write = () =>
        store.execute(function* () {
          yield {
            name: 'insertMessage',
            args: ['default', aMessage(`m${position}`, { queueName: localName })],
          };
          yield {
            name: 'appendEvents',
            args: [
              key,
              [create(EventSchema, event as never)],
              { lastPosition: position, lastEventAt: 1, bytes: position },
            ],
          };
        });
      await expect(write(), localName).rejects.toThrow('refused');
      expect(await positions(store), localName).toHaveLength(position - 1);
      const counts = () =>
        execute(url, `SELECT 1 FROM worldwire.messages WHERE message_id = 'm${position}'`);
      expect(await counts()).toEqual([]);
      await write();
      expect(await positions(store), localName).toHaveLength(position);
      expect(await counts()).toHaveLength(1);
    }
    expect(position).toBeGreaterThan(15);
  });
});
