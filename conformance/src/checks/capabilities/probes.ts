import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import {
  EVERY_TYPE,
  type ReaderInit,
  readsOfLogs,
  readsOfMany,
  readsOfOne,
  watchToTheEnd,
} from '../../fixtures/readers.js';

/** A request by which a gated method or field is tried, and the same request without it. */
export interface Probe {
  /** Uses the method, or sets the field. */
  readonly with: () => Promise<unknown>;
  /** The same without the field; absent for a method. */
  readonly without?: () => Promise<unknown>;
  /** Something that the request would change, as text; the same before and after a refusal. */
  readonly state?: () => Promise<string>;
}

const DAY_MS = 86_400_000;
/** A reader that reads everything. */
const READER: ReaderInit = { eventTypes: [...EVERY_TYPE] };

/** How each gated method is tried, by its name without the package. */
export const methodProbes: Readonly<Record<string, (t: Context) => Promise<Probe>>> = {
  'EventService/CreateEventBatch': async (t) => {
    const run = await t.startedRun();
    return {
      with: () =>
        t.api.events.createEventBatch({ runId: run.id, events: [events.stepCreated('step_1')] }),
      state: async () => String((await run.log()).length),
    };
  },
  'QueueService/EnqueueBatch': async (t) => {
    const messages = [{ queueName: t.queueName(), body: new Uint8Array([1]) }];
    return { with: () => t.api.queue.enqueueBatch({ messages }) };
  },
  'EventService/WatchEvents': async (t) => {
    const run = await t.startedRun();
    await run.given(events.runCompleted());
    return {
      with: () => exhaust(t.api.events.watchEvents({ runId: run.id })),
    };
  },
  'RunService/ListAttributeKeys': async (t) => ({ with: () => t.api.runs.listAttributeKeys({}) }),
  'QueueService/RegisterPushEndpoint': async (t) => ({
    with: () =>
      t.api.queue.registerPushEndpoint({
        endpoint: { url: 'https://example.org/', queuePrefixes: [t.queueName()] },
      }),
  }),
  'QueueService/DeletePushEndpoint': async (t) => ({
    with: () => t.api.queue.deletePushEndpoint({ endpointId: t.unique('endpoint') }),
  }),
  'QueueService/ListPushEndpoints': async (t) => ({
    with: () => t.api.queue.listPushEndpoints({}),
  }),
  'QueueService/ListQueues': async (t) => ({ with: () => t.api.queue.listQueues({}) }),
  'QueueService/ListDeadMessages': async (t) => ({
    with: () => t.api.queue.listDeadMessages({ queueName: t.queueName() }),
  }),
  'QueueService/ReviveMessages': async (t) => ({
    with: () => t.api.queue.reviveMessages({ messageIds: [t.unique('msg')] }),
  }),
  'QueueService/WakeRuns': async (t) => ({
    with: () => t.api.queue.wakeRuns({ queuePrefix: t.queueName(), deploymentId: t.unique('dpl') }),
  }),
  'WaitService/GetWait': async (t) => {
    const run = await t.startedRun();
    await run.given(events.waitCreated('wait_1'));
    return { with: () => t.api.waits.getWait({ runId: run.id, waitId: 'wait_1' }) };
  },
  'WaitService/ListWaits': async (t) => {
    const run = await t.startedRun();
    return { with: () => t.api.waits.listWaits({ runId: run.id }) };
  },
  'QueueService/GetLatestDeployment': async (t) => {
    const environment = t.unique('env');
    await t.consumer({ queuePrefixes: [t.queueName()], environment });
    return { with: () => t.api.queue.getLatestDeployment({ environment }) };
  },
  'StreamService/ListChunks': async (t) => ({
    with: async () => t.api.streams.listChunks(await aStream(t)),
  }),
  'StreamService/GetStreamInfo': async (t) => ({
    with: async () => t.api.streams.getStreamInfo(await aStream(t)),
  }),
  'StreamService/ListStreams': async (t) => ({
    with: async () => t.api.streams.listStreams({ runId: (await aStream(t)).runId }),
  }),
  'KeyService/EscrowKey': async (t) => ({
    with: () => t.api.keys.escrowKey({ deploymentId: t.unique('dpl'), key: t.random.bytes(32) }),
  }),
  'KeyService/ListKeys': async (t) => ({ with: () => t.api.keys.listKeys({}) }),
  'KeyService/GetRunKey': async (t) => {
    const run = await t.run();
    return { with: () => t.api.keys.getRunKey({ runId: run.id, reason: 'a probe' }) };
  },
  'KeyService/ListKeyAccess': async (t) => ({ with: () => t.api.keys.listKeyAccess({}) }),
};

