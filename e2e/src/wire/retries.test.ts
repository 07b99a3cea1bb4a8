/** A retry with the same id gets the first outcome: whether two come at once, or the first answer was lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type WorldServer } from '../harness/world.js';
import { connect, newId, positions, startRun, upTo } from './clients.js';
import { openProxy } from './losing-proxy.js';

let world: WorldServer;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const AT_ONCE = 8;

/** Sends the same thing several times at once. */
function atOnce<T>(send: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: AT_ONCE }, send));
}

/** A client whose answers are lost: each request reaches the World, and the first answers do not come back. */
async function losing(lose: number) {
  const proxy = await openProxy(world.url);
  const client = connect(proxy.url, { retry: { initialDelayMs: 5, maxDelayMs: 20 } });
  // The connection is made, and what the World can do is known, before anything is lost.
  await client.getWorld();
  proxy.loseAnswers(lose);
  return { client, proxy };
}

describe('the same request_id at once', () => {
  it('writes one event', async () => {
    const client = connect(world.url);
    const runId = await startRun(client);
    for (let round = 0; round < 20; round++) {
      const requestId = newId('request');
      const answers = await atOnce(() =>
        client.events.createEvent({
          runId,
          requestId,
          event: {
            correlationId: `s${round}`,
            data: { case: 'stepCreated', value: { stepName: 'x' } },
          },
        }),
      );
      for (const { event, step } of answers) {
        expect(event).toEqual(answers[0]?.event);
        expect(step).toEqual(answers[0]?.step);
      }
    }
    expect(await positions(client, runId)).toEqual(upTo(22));
  });

  it('makes one run, also where the World makes its id', async () => {
    const client = connect(world.url);
    const requestId = newId('request');
    const workflowName = newId('workflow');
    const value = { deploymentId: 'd', workflowName };
    const answers = await atOnce(() =>
      client.events.createEvent({ requestId, event: { data: { case: 'runCreated', value } } }),
    );
    expect(new Set(answers.map(({ run }) => run?.runId)).size).toBe(1);
    const { runs } = await client.runs.listRuns({ workflowName });
    expect(runs).toHaveLength(1);
  });

  it('writes one batch', async () => {
    const client = connect(world.url);
    const runId = await startRun(client);
    const requestId = newId('request');
    const answers = await atOnce(() =>
      client.events.createEventBatch({
        runId,
        requestId,
        events: ['a', 'b', 'missing'].map((correlationId) =>
          correlationId === 'missing'
            ? { correlationId, data: { case: 'stepCompleted', value: {} } }
            : { correlationId, data: { case: 'stepCreated', value: { stepName: 'x' } } },
        ),
      }),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.results.map(({ outcome }) => outcome.case)).toEqual([
      'created',
      'created',
      'error',
    ]);
    expect(await positions(client, runId)).toEqual(upTo(4));
  });

  it('sends one message', async () => {
    const client = connect(world.url);
    const queueName = newId('queue');
    const requestId = newId('request');
    const answers = await atOnce(() => client.queue.enqueue({ message: { queueName }, requestId }));
    expect(new Set(answers.map(({ messageId }) => messageId)).size).toBe(1);
    const { queues } = await client.queue.listQueues({});
    expect(queues.find((queue) => queue.queueName === queueName)?.ready).toBe(1n);
  });

  it('is refused for another request', async () => {
    const client = connect(world.url);
    const runId = await startRun(client);
    const requestId = newId('request');
    const create = (correlationId: string) =>
      client.events.createEvent({
        runId,
        requestId,
        event: { correlationId, data: { case: 'stepCreated', value: { stepName: 'x' } } },
      });
    await create('a');
    await expect(create('b')).rejects.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
    expect(await positions(client, runId)).toEqual(upTo(3));
  });

  it('decides a refused request anew', async () => {
    const client = connect(world.url);
    const runId = newId('run');
    const requestId = newId('request');
    const create = () =>
      client.events.createEvent({
        runId,
        requestId,
        event: { correlationId: 'a', data: { case: 'stepCreated', value: { stepName: 'x' } } },
      });
    await expect(create()).rejects.toMatchObject({ reason: 'RUN_NOT_FOUND' });
    await startRun(client, runId);
    expect((await create()).event?.position).toBe(3n);
  });

  it('lands the same chunks of a writer once', async () => {
    const client = connect(world.url);
    const stream = { runId: newId('run'), name: 'out', writerId: 'w' };
    for (let i = 0; i < 20; i++) {
      const chunks = [Uint8Array.of(i), Uint8Array.of(i, i)];
      const answers = await atOnce(() =>
        client.streams.append({ ...stream, sequence: BigInt(2 * i), chunks }),
      );
      expect(answers.reduce((sum, { appended }) => sum + appended, 0)).toBe(2);
    }
    const { tailIndex } = await client.streams.getStreamInfo(stream);
    expect(tailIndex).toBe(39n);
  });
});

