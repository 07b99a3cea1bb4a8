import { errorRules } from '@worldwire/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type WorldServer } from '../harness/world.js';
import { newId } from './clients.js';

let world: WorldServer;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** What `curl -H 'content-type: application/json' -d <body>` does. */
async function post(method: string, body: unknown): Promise<{ status: number; json: Json }> {
  const response = await fetch(`${world.url}/worldwire.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as Json };
}

/** What `curl -G --data-urlencode message=<body>` does. */
async function get(method: string, body: unknown): Promise<{ status: number; json: Json }> {
  const query = new URLSearchParams({
    connect: 'v1',
    encoding: 'json',
    message: JSON.stringify(body),
  });
  const response = await fetch(`${world.url}/worldwire.v1.${method}?${query}`);
  return { status: response.status, json: (await response.json()) as Json };
}

// biome-ignore lint/suspicious/noExplicitAny: what JSON holds is what the test asserts
type Json = any;

describe('JSON by hand', () => {
  it('says what the World is', async () => {
    const { status, json } = await post('WorldService/GetWorld', {});
    expect(status).toBe(200);
    expect(json).toMatchObject({ implementation: 'worldwire-reference', protocolVersion: '1.0' });
    expect((await get('WorldService/GetWorld', {})).json).toEqual(json);
  });

  it('takes a run from its creation to its end', async () => {
    const runId = newId('run');
    const input = Buffer.from([0, 1, 2, 0xff]).toString('base64');
    const created = await post('EventService/CreateEvent', {
      runId,
      event: {
        runCreated: { deploymentId: 'd', workflowName: 'w', input, attributes: { a: 'b' } },
      },
    });
    expect(created.status).toBe(200);
    expect(created.json).toMatchObject({
      event: { position: '1', eventId: 'evnt_00000000000000000000000001' },
      run: { runId, status: 'RUN_STATUS_PENDING', attributes: { a: 'b' } },
    });
    await post('EventService/CreateEvent', { runId, event: { runStarted: {} } });
    const batch = await post('EventService/CreateEventBatch', {
      runId,
      events: [
        { correlationId: 's1', stepCreated: { stepName: 'step' } },
        { correlationId: 'w1', waitCreated: { resumeAt: '2100-01-01T00:00:00.123Z' } },
      ],
    });
    expect(batch.json.results).toHaveLength(2);
    await post('EventService/CreateEvent', { runId, event: { runCompleted: { output: '' } } });

    const run = await get('RunService/GetRun', { runId });
    expect(run.status).toBe(200);
    expect(run.json.run).toMatchObject({ status: 'RUN_STATUS_COMPLETED', input, output: '' });
    const log = await get('EventService/ListEvents', { runId });
    expect(log.json.events.map((event: Json) => event.position)).toEqual(['1', '2', '3', '4', '5']);
    expect((await get('EventService/ListEvents', { runId })).json).toEqual(log.json);
    const steps = await get('StepService/ListSteps', { runId, page: { limit: 1 } });
    expect(steps.json).toMatchObject({ steps: [{ stepId: 's1', status: 'STEP_STATUS_PENDING' }] });
  });

  it('writes and reads a stream', async () => {
    const stream = { runId: newId('run'), name: 'out' };
    const chunks = ['AA==', '', 'AAEC'];
    const appended = await post('StreamService/Append', { ...stream, chunks, close: true });
    expect(appended.json).toMatchObject({ tailIndex: '2', appended: 3 });
    const listed = await get('StreamService/ListChunks', stream);
    // The field is absent where it is empty, as proto3's JSON has it.
    expect(listed.json.chunks.map((chunk: Json) => chunk.data ?? '')).toEqual(chunks);
    expect(listed.json.done).toBe(true);
  });

  it('sends a message and counts it', async () => {
    const queueName = newId('queue');
    const sent = await post('QueueService/Enqueue', { message: { queueName, body: 'AA==' } });
    expect(sent.json.messageId).toMatch(/^msg_/);
    const { json } = await get('QueueService/ListQueues', {});
    expect(json.queues).toContainEqual(expect.objectContaining({ queueName, ready: '1' }));
  });

  it('answers every refusal with the registry code and one ErrorInfo', async () => {
    const refused = [
      [await get('RunService/GetRun', { runId: 'nobody' }), 404, 'RUN_NOT_FOUND'],
      [await get('RunService/GetRun', { runId: '../../etc/passwd' }), 400, 'INVALID_ID'],
      [await post('EventService/CreateEvent', { runId: 'r' }), 400, 'INVALID_ARGUMENT'],
      [
        await post('EventService/CreateEvent', { runId: 'r', event: {} }),
        400,
        'EVENT_TYPE_REQUIRED',
      ],
      [await get('RunService/ListRuns', { page: { cursor: 'made-up' } }), 400, 'INVALID_CURSOR'],
      [await post('WorldService/Nothing', {}), 501, 'METHOD_NOT_FOUND'],
      [await post('QueueService/ListPushEndpoints', {}), 501, 'CAPABILITY_NOT_DECLARED'],
    ] as const;
    for (const [{ status, json }, expected, reason] of refused) {
      expect({ status, reason }).toEqual({
        status: expected,
        reason: json.details[0].debug.reason,
      });
      expect(json.code).toBe(errorRules.get(reason)?.code);
      expect(json.details.filter(({ type }: Json) => type === 'google.rpc.ErrorInfo')).toHaveLength(
        1,
      );
    }
  });

  it('takes GET for reads only', async () => {
    const runId = newId('run');
    const event = { runCreated: { deploymentId: 'd', workflowName: 'w' } };
    const { status, json } = await get('EventService/CreateEvent', { runId, event });
    expect({ status, code: json.code }).toEqual({ status: 405, code: 'invalid_argument' });
    expect((await get('RunService/GetRun', { runId })).status).toBe(404);
  });
});