/** How each gated field is tried, by message and field without the package. */
export const fieldProbes: Readonly<Record<string, (t: Context) => Promise<Probe>>> = {
  'CreateEventRequest.request_id': (t) => stepProbe(t, { requestId: t.unique('request') }),
  'CreateEventRequest.expected_position': (t) => stepProbe(t, { expectedPosition: 1n }),
  'CreateEventRequest.preload_events': async (t) => {
    const run = await t.run();
    return {
      with: () => run.write(events.runStarted(), { preloadEvents: true }),
      without: () => run.write(events.runStarted()),
      state: async () => String((await run.log()).length),
    };
  },
  'CreateEventRequest.since_cursor': async (t) => {
    const run = await t.startedRun();
    const { page } = await t.given('a page of the log', () =>
      t.api.events.listEvents({ runId: run.id }),
    );
    return {
      with: () => run.write(events.stepCreated('step_1'), { sinceCursor: page?.cursor ?? '' }),
      without: () => run.write(events.stepCreated('step_1')),
      state: async () => String((await run.log()).length),
    };
  },
  'CreateEventBatchRequest.request_id': async (t) => {
    const run = await t.startedRun();
    const request = { runId: run.id, events: [events.stepCreated('step_1')] };
    return {
      with: () => t.api.events.createEventBatch({ ...request, requestId: t.unique('request') }),
      without: () => t.api.events.createEventBatch(request),
      state: async () => String((await run.log()).length),
    };
  },
  'CancelRunsRequest.request_id': async (t) => {
    const run = await t.startedRun();
    return {
      with: () => t.api.runs.cancelRuns({ runIds: [run.id], requestId: t.unique('request') }),
      without: () => t.api.runs.cancelRuns({ runIds: [run.id] }),
      state: async () => String((await run.get()).status),
    };
  },
  'EnqueueRequest.request_id': async (t) => {
    const message = { queueName: t.queueName(), body: new Uint8Array([1]) };
    return {
      with: () => t.api.queue.enqueue({ message, requestId: t.unique('request') }),
      without: () => t.api.queue.enqueue({ message }),
    };
  },
  'EnqueueBatchRequest.request_id': async (t) => {
    const messages = [{ queueName: t.queueName(), body: new Uint8Array([1]) }];
    return {
      with: () => t.api.queue.enqueueBatch({ messages, requestId: t.unique('request') }),
      without: () => t.api.queue.enqueueBatch({ messages }),
    };
  },
  'RegisterPushEndpointRequest.request_id': async (t) => {
    const endpoint = { url: 'https://example.org/', queuePrefixes: [t.queueName()] };
    return {
      with: () => t.api.queue.registerPushEndpoint({ endpoint, requestId: t.unique('request') }),
      without: () => t.api.queue.registerPushEndpoint({ endpoint }),
    };
  },
  'EscrowKeyRequest.request_id': async (t) => {
    const request = { deploymentId: t.unique('dpl'), key: t.random.bytes(32) };
    return {
      with: () => t.api.keys.escrowKey({ ...request, requestId: t.unique('request') }),
      without: () => t.api.keys.escrowKey(request),
    };
  },
  'AppendRequest.writer_id': async (t) => {
    const stream = { ...(await aStream(t)), chunks: [new Uint8Array([2])] };
    return {
      with: () => t.api.streams.append({ ...stream, writerId: t.unique('writer') }),
      without: () => t.api.streams.append(stream),
    };
  },
  'ListRunsRequest.created_from': async (t) => ({
    with: () => t.api.runs.listRuns({ createdFrom: timestampFromMs(Date.now() - DAY_MS) }),
    without: () => t.api.runs.listRuns({}),
  }),
  'ListRunsRequest.created_before': async (t) => ({
    with: () => t.api.runs.listRuns({ createdBefore: timestampFromMs(Date.now() + DAY_MS) }),
    without: () => t.api.runs.listRuns({}),
  }),
  'ListRunsRequest.attributes': async (t) => ({
    with: () => t.api.runs.listRuns({ attributes: { colour: 'blue' } }),
    without: () => t.api.runs.listRuns({}),
  }),
  'StepStarted.input': async (t) => {
    const run = await t.startedRun();
    await run.given(events.stepCreated('step_1'));
    return {
      with: () => run.write(events.stepStartedLazily('step_2')),
      without: () => run.write(events.stepStarted('step_1')),
      state: async () => String((await run.log()).length),
    };
  },
  'NewEvent.resume_id': (t) => resumeProbe(t, { resumeId: t.unique('resume') }),
  'NewEvent.resume_payload_digest': (t) => resumeProbe(t, { resumePayloadDigest: 'a'.repeat(64) }),
  'NewEvent.attr_set': async (t) => {
    const run = await t.startedRun();
    const write = events.attrSet(t.unique('attr'), {
      changes: [{ key: 'colour', value: 'blue' }],
      writer: { writer: { case: 'workflow', value: {} } },
    });
    return {
      with: () => run.write(write),
      without: () => run.write(events.stepCreated('step_1')),
      state: async () => String((await run.log()).length),
    };
  },
  'RunCreated.attributes': async (t) => ({
    with: () => create(t, { attributes: { colour: 'blue' } }),
    without: () => create(t, {}),
  }),
  'RunCreated.encryption_public_key': async (t) => ({
    with: () => create(t, { encryptionPublicKey: 'A'.repeat(43) }),
    without: () => create(t, {}),
  }),
  'RunCreated.encryption_key_id': async (t) => ({
    with: () => create(t, { encryptionKeyId: '0123456789abcdef' }),
    without: () => create(t, {}),
  }),
  'CreateEventRequest.reader': (t) => stepProbe(t, { reader: READER }),
  ...readerProbes({ ...readsOfOne, ...readsOfMany, ...readsOfLogs, WatchEvents: watchToTheEnd }),
  'HookCreated.token_retention_until': async (t) => {
    const run = await t.startedRun();
    const until = { tokenRetentionUntil: timestampFromMs(Date.now() + DAY_MS) };
    const token = t.unique('token');
    return {
      with: () => run.write(events.hookCreated('hook_1', token, until)),
      without: () => run.write(events.hookCreated('hook_1', token)),
      state: async () => String((await run.log()).length),
    };
  },
};

