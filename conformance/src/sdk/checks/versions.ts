import { create, type Message } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Code } from '@connectrpc/connect';
import {
  Capability,
  EventSchema,
  EventService,
  GetRunResponseSchema,
  QueueService,
  RunSchema,
  RunService,
  type RunStatus,
  StreamService,
} from '@worldwire/proto';
import { type SdkCheck, sdkCheck } from '../check.js';
import { capabilitiesWithout, refusal, worldInfo } from '../scripted-world.js';
import { created, creation } from './fixtures.js';

const { getRun } = RunService.method;
const { createEvent } = EventService.method;

/** A number that no enum and no message has yet. */
const UNKNOWN = 9_999;

/** Puts a field into a message that nothing knows. */
function withUnknownField<T extends Message>(message: T, no = UNKNOWN): T {
  const data = new BinaryWriter().string('from the future').finish();
  message.$unknown = [{ no, wireType: WireType.LengthDelimited, data }];
  return message;
}

/** Worlds that are newer or lack something. */
export const versionChecks: readonly SdkCheck[] = [
  sdkCheck(
    'versions/other-major',
    'a World of another major version is refused, and one of a newer minor version is not',
    { requirements: ['WW-SDK-080', 'WW-SDK-081'] },
    async (t) => {
      const client = await t.client({ runs: { getRun: ({ runId }) => ({ run: { runId } }) } });
      for (const protocolVersion of ['2.0', '10.0', '0.9']) {
        t.world.info = worldInfo({ protocolVersion });
        const failed = 'failure' in (await client.connect().came());
        t.ok(failed, `a World of protocol version ${protocolVersion} was accepted`);
      }
      for (const protocolVersion of ['1.0', '1.7', '1.10']) {
        t.world.info = worldInfo({ protocolVersion });
        const world = await client.connect().value();
        t.equal(world.protocolVersion, protocolVersion, 'the version of a World that is accepted');
      }
      await client.call(getRun, { runId: 'wrun_1' }).value();
    },
  ),
  sdkCheck(
    'versions/unknown-fields',
    'fields that a client does not know disturb nothing',
    { requirements: ['WW-SDK-082'] },
    async (t) => {
      if (t.protocol === 'json') t.notApplicable('JSON names the fields');
      t.world.info = withUnknownField(worldInfo());
      const client = await t.client({
        runs: {
          getRun: ({ runId }) =>
            withUnknownField(
              create(GetRunResponseSchema, {
                run: withUnknownField(create(RunSchema, { runId, workflowName: 'order' })),
              }),
            ),
        },
      });
      t.equal((await client.connect().value()).implementation, 'scripted', 'the World');
      const { run } = await client.call(getRun, { runId: 'wrun_1' }).value();
      t.equal(run?.workflowName, 'order', 'a field behind an unknown one');
    },
  ),
  sdkCheck(
    'versions/unknown-values',
    'capabilities and enum values that a client does not know disturb nothing',
    { requirements: ['WW-SDK-085'] },
    async (t) => {
      if (t.protocol === 'json') t.notApplicable('JSON names the values');
      t.world.info = worldInfo({
        capabilities: [UNKNOWN as Capability, ...worldInfo().capabilities],
      });
      const client = await t.client({
        runs: { getRun: ({ runId }) => ({ run: { runId, status: UNKNOWN as RunStatus } }) },
        queue: { wakeRuns: () => ({ woken: 3 }) },
      });
      await client.connect().value();
      const { run } = await client.call(getRun, { runId: 'wrun_1' }).value();
      t.equal(run?.runId, 'wrun_1', 'the run');
      const { woken } = await client
        .call(QueueService.method.wakeRuns, { deploymentId: 'dpl_1', queuePrefix: '__wkf_' })
        .value();
      t.equal(woken, 3, 'the answer of a method whose capability stands beside an unknown one');
    },
  ),
  sdkCheck(
    'versions/unknown-reasons',
    'an error with a reason that a client does not know counts by its code',
    { requirements: ['WW-SDK-083'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun({ runId }, call) {
            const first =
              t.world.seen(getRun).filter(({ request }) => request.runId === runId).length === 1;
            if (runId === 'wrun_busy' && first)
              throw refusal('WORLD_IS_MOVING', { code: Code.Unavailable });
            if (runId === 'wrun_odd')
              throw refusal('RUN_IS_ODD', {
                code: Code.FailedPrecondition,
                metadata: { nth: `${call.nth}` },
              });
            return { run: { runId } };
          },
        },
      });
      const busy = await client.call(getRun, { runId: 'wrun_busy' }, { timeoutMs: 30_000 }).value();
      t.equal(busy.run?.runId, 'wrun_busy', 'the run of a World that moves');
      const odd = client.call(getRun, { runId: 'wrun_odd' });
      const failure = await t.refused('an unknown refusal', odd, {
        codes: ['failed_precondition'],
      });
      t.ok(failure.metadata.nth !== undefined, 'the metadata of an unknown reason is lost');
      t.equal(
        t.world.seen(getRun).filter(({ request }) => request.runId === 'wrun_odd').length,
        1,
        'the number of tries',
      );
    },
  ),
  sdkCheck(
    'versions/unknown-events',
    'events of a type that a client does not know are listed at their place',
    { requirements: ['WW-SDK-084'], features: ['LISTS'] },
    async (t) => {
      const client = await t.client({
        events: { listEvents: () => ({ events: log(), page: { hasMore: false } }) },
      });
      const events = await client
        .list(EventService.method.listEvents, EventSchema, { runId: 'wrun_1' })
        .all();
      t.equal(
        events.map(({ eventId, position }) => [eventId, Number(position)]),
        PLACES,
        'the events',
      );
    },
  ),
  sdkCheck(
    'versions/unknown-events-live',
    'events of a type that a client does not know are watched at their place',
    { requirements: ['WW-SDK-084'], features: ['EVENT_WATCHES'] },
    async (t) => {
      const client = await t.client({
        events: {
          async *watchEvents({ afterPosition }) {
            yield { events: log().slice(Number(afterPosition)) };
          },
        },
      });
      const events = await client.watch('wrun_1').all();
      t.equal(
        events.map(({ eventId, position }) => [eventId, Number(position)]),
        PLACES,
        'the events',
      );
    },
  ),
  sdkCheck(
    'versions/undeclared-methods',
    'a method whose capability the World does not declare is refused before it is sent',
    { requirements: ['WW-SDK-086'] },
    async (t) => {
      t.world.info = worldInfo({
        capabilities: capabilitiesWithout(Capability.QUEUE_BATCH, Capability.STREAM_INSPECTION),
      });
      const client = await t.client({
        queue: { enqueueBatch: () => ({ results: [] }), wakeRuns: () => ({ woken: 1 }) },
        streams: { getStreamInfo: () => ({ tailIndex: 1n }) },
      });
      const calls = {
        EnqueueBatch: client.call(QueueService.method.enqueueBatch, { messages: [{}] }),
        GetStreamInfo: client.call(StreamService.method.getStreamInfo, { name: 'out' }),
      };
      for (const [method, call] of Object.entries(calls)) {
        await t.refused(`a call of ${method}`, call, { reason: 'CAPABILITY_NOT_DECLARED' });
        t.equal(t.world.count(method), 0, `the calls of ${method} that were sent`);
      }
      const declared = client.call(QueueService.method.wakeRuns, { deploymentId: 'dpl_1' });
      t.equal((await declared.value()).woken, 1, 'the answer of a declared method');
    },
  ),
  sdkCheck(
    'versions/undeclared-request-ids',
    'to a World that takes no request ids a write goes without one, and once',
    { requirements: ['WW-SDK-017', 'WW-SDK-087'] },
    async (t) => {
      t.world.info = worldInfo({ capabilities: capabilitiesWithout(Capability.REQUEST_IDS) });
      const client = await t.client({
        events: {
          createEvent({ runId, requestId }, call) {
            if (requestId !== '')
              throw refusal('CAPABILITY_NOT_DECLARED', { metadata: { capability: 'REQUEST_IDS' } });
            return runId === 'wrun_lost' ? call.drop() : created(runId);
          },
        },
      });
      await client.call(createEvent, creation('wrun_1')).value();
      await client.call(createEvent, creation('wrun_lost')).failure();
      const lost = t.world.seen(createEvent).filter(({ request }) => request.runId === 'wrun_lost');
      t.equal(lost.length, 1, 'the number of tries');
      t.world.info = worldInfo();
      const other = await t.startClient();
      const write = await other.call(createEvent, creation('wrun_2')).came();
      t.ok('failure' in write, 'to a World that declares request ids a write goes without one');
    },
  ),
];

const PLACES = [
  ['evnt_1', 1],
  ['evnt_2', 2],
  ['evnt_3', 3],
];

/** A log in whose middle stands an event of the future. */
function log() {
  const event = (position: number) =>
    create(EventSchema, {
      eventId: `evnt_${position}`,
      runId: 'wrun_1',
      position: BigInt(position),
      specVersion: 5,
      ...(position !== 2 && { data: { case: 'runStarted', value: {} } as const }),
    });
  return [event(1), withUnknownField(event(2), 99), event(3)];
}
