/** Events of runs that a server remembers: quicker, and otherwise the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import { create, type MessageInitShape, toJsonString } from '@bufbuild/protobuf';
import {
  type CreateEventRequest,
  CreateEventRequestSchema,
  type CreateEventResponse,
  CreateEventResponseSchema,
  EnqueueRequestSchema,
  ListEventsRequestSchema,
  type NewMessageSchema,
  ResolveData,
} from '@worldwire/proto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { defaultLimits, eventRules, queueRules, Rejection } from '../../core/index.js';
import { bytes, CREATION, type EventInit, ev } from '../../testing/memory/world.js';
import { execute, Postgres } from '../../testing/postgres.js';
import { callsOf } from '../../testing/store-records.js';
import { temporaryFolder } from '../../testing/world.js';
import { openSqliteStore } from '../sqlite/index.js';
import type { Store } from '../store.js';
import { DatabaseClock } from './database-clock.js';
import { openPostgresStore } from './index.js';
import { Session } from './session.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

let url: string;
let stores: [Store, Store];
beforeEach(async () => {
  url = await postgres.createDatabase();
  stores = [await openPostgresStore({ url }), await openPostgresStore({ url })];
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
});

const scope = { project: 'default', limits: defaultLimits };
type More = Partial<Pick<CreateEventRequest, 'requestId' | 'resolveData' | 'sinceCursor'>>;

const requestOf = (runId: string, event: EventInit, more: More = {}) =>
  create(CreateEventRequestSchema, { runId, event, ...more });

const send = (store: Store, request: CreateEventRequest): Promise<CreateEventResponse> =>
  store.execute((context) => eventRules.createEvent(scope, request, context));

const failure = { form: { case: 'payload', value: bytes('error') } } as const;
const step = (n: number) => `step_${n}`;
const created = (n: number) => ev('stepCreated', { stepName: 's', input: bytes('in') }, step(n));
const started = (n: number) => ev('stepStarted', { stepName: 's' }, step(n));
const lazilyStarted = (n: number) =>
  ev('stepStarted', { stepName: 's', input: bytes('in') }, step(n));
const completed = (n: number) => ev('stepCompleted', { result: bytes('out') }, step(n));

/** A run to which a server has written more than once. */
async function aRun(store: Store, runId = 'r'): Promise<string> {
  await send(store, requestOf(runId, ev('runCreated', CREATION)));
  await send(store, requestOf(runId, ev('runStarted', {})));
  return runId;
}

function watchCommits() {
  const ahead = vi.spyOn(Session.prototype, 'commitAhead');
  onTestFinished(() => void vi.restoreAllMocks());
  return { ahead };
}

const reasonOf = (error: unknown) => (error instanceof Rejection ? error.reason : error);

it('take one round trip', async () => {
  const [store] = stores;
  await aRun(store);
  const { ahead } = watchCommits();
  for (const event of [created(1), started(1), completed(1), lazilyStarted(2)])
    await send(store, requestOf('r', event, { requestId: crypto.randomUUID() }));
  expect(ahead).toHaveBeenCalledTimes(4);
  for (const { value } of ahead.mock.results) await value;
});

it('take one after a while in which nobody has looked at the clock', async () => {
  const [store] = stores;
  await aRun(store);
  const { ahead } = watchCommits();
  await sleep(1_200);
  await send(store, requestOf('r', created(1)));
  await ahead.mock.results[0]!.value;
});

it('are asked for where the database has another time', async () => {
  const [store] = stores;
  await aRun(store);
  const { ahead } = watchCommits();
  const now = vi.spyOn(DatabaseClock.prototype, 'now').mockReturnValue(Date.now() + 5_000);
  await send(store, requestOf('r', created(1)));
  now.mockRestore();
  await expect(ahead.mock.results[0]!.value).rejects.toThrow(/division by zero/);
});

it('are answered with what is new in the log', async () => {
  const [store] = stores;
  await aRun(store);
  const list = create(ListEventsRequestSchema, { runId: 'r' });
  const { page } = await store.read((context) => eventRules.listEvents(scope, list, context));
  const { ahead } = watchCommits();
  await send(store, requestOf('r', lazilyStarted(1)));
  const sinceCursor = page!.cursor;
  const { delta } = await send(store, requestOf('r', completed(1), { sinceCursor }));
  expect(delta?.events.map(({ data }) => data.case)).toEqual([
    ...['stepCreated', 'stepStarted', 'stepCompleted'],
  ]);
  expect(ahead).toHaveBeenCalledTimes(2);
});

