/** A project with something of everything in it, and a picture of all of it. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { NewEventSchema } from '@worldwire/proto';
import type { WorldClient } from '@worldwire/sdk';
import type { Known } from './values.js';

type EventInit = MessageInitShape<typeof NewEventSchema>;

const FAR = { seconds: 4_000_000_000n, nanos: 0 };
const bytes = (text: string) => new TextEncoder().encode(text);

/** Fills a project. Nothing in it changes as time passes. */
export async function fill(client: WorldClient): Promise<Known> {
  const runIds = ['run-a', 'run-b', 'run-done', 'run-failed'];
  const write = (runId: string, event: EventInit) => client.events.createEvent({ runId, event });
  for (const runId of runIds) {
    await write(runId, {
      data: {
        case: 'runCreated',
        value: {
          deploymentId: 'd',
          workflowName: 'w',
          input: bytes('in'),
          attributes: { team: 'a', stage: runId },
        },
      },
    });
    await write(runId, { data: { case: 'runStarted', value: {} } });
    for (const correlationId of ['s1', 's2', 's3']) {
      const value = { stepName: 'step', input: bytes(correlationId) };
      await write(runId, { correlationId, data: { case: 'stepCreated', value } });
    }
    await write(runId, { correlationId: 's2', data: { case: 'stepStarted', value: {} } });
    await write(runId, { correlationId: 's3', data: { case: 'stepCompleted', value: {} } });
    await write(runId, {
      correlationId: 'w1',
      data: { case: 'waitCreated', value: { resumeAt: FAR } },
    });
    const token = `token-${runId}`;
    await write(runId, { correlationId: 'h1', data: { case: 'hookCreated', value: { token } } });
  }
  await write('run-done', { data: { case: 'runCompleted', value: { output: bytes('out') } } });
  await write('run-failed', { data: { case: 'runFailed', value: { errorCode: 'E' } } });

  for (const runId of ['run-a', 'run-done', 'nobody']) {
    for (const name of ['out', 'log']) {
      const chunks = ['a', '', 'b'].map(bytes);
      await client.streams.append({ runId, name, chunks, close: name === 'log' });
    }
  }
  const messageIds: string[] = [];
  for (const queueName of ['queue-a', 'queue-b']) {
    for (const delay of [undefined, { seconds: 1_000_000n, nanos: 0 }]) {
      const message = {
        queueName,
        body: bytes('m'),
        delay,
        idempotencyKey: `k${messageIds.length}`,
      };
      messageIds.push((await client.queue.enqueue({ message })).messageId);
    }
  }
  const page = { limit: 2 };
  const [events, runs, steps] = await Promise.all([
    client.events.listEvents({ runId: 'run-a', page }),
    client.runs.listRuns({ page }),
    client.steps.listSteps({ runId: 'run-a', page }),
  ]);
  return {
    runIds: [...runIds, 'nobody', 'new-a', 'new-b', ''],
    entityIds: ['s1', 's2', 's3', 'w1', 'h1', 'x1', 'x2', 'd', 'k0', 'k1'],
    tokens: [...runIds.map((runId) => `token-${runId}`), 'token-new'],
    names: ['w', 'step', 'out', 'log', 'team', 'a', '0', '{}', 'text/plain'],
    queues: ['queue-a', 'queue-b', 'queue-new'],
    cursors: ['', ...[events, runs, steps].map((list) => list.page?.cursor ?? ''), 'made-up'],
    eventIds: events.events.map((event) => event.eventId),
    messageIds,
  };
}

/** Everything that the project's lists show. */
export async function picture(client: WorldClient): Promise<unknown> {
  const runs = await all(client.listRuns({}));
  const streams: unknown[] = [];
  for (const runId of [...runs.map((run) => run.runId), 'nobody', 'new-a', 'new-b']) {
    for (const name of await all(client.listStreams({ runId }))) {
      const stream = { runId, name };
      const chunks = await all(client.listChunks(stream));
      streams.push({ ...stream, chunks, info: await client.streams.getStreamInfo(stream) });
    }
  }
  const logs = await Promise.all(
    runs.map(async ({ runId }) => ({
      events: await all(client.listEvents({ runId })),
      steps: await all(client.listSteps({ runId })),
      waits: await all(client.listWaits({ runId })),
    })),
  );
  return {
    ...{ runs, streams, logs },
    hooks: await all(client.listHooks({})),
    attributes: await all(client.listAttributeKeys({})),
    queues: await all(client.listQueues({})),
    dead: await all(client.listDeadMessages({})),
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