describe('a lost answer', () => {
  it('is had again by a retry: CreateEvent', async () => {
    const direct = connect(world.url);
    const runId = await startRun(direct);
    const { client, proxy } = await losing(3);
    const { event, step } = await client.events.createEvent({
      runId,
      event: { correlationId: 's', data: { case: 'stepCreated', value: { stepName: 'x' } } },
    });
    expect(proxy.lost).toBe(3);
    expect(event?.position).toBe(3n);
    expect(step?.stepId).toBe('s');
    // A start counts: done again, it would be the second try.
    proxy.loseAnswers(2);
    const started = await client.events.createEvent({
      runId,
      event: { correlationId: 's', data: { case: 'stepStarted', value: {} } },
    });
    expect(started.step?.attempt).toBe(1);
    expect(await positions(direct, runId)).toEqual(upTo(4));
  });

  it('is had again by a retry: CreateEventBatch', async () => {
    const direct = connect(world.url);
    const runId = await startRun(direct);
    const { client, proxy } = await losing(3);
    const { results } = await client.events.createEventBatch({
      runId,
      events: upTo(5).map((i) => ({
        correlationId: `s${i}`,
        data: { case: 'stepCreated', value: { stepName: 'x' } },
      })),
    });
    expect(proxy.lost).toBe(3);
    expect(results.map(({ outcome }) => outcome.case)).toEqual(Array(5).fill('created'));
    expect(await positions(direct, runId)).toEqual(upTo(7));
  });

  it('is had again by a retry: Enqueue', async () => {
    const queueName = newId('queue');
    const { client, proxy } = await losing(3);
    await client.queue.enqueue({ message: { queueName } });
    await client.queue.enqueueBatch({ messages: [{ queueName }, { queueName }] });
    expect(proxy.lost).toBe(3);
    const { queues } = await client.queue.listQueues({});
    expect(queues.find((queue) => queue.queueName === queueName)?.ready).toBe(3n);
  });

  it('is had again by a retry: Append', async () => {
    const { client, proxy } = await losing(0);
    const stream = { runId: newId('run'), name: 'out' };
    const writer = client.createStreamWriter(stream);
    for (let i = 0; i < 10; i++) {
      proxy.loseAnswers(2);
      expect(await writer.write(Uint8Array.of(i))).toEqual({ tailIndex: i, wasClosed: false });
    }
    proxy.loseAnswers(1);
    await writer.close();
    const read: number[] = [];
    for await (const { data } of client.readStream(stream)) read.push(data[0]!);
    expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('a live read that is cut', () => {
  it('goes on exactly where it broke', async () => {
    const direct = connect(world.url);
    const stream = { runId: newId('run'), name: 'out' };
    const runId = await startRun(direct);
    const { client, proxy } = await losing(0);
    const read: number[] = [];
    const reading = (async () => {
      for await (const { index, data } of client.readStream(stream)) {
        expect(data).toEqual(Uint8Array.of(index));
        read.push(index);
      }
    })();
    const watched: number[] = [];
    const watching = (async () => {
      for await (const event of client.watchEvents({ runId })) watched.push(Number(event.position));
    })();
    for (let i = 0; i < 60; i++) {
      await direct.streams.append({ ...stream, chunks: [Uint8Array.of(i)] });
      const data = { case: 'stepCreated', value: { stepName: 'x' } } as const;
      await direct.events.createEvent({ runId, event: { correlationId: `s${i}`, data } });
      if (i % 10 === 5) proxy.cut();
    }
    await direct.streams.close(stream);
    await direct.events.createEvent({
      runId,
      event: { data: { case: 'runCompleted', value: {} } },
    });
    await Promise.all([reading, watching]);
    expect(read).toEqual(upTo(60).map((i) => i - 1));
    expect(watched).toEqual(upTo(63));
  });
});