async function stepProbe(
  t: Context,
  field: { requestId?: string; expectedPosition?: bigint; reader?: ReaderInit },
): Promise<Probe> {
  const run = await t.startedRun();
  return {
    with: () => run.write(events.stepCreated('step_1'), field),
    without: () => run.write(events.stepCreated('step_1')),
    state: async () => String((await run.log()).length),
  };
}

/** Each read of an ended run with a reader and without. */
function readerProbes(
  reads: Readonly<Record<string, (typeof readsOfOne)[string]>>,
): Record<string, (t: Context) => Promise<Probe>> {
  return Object.fromEntries(
    Object.entries(reads).map(([method, read]) => [
      `${method}Request.reader`,
      async (t: Context): Promise<Probe> => {
        const run = await t.startedRun();
        await run.given(events.stepCreated('step_1'), events.runCompleted());
        return { with: () => read(t, run.id, READER), without: () => read(t, run.id) };
      },
    ]),
  );
}

async function resumeProbe(
  t: Context,
  field: { resumeId?: string; resumePayloadDigest?: string },
): Promise<Probe> {
  const run = await t.startedRun();
  await run.given(events.hookCreated('hook_1', t.unique('token')));
  return {
    with: () => run.write({ ...events.hookReceived('hook_1'), ...field }),
    without: () => run.write(events.hookReceived('hook_1')),
    state: async () => String((await run.log()).length),
  };
}

function create(t: Context, value: Parameters<typeof events.runCreated>[0]): Promise<unknown> {
  return t.api.events.createEvent({ event: events.runCreated(value) });
}

async function aStream(t: Context): Promise<{ runId: string; name: string }> {
  const run = await t.startedRun();
  const stream = { runId: run.id, name: t.unique('stream') };
  await t.given('a stream', () =>
    t.api.streams.append({ ...stream, chunks: [new Uint8Array([1])] }),
  );
  return stream;
}

async function exhaust(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _message of messages);
}
