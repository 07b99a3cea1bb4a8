import { toBinary } from '@bufbuild/protobuf';
import {
  EventService,
  PROTOCOL_VERSION,
  RunSchema,
  RunService,
  RunStatus,
  StreamService,
} from '@worldwire/proto';
import { msOf } from '../../fixtures/duration.js';
import { Feature } from '../../report/gen/worldwire/conformance/v1/driver_pb.js';
import { type SdkCheck, sdkCheck } from '../check.js';
import { refusal } from '../scripted-world.js';
import { created, creation, ODD_BYTES } from './fixtures.js';

const MEBIBYTE = 1024 * 1024;

/** One unary call and what a client makes of its answer. */
export const callChecks: readonly SdkCheck[] = [
  sdkCheck(
    'calls/headers',
    'every call names the protocol version, the project and the credential',
    { requirements: ['WW-SDK-001', 'WW-SDK-002', 'WW-SDK-003'] },
    async (t) => {
      const client = await t.client(
        { runs: { getRun: ({ runId }) => ({ run: { runId } }) } },
        { token: 'secret-1', project: 'blue' },
      );
      await client.call(RunService.method.getRun, { runId: 'wrun_1' }).value();
      const headers = [t.world.seen(RunService.method.getRun)[0]!.header];
      if (t.offers(Feature.STREAM_READS)) {
        t.world.play({
          streams: {
            async *read() {
              yield { done: true, nextIndex: 0n };
            },
          },
        });
        await client.read('out').value();
        headers.push(t.world.seen(StreamService.method.read)[0]!.header);
      }
      for (const header of headers) {
        t.equal(header.get('worldwire-protocol-version'), PROTOCOL_VERSION, 'the version');
        t.equal(header.get('worldwire-project'), 'blue', 'the project');
        t.equal(header.get('authorization'), 'Bearer secret-1', 'the credential');
      }
    },
  ),
  sdkCheck(
    'calls/answers-whole',
    'an answer comes to the caller as the World gave it',
    { requirements: ['WW-SDK-004'] },
    async (t) => {
      const run = {
        runId: 'wrun_1',
        status: RunStatus.COMPLETED,
        workflowName: 'order \u{1F600}\u0000',
        specVersion: 5,
        input: ODD_BYTES,
        output: new Uint8Array(),
        lastPosition: 9_007_199_254_740_991n,
        createdAt: { seconds: 1_700_000_000n, nanos: 123_000_000 },
      };
      const client = await t.client({ runs: { getRun: () => ({ run }) } });
      const { run: got } = await client.call(RunService.method.getRun, { runId: 'wrun_1' }).value();
      t.ok(got !== undefined, 'the answer has no run');
      for (const [name, wanted] of Object.entries(run))
        if (name !== 'createdAt') t.equal(got?.[name as 'runId'], wanted as never, name);
      t.equal(got?.createdAt?.nanos, run.createdAt.nanos, 'the fraction of a time');
      const [seen] = t.world.seen(RunService.method.getRun);
      t.equal(seen?.request.runId, 'wrun_1', 'the request');
    },
  ),
  sdkCheck(
    'calls/big-payloads',
    'payloads of several mebibytes travel both ways untouched',
    { requirements: ['WW-SDK-090'] },
    async (t) => {
      const input = new Uint8Array(12 * MEBIBYTE);
      for (let at = 0; at < input.length; at += 997) input[at] = at % 256;
      const client = await t.client({
        events: { createEvent: ({ runId }) => created(runId) },
        runs: { getRun: ({ runId }) => ({ run: { runId, input } }) },
      });
      await client.call(EventService.method.createEvent, creation('wrun_1', input)).value();
      const data = t.world.seen(EventService.method.createEvent)[0]?.request.event?.data;
      t.ok(
        data?.case === 'runCreated' &&
          Buffer.compare(data.value.input ?? new Uint8Array(), input) === 0,
        'the payload of the request differs',
      );
      const { run } = await client.call(RunService.method.getRun, { runId: 'wrun_1' }).value();
      t.ok(
        run?.input !== undefined && Buffer.compare(run.input, input) === 0,
        'the payload of the answer differs',
        `${toBinary(RunSchema, { ...run!, input }).length} bytes`,
        `${run?.input?.length} bytes of input`,
      );
    },
  ),
  sdkCheck(
    'calls/errors-in-parts',
    'an error comes to the caller with its code, reason, metadata and delay',
    { requirements: ['WW-SDK-005'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun({ runId }) {
            throw refusal('RUN_NOT_FOUND', { metadata: { run_id: runId } });
          },
        },
        events: {
          createEvent() {
            throw refusal('TOO_EARLY', {
              metadata: { run_id: 'wrun_1', step_id: 'step_1', retry_after_ms: '1500' },
              retryAfterMs: 1_500,
            });
          },
        },
      });
      const call = client.call(RunService.method.getRun, { runId: 'wrun_1' });
      const missing = await t.refused('an unknown run', call, {
        reason: 'RUN_NOT_FOUND',
        codes: ['not_found'],
      });
      t.equal(missing.metadata.run_id, 'wrun_1', 'metadata run_id');
      const write = client.call(EventService.method.createEvent, creation());
      const early = await t.refused('a write that comes too early', write, {
        reason: 'TOO_EARLY',
        codes: ['failed_precondition'],
      });
      t.equal(msOf(early.retryDelay), 1_500, 'the delay');
      t.world.play({ runs: { getRun: ({ runId }) => ({ run: { runId } }) } });
      const again = client.call(RunService.method.getRun, { runId: 'wrun_1' });
      t.equal((await again.value()).run?.runId, 'wrun_1', 'the run that is there');
    },
  ),
  sdkCheck(
    'calls/page-of-a-proxy',
    "a proxy's page counts by its HTTP status, and is never an answer",
    { requirements: ['WW-SDK-006'] },
    async (t) => {
      if (t.protocol === 'grpc')
        t.notApplicable('gRPC is seldom behind a proxy that answers pages');
      const client = await t.client({
        runs: {
          getRun: ({ runId }, call) =>
            call.nth === 0
              ? call.page(503, 'text/html', '<html>Service Unavailable</html>')
              : call.nth === 2
                ? call.page(200, 'text/html', '<html>Log in</html>')
                : { run: { runId } },
        },
      });
      const { run } = await client.call(RunService.method.getRun, { runId: 'wrun_1' }).value();
      t.equal(run?.runId, 'wrun_1', 'the run behind a proxy that was down for a moment');
      t.equal(t.world.count('GetRun'), 2, 'the number of tries');
      await client.call(RunService.method.getRun, { runId: 'wrun_1' }).failure();
    },
  ),
];
