/** Many at once: what can be won is won once, and every log stays dense. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { NewEventSchema } from '@worldwire/proto';
import type { WorldClient } from '@worldwire/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type WorldServer } from '../harness/world.js';
import { newId, openClient, positions, startRun, upTo } from './clients.js';

type EventInit = MessageInitShape<typeof NewEventSchema>;

const CLIENTS = 32;
const ROUNDS = 100;

let world: WorldServer;
let clients: WorldClient[];
/** The one that looks afterwards. */
let judge: WorldClient;

beforeAll(async () => {
  world = await startWorld();
  // One connection each: no two share an order.
  clients = upTo(CLIENTS).map(() => openClient(world.url, { maxConnections: 1 }));
  judge = openClient(world.url);
});
afterAll(async () => {
  await Promise.all([...clients, judge].map((client) => client.close()));
  await world?.stop();
});

const step = (correlationId: string): EventInit => ({
  correlationId,
  data: { case: 'stepCreated', value: { stepName: 'x' } },
});
const hook = (correlationId: string, token: string): EventInit => ({
  correlationId,
  data: { case: 'hookCreated', value: { token } },
});

/** What came of an event: "ok", or the reason why not. */
async function tryEvent(client: WorldClient, runId: string, event: EventInit): Promise<string> {
  try {
    await client.events.createEvent({ runId, event });
    return 'ok';
  } catch (error) {
    return (error as { reason?: string }).reason ?? String(error);
  }
}

/** Each client does something at once; what came of it, and how often. */
async function race(act: (client: WorldClient, i: number) => Promise<string>) {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.all(clients.map(act))) {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

async function types(runId: string): Promise<string[]> {
  const all: string[] = [];
  for await (const { data } of judge.listEvents({ runId })) all.push(data.case ?? '');
  return all;
}

it('lets one creation and one end of a run win', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const runId = newId('run');
    const value = { deploymentId: 'd', workflowName: 'w' };
    const created = await race((client) =>
      tryEvent(client, runId, { data: { case: 'runCreated', value } }),
    );
    expect(created).toEqual({ ok: 1, RUN_ALREADY_EXISTS: CLIENTS - 1 });
    const ended = await race((client, i) =>
      tryEvent(client, runId, {
        data:
          i % 2 === 0
            ? { case: 'runCompleted', value: {} }
            : { case: 'runFailed', value: { errorCode: 'E' } },
      }),
    );
    expect(ended).toEqual({ ok: 1, RUN_ALREADY_ENDED: CLIENTS - 1 });
    expect(await positions(judge, runId)).toEqual([1, 2]);
  }
});

it('lets one creation and one end of a step and of a wait win', async () => {
  const runId = await startRun(judge);
  const resumeAt = { seconds: 4_000_000_000n, nanos: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const stepId = `s${round}`;
    const created = await race((client) => tryEvent(client, runId, step(stepId)));
    expect(created).toEqual({ ok: 1, STEP_ALREADY_EXISTS: CLIENTS - 1 });
    const ended = await race((client, i) =>
      tryEvent(client, runId, {
        correlationId: stepId,
        data:
          i % 2 === 0 ? { case: 'stepCompleted', value: {} } : { case: 'stepFailed', value: {} },
      }),
    );
    expect(ended).toEqual({ ok: 1, STEP_ALREADY_ENDED: CLIENTS - 1 });
    const correlationId = `w${round}`;
    const waiting = await race((client) =>
      tryEvent(client, runId, {
        correlationId,
        data: { case: 'waitCreated', value: { resumeAt } },
      }),
    );
    expect(waiting).toEqual({ ok: 1, WAIT_ALREADY_EXISTS: CLIENTS - 1 });
    const woken = await race((client) =>
      tryEvent(client, runId, { correlationId, data: { case: 'waitCompleted', value: {} } }),
    );
    expect(woken).toEqual({ ok: 1, WAIT_ALREADY_COMPLETED: CLIENTS - 1 });
  }
  expect(await positions(judge, runId)).toEqual(upTo(2 + 4 * ROUNDS));
});

it('counts every start of a step', async () => {
  const runId = await startRun(judge);
  await tryEvent(judge, runId, step('s'));
  const attempts = await Promise.all(
    clients.map(async (client) => {
      const { step } = await client.events.createEvent({
        runId,
        event: { correlationId: 's', data: { case: 'stepStarted', value: {} } },
      });
      return step?.attempt ?? 0;
    }),
  );
  expect(attempts.sort((a, b) => a - b)).toEqual(upTo(CLIENTS));
});