it('are asked for where another server has written, and not remembered while it goes on', async () => {
  const [one, other] = stores;
  await aRun(one);
  await send(one, requestOf('r', created(1)));
  await send(other, requestOf('r', completed(1)));
  const { ahead } = watchCommits();
  await expect(send(one, requestOf('r', started(1)))).rejects.toMatchObject({
    reason: 'STEP_ALREADY_ENDED',
  });
  for (const n of [2, 3, 4]) {
    expect((await send(one, requestOf('r', created(n)))).event?.eventId).toBeDefined();
    await send(other, requestOf('r', completed(n)));
  }
  // The rules reject by what is remembered, which is not believed; the one time that it is, it is not so any more.
  expect(ahead).toHaveBeenCalledTimes(1);
  await expect(ahead.mock.results[0]!.value).rejects.toThrow(/division by zero/);
});

it('are not misled by a change that they wait for', async () => {
  const [store] = stores;
  await aRun(store);
  const { ahead } = watchCommits();
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query('BEGIN; UPDATE worldwire.runs SET last_position = last_position + 1');
  const sending = send(store, requestOf('r', created(1)));
  await waiting(1);
  await other.query('COMMIT');
  await other.end();
  expect((await sending).event?.position).toBe(4n);
  expect(ahead).toHaveBeenCalledTimes(1);
});

