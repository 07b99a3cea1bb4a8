import { ResolveData } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { dataOf, hooksOf, stepOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { Stream } from '../streams/support.js';
import { chunks, kinds, payloads } from './vectors.js';

/** Sealed and compressed payloads, and the keys that they are sealed to. */
export const envelopeChecks: readonly Check[] = [
  check(
    'envelopes/untouched',
    'Envelopes that the SDKs made come back as they are, and so does what no SDK can open',
    { requirements: ['WW-ENV-031', 'WW-OVR-007', 'WW-OVR-008', 'WW-STREAM-001'] },
    async (t) => {
      for (const [what, bytes] of kinds) await everywhere(t, what, bytes);
      const run = await t.startedRun();
      const hookId = t.unique('hook');
      await run.given(events.hookCreated(hookId, t.unique('token')));
      for (const [what, payload] of payloads)
        await t.accepted(what, () => run.write(events.hookReceived(hookId, { payload })));
      const received = (await run.log()).filter(({ data }) => data.case === 'hookReceived');
      for (const [at, [what, payload]] of payloads.entries())
        t.equal(dataOf(t, received[at], 'hookReceived').payload, payload, what);
      const stream = new Stream(t);
      await stream.given(chunks);
      await stream.close();
      stream.holds(await stream.whole(), chunks, 'sealed chunks');
    },
  ),
  check(
    'envelopes/side-by-side',
    'One run takes payloads that are plain, compressed, sealed, and sealed to its public key',
    { requirements: ['WW-ENV-032'] },
    async (t) => {
      const key = { encryptionPublicKey: Buffer.from(t.random.bytes(32)).toString('base64') };
      for (const create of t.has('PUBLIC_KEYS') ? [{}, key] : [{}])
        for (const order of [kinds, kinds.toReversed()]) {
          const run = await t.startedRun({ create: { ...create, input: order[0]![1] } });
          const hookId = t.unique('hook');
          await run.given(
            events.hookCreated(hookId, t.unique('token'), { metadata: order[1]![1] }),
          );
          for (const [what, bytes] of order) await inTurn(t, run, hookId, what, bytes);
          await t.accepted('the end of the run', () =>
            run.write(events.runCompleted({ output: order.at(-1)![1] })),
          );
        }
    },
  ),
  check(
    'envelopes/public-key-without-payloads',
    'The public key of a run is there on every read that leaves payloads out',
    { requirements: ['WW-ENV-033'], capabilities: ['PUBLIC_KEYS'] },
    async (t) => {
      const encryptionPublicKey = Buffer.from(t.random.bytes(32)).toString('base64');
      const workflowName = t.unique('wf');
      const run = await t.startedRun({ create: { encryptionPublicKey, workflowName } });
      const [hookId, token] = [t.unique('hook'), t.unique('token')];
      await run.given(events.hookCreated(hookId, token, { metadata: kinds[0]![1] }));
      const { runs, hooks } = t.api;
      const [runId, resolveData] = [run.id, ResolveData.NONE];
      const timeout = { seconds: 0n };
      const reads = {
        GetRun: (await runs.getRun({ runId, resolveData })).run,
        ListRuns: (await runs.listRuns({ workflowName, resolveData })).runs[0],
        BatchGetRuns: (await runs.batchGetRuns({ runIds: [runId], resolveData })).results[0]?.run,
        WaitForRun: (await runs.waitForRun({ runId, resolveData, timeout })).run,
        GetHook: (await hooks.getHook({ runId, hookId, resolveData })).hook?.run,
        GetHookByToken: (await hooks.getHookByToken({ token, resolveData })).hook?.run,
        ListHooks: (await hooks.listHooks({ runId, resolveData })).hooks[0]?.run,
      };
      for (const [what, read] of Object.entries(reads))
        t.equal(read?.encryptionPublicKey, encryptionPublicKey, `the key, ${what}`);
    },
  ),
];

/** Writes one payload wherever an event has a place for one, and reads it from records. */
async function everywhere(t: Context, what: string, bytes: Uint8Array): Promise<void> {
  const run = await t.startedRun({ create: { input: bytes } });
  const [stepId, hookId] = [t.unique('step'), t.unique('hook')];
  for (const event of [
    events.stepCreated(stepId, { input: bytes }),
    events.stepCompleted(stepId, { result: bytes }),
    events.hookCreated(hookId, t.unique('token'), { metadata: bytes }),
  ])
    await t.accepted(`${event.data?.case} with ${what}`, () => run.write(event));
  const [hook] = await hooksOf(run, t.api);
  await t.accepted(`an output of ${what}`, () => run.write(events.runCompleted({ output: bytes })));
  const [record, step] = [await run.get(), await stepOf(t, run, stepId)];
  const found = [hook?.metadata, record.input, record.output, step.input, step.output];
  for (const each of found) t.equal(each, bytes, `a record with ${what}`);
}

/** Writes one payload as a step's and as a hook's. */
async function inTurn(
  t: Context,
  run: RunHandle,
  hookId: string,
  what: string,
  bytes: Uint8Array,
): Promise<void> {
  const stepId = t.unique('step');
  for (const event of [
    events.stepCreated(stepId, { input: bytes }),
    events.stepCompleted(stepId, { result: bytes }),
    events.hookReceived(hookId, { payload: bytes }),
  ])
    await t.accepted(`${event.data?.case} with ${what}`, () => run.write(event));
}