it('gives a token one owner', async () => {
  const runs = await Promise.all(clients.map((client) => startRun(client)));
  for (let round = 0; round < ROUNDS; round++) {
    const token = newId('token');
    const hookId = `h${round}`;
    const answers = await Promise.all(
      clients.map((client, i) =>
        client.events.createEvent({ runId: runs[i]!, event: hook(hookId, token) }),
      ),
    );
    const owners = answers.filter(({ hook }) => hook !== undefined);
    expect(owners).toHaveLength(1);
    const owner = owners[0]?.hook?.runId;
    for (const { event } of answers) {
      if (event?.runId === owner) expect(event?.data.case).toBe('hookCreated');
      else
        expect(event?.data).toMatchObject({
          case: 'hookConflict',
          value: { conflictingRunId: owner },
        });
    }
    expect((await judge.hooks.getHookByToken({ token })).hook?.runId).toBe(owner);
  }
});

it('takes a token over only after its owner let it go', async () => {
  const token = newId('token');
  for (let round = 0; round < ROUNDS; round++) {
    const [first, second] = [await startRun(judge), await startRun(judge)];
    await tryEvent(judge, first, hook('h', token));
    // The owner lets go in one of two ways, while the other asks.
    const [, answer] = await Promise.all([
      tryEvent(clients[0]!, first, {
        ...(round % 2 === 0
          ? { correlationId: 'h', data: { case: 'hookDisposed', value: {} } }
          : { data: { case: 'runCompleted', value: {} } }),
      }),
      clients[1]!.events.createEvent({ runId: second, event: hook('h', token) }),
    ]);
    const holder = await judge.hooks.getHookByToken({ token }).then(
      ({ hook }) => hook?.runId,
      () => undefined,
    );
    expect(holder).toBe(answer.hook === undefined ? undefined : second);
    await tryEvent(judge, second, { data: { case: 'runCancelled', value: {} } });
  }
});

it('appends at dense positions, and tells each writer what it had not seen', async () => {
  const runId = await startRun(judge);
  const each = 30;
  const written = await Promise.all(
    clients.map(async (client, i) => {
      const mine: number[] = [];
      let seen = 2;
      for (let round = 0; round < each; round++) {
        const { event, delta } = await client.events.createEvent({
          runId,
          event: step(`s${i}-${round}`),
          expectedPosition: BigInt(seen),
        });
        const position = Number(event?.position);
        const told = (delta?.events ?? []).map((one) => Number(one.position));
        expect(told).toEqual(upTo(position - 1).slice(seen));
        mine.push(position);
        seen = position;
      }
      return mine;
    }),
  );
  const all = written.flat().sort((a, b) => a - b);
  expect(all).toEqual(upTo(CLIENTS * each + 2).slice(2));
  expect(await positions(judge, runId)).toEqual(upTo(CLIENTS * each + 2));
});

it('receives nothing through a hook after its disposal or the end of its run', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const runId = await startRun(judge);
    await tryEvent(judge, runId, hook('h', newId('token')));
    const ender = round % CLIENTS;
    const counts = await race((client, i) => {
      const correlationId = 'h';
      if (i !== ender) {
        return tryEvent(client, runId, {
          correlationId,
          data: { case: 'hookReceived', value: {} },
        });
      }
      return tryEvent(
        client,
        runId,
        round % 2 === 0
          ? { correlationId, data: { case: 'hookDisposed', value: {} } }
          : { data: { case: 'runCompleted', value: {} } },
      );
    });
    const log = await types(runId);
    const end = log.findIndex((type) => type === 'hookDisposed' || type === 'runCompleted');
    expect(end).toBeGreaterThan(0);
    expect(log.slice(end + 1)).toEqual([]);
    expect(log.filter((type) => type === 'hookReceived')).toHaveLength((counts.ok ?? 0) - 1);
    expect(
      Object.keys(counts).filter((one) => !/^(ok|HOOK_NOT_FOUND|RUN_GONE)$/.test(one)),
    ).toEqual([]);
  }
});

it('lands a payload with a resume_id once', async () => {
  const runId = await startRun(judge);
  await tryEvent(judge, runId, hook('h', newId('token')));
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(
      clients.map((client) =>
        client.events.createEvent({
          runId,
          event: {
            correlationId: 'h',
            resumeId: `r${round}`,
            data: { case: 'hookReceived', value: {} },
          },
        }),
      ),
    );
    expect(new Set(answers.map(({ event }) => event?.position)).size).toBe(1);
  }
  expect(await positions(judge, runId)).toEqual(upTo(3 + ROUNDS));
});

it('numbers the chunks of many writers densely', async () => {
  const stream = { runId: newId('run'), name: 'out' };
  await Promise.all(
    clients.map(async (client, i) => {
      const writer = client.createStreamWriter(stream);
      for (let round = 0; round < ROUNDS; round++) await writer.write(Uint8Array.of(i, round));
    }),
  );
  await judge.streams.close(stream);
  const next = new Map<number, number>();
  let count = 0;
  for await (const { index, data } of judge.readStream(stream)) {
    expect(index).toBe(count++);
    // Each writer's own chunks are in its order.
    expect(data[1]).toBe(next.get(data[0]!) ?? 0);
    next.set(data[0]!, data[1]! + 1);
  }
  expect(count).toBe(CLIENTS * ROUNDS);
});