/** Waits until so many statements wait for a lock. */
const waiting = (count: number) =>
  expect
    .poll(() => execute(url, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
    .toHaveLength(count);

it('land once under one request id, through whichever server it comes again', async () => {
  const [one, other] = stores;
  await aRun(one);
  const request = requestOf('r', created(1), { requestId: 'same' });
  const answers = await Promise.all([one, other, one, other].map((store) => send(store, request)));
  expect(new Set(answers.map(({ event }) => event?.eventId)).size).toBe(1);
  await expect(send(one, requestOf('r', created(2), { requestId: 'same' }))).rejects.toMatchObject({
    reason: 'REQUEST_ID_REUSED',
  });
});

it('wait where the same request has not come to its end', async () => {
  const [one, other] = stores;
  await aRun(one);
  const { ahead } = watchCommits();
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query('BEGIN; SELECT 1 FROM worldwire.runs FOR UPDATE');
  const request = requestOf('r', created(1), { requestId: 'same' });
  const answers = [send(one, request)];
  await waiting(1);
  expect(ahead).toHaveBeenCalledTimes(1);
  answers.push(send(other, request));
  await waiting(2);
  await holder.end();
  const [first, second] = await Promise.all(answers);
  expect(second?.event).toEqual(first?.event);
});

it('take turns on one run, in a few round trips', async () => {
  const [store] = stores;
  await aRun(store);
  const { ahead } = watchCommits();
  const steps = Array.from({ length: 60 }, (_, n) => n);
  for (const make of [created, started, completed]) {
    const answers = await Promise.all(steps.map((n) => send(store, requestOf('r', make(n)))));
    expect(new Set(answers.map(({ event }) => event?.position)).size).toBe(steps.length);
  }
  // What changes one step twice in one commit does so in its order.
  await Promise.all(
    [created(99), started(99), completed(99)].map((event) => send(store, requestOf('r', event))),
  );
  expect(ahead.mock.calls.length).toBeLessThan(20);
  const call = callsOf(store);
  const { key } = (await call.getRun('default', 'r', 'none'))!;
  expect(await call.getStep(key, step(99), 'all')).toMatchObject({
    attempt: 1,
    input: bytes('in'),
    output: bytes('out'),
  });
});

it('leave what they were asked to where the database refuses them, and are done one by one', async () => {
  const [store] = stores;
  await aRun(store);
  await aRun(store, 'q');
  await execute(
    url,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN IF NEW.step_id = 'step_2' THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON worldwire.steps FOR EACH ROW EXECUTE FUNCTION refuse()`,
  );
  const told = await Promise.allSettled([
    send(store, requestOf('r', created(1))),
    send(store, requestOf('q', created(2))),
  ]);
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await execute(url, 'DROP TRIGGER refuse ON worldwire.steps');
  const { event } = await send(store, requestOf('q', created(2)));
  expect(event?.position).toBe(3n);
});

it('are asked for after the connection to the database was lost', async () => {
  const [store] = stores;
  await aRun(store);
  const { ahead } = watchCommits();
  await send(store, requestOf('r', created(1)));
  const listeners = `SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'worldwire listener'`;
  const before = await execute(url, listeners);
  await execute(url, `SELECT pg_terminate_backend(pid) FROM (${listeners}) l`);
  await expect.poll(async () => (await execute(url, listeners)).length).toBe(before.length);
  await send(store, requestOf('r', started(1)));
  expect(ahead).toHaveBeenCalledTimes(1);
  await send(store, requestOf('r', completed(1)));
  await send(store, requestOf('r', created(2)));
  expect(ahead).toHaveBeenCalledTimes(2);
});

it('are asked for where the log is as long and another one', async () => {
  const [store] = stores;
  await aRun(store);
  const { ahead } = watchCommits();
  await execute(url, 'UPDATE worldwire.runs SET last_event_at = last_event_at + 1');
  await send(store, requestOf('r', created(1)));
  await expect(ahead.mock.results[0]!.value).rejects.toThrow(/division by zero/);
});

it('are those of a run that was removed no more', async () => {
  const [store] = stores;
  await aRun(store);
  await send(store, requestOf('r', created(1)));
  await execute(url, "UPDATE worldwire.runs SET project = '', run_id = key::text");
  await expect(send(store, requestOf('r', started(1)))).rejects.toMatchObject({
    reason: 'RUN_NOT_FOUND',
  });
});

const enqueue = (store: Store, message: MessageInitShape<typeof NewMessageSchema>, more = {}) =>
  store.execute((context) =>
    queueRules.enqueue(scope, create(EnqueueRequestSchema, { message, ...more }), context),
  );

describe('messages', () => {
  it('are sent in one round trip, one for each key', async () => {
    const { ahead } = watchCommits();
    const [one, other] = stores;
    const first = await enqueue(one, { queueName: 'q', idempotencyKey: 'k' });
    await Promise.all([enqueue(one, { queueName: 'q' }), enqueue(other, { queueName: 'p' })]);
    expect(ahead).toHaveBeenCalledTimes(3);
    for (const { value } of ahead.mock.results) await value;
    // One of these makes the others ask.
    const told = await Promise.all(
      [one, other].flatMap((store) => [
        enqueue(store, { queueName: 'q', idempotencyKey: 'k' }),
        enqueue(store, { queueName: 'q', idempotencyKey: 'other' }),
      ]),
    );
    expect(told[0]).toMatchObject({ messageId: first.messageId, deduplicated: true });
    expect(told[2]).toMatchObject({ messageId: first.messageId, deduplicated: true });
    expect(told[1]!.messageId).toBe(told[3]!.messageId);
    const rows = await execute(url, 'SELECT 1 FROM worldwire.messages');
    expect(rows).toHaveLength(4);
  });

  it('are sent once under one request id', async () => {
    const told = await Promise.all(
      [...stores, ...stores].map((store) =>
        enqueue(store, { queueName: 'q' }, { requestId: 'id' }),
      ),
    );
    expect(new Set(told.map(({ messageId }) => messageId)).size).toBe(1);
    expect(await execute(url, 'SELECT 1 FROM worldwire.messages')).toHaveLength(1);
  });
});

/** An event of one of two runs, by one of two servers; mostly by the first, so that it has something to remember. */
const entity = fc.integer({ min: 1, max: 8 });
const anything = fc.record({
  server: fc.integer({ min: 0, max: 15 }).map((n) => (n === 0 ? 1 : 0)),
  run: fc.constantFrom('a', 'b'),
  event: fc.oneof(
    ...[created, created, started, started, lazilyStarted, completed].map((make) =>
      entity.map(make),
    ),
    entity.map((n) => ev('stepRetrying', { error: failure }, step(n))),
    entity.map((n) => ev('stepFailed', { error: failure }, step(n))),
    entity.map((n) => ev('waitCreated', {}, `wait_${n}`)),
    entity.map((n) => ev('hookCreated', { token: `t${n}` }, `hook_${n}`)),
  ),
  request: fc.constantFrom('', '', ...Array.from({ length: 30 }, (_, n) => String(n))),
  resolveData: fc.constantFrom(ResolveData.UNSPECIFIED, ResolveData.NONE),
});

it('have the answers of a store that remembers nothing', async () => {
  const model = await openSqliteStore({ dataDir: temporaryFolder() });
  onTestFinished(() => model.close());
  let histories = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { minLength: 50, maxLength: 150 }), async (history) => {
      const own = `${histories++}`;
      for (const store of [stores[0], model])
        for (const run of ['a', 'b']) await aRun(store, `${own}-${run}`);
      for (const { server, run, event, request, resolveData } of history) {
        const requestId = request && `${own}-${request}`;
        const asked = requestOf(`${own}-${run}`, event, { requestId, resolveData });
        const told = await Promise.all(
          [stores[server]!, model].map((store) => send(store, asked).then(shown, reasonOf)),
        );
        expect(told[0]).toEqual(told[1]);
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

/** An answer without its times. */
const shown = (response: CreateEventResponse): unknown =>
  JSON.parse(toJsonString(CreateEventResponseSchema, response), (name, value) =>
    name.endsWith('At') ? undefined : value,
  );
