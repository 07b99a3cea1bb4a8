import { EventService, RunService } from '@worldwire/proto';
import { durationFromMs } from '../../fixtures/duration.js';
import { type SdkCheck, sdkCheck } from '../check.js';
import { refusal } from '../scripted-world.js';
import { created, creation, deadlineOf } from './fixtures.js';

const { getRun, waitForRun } = RunService.method;

/** How long calls may take, and how they are given up. */
export const deadlineChecks: readonly SdkCheck[] = [
  sdkCheck(
    'deadlines/on-the-wire',
    'the time that a caller gives travels with every try, and becomes less',
    { requirements: ['WW-SDK-022'] },
    async (t) => {
      const client = await t.client({
        events: {
          createEvent({ runId }, call) {
            if (call.nth === 0) throw refusal('UNAVAILABLE');
            return created(runId);
          },
        },
      });
      const { createEvent } = EventService.method;
      await client.call(createEvent, creation(), { timeoutMs: 5_000 }).came();
      const seen = t.world.seen(createEvent).map(({ header }) => deadlineOf(header));
      t.ok(seen.length > 0, 'no call arrived');
      for (const deadline of seen)
        t.ok(
          deadline !== undefined && deadline > 0 && deadline <= 5_000,
          'a try does not carry its deadline',
          'above 0 and up to 5,000 ms',
          deadline,
        );
    },
  ),
  sdkCheck(
    'deadlines/of-its-own',
    'a call for which the caller gives no time has a deadline all the same',
    { requirements: ['WW-SDK-023'] },
    async (t) => {
      const client = await t.client({
        runs: { getRun: ({ runId }) => ({ run: { runId } }) },
        events: { createEvent: ({ runId }) => created(runId) },
      });
      await client.call(getRun, { runId: 'wrun_1' }).value();
      await client.call(EventService.method.createEvent, creation()).value();
      for (const { header, method } of t.world.calls)
        t.ok((deadlineOf(header) ?? 0) > 0, `${method} has no deadline`);
    },
  ),
  sdkCheck(
    'deadlines/silent-world',
    'a call that nobody answers ends when its time is up',
    { requirements: ['WW-SDK-024'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun: ({ runId }, call) =>
            runId === 'wrun_silent' ? call.silence() : { run: { runId } },
        },
      });
      const silent = client.call(getRun, { runId: 'wrun_silent' }, { timeoutMs: 700 });
      await t.refused('a call without an answer', silent, { codes: ['deadline_exceeded'] });
      await client.call(getRun, { runId: 'wrun_1' }, { timeoutMs: 20_000 }).value();
    },
  ),
  sdkCheck(
    'deadlines/bound-all-tries',
    'tries and pauses together keep to the time of the caller',
    { requirements: ['WW-SDK-025'] },
    async (t) => {
      let down = true;
      const client = await t.client({
        runs: {
          getRun({ runId }) {
            if (down) throw refusal('UNAVAILABLE');
            return { run: { runId } };
          },
        },
      });
      const call = client.call(getRun, { runId: 'wrun_1' }, { timeoutMs: 3_000 });
      await t.refused('a call to a World that is down', call, {
        codes: ['unavailable', 'deadline_exceeded'],
      });
      t.ok(t.world.count('GetRun') >= 2, 'the call was not tried again');
      // The last try began within the caller's time, by the World's clock; it may have taken some more to arrive.
      const [first, last] = [t.world.calls[0]!, t.world.calls.at(-1)!];
      const deadline = deadlineOf(last.header) ?? Number.POSITIVE_INFINITY;
      const begun = last.arrivedAt - first.arrivedAt;
      t.ok(
        deadline <= 3_000,
        'the last try had more time than the caller gave',
        'at most 3,000 ms',
        `${deadline} ms, ${Math.round(begun)} ms after the first`,
      );
      const tries = t.world.count('GetRun');
      down = false;
      await client.call(getRun, { runId: 'wrun_2' }).value();
      t.equal(
        t.world.seen(getRun).filter(({ request }) => request.runId === 'wrun_1').length,
        tries,
        'the number of tries after the call has ended',
      );
    },
  ),
  sdkCheck(
    'deadlines/long-poll',
    'a wait for a run has as much time as it asks the World to wait',
    { requirements: ['WW-SDK-026'] },
    async (t) => {
      const client = await t.client({
        runs: { waitForRun: ({ runId }) => ({ run: { runId } }) },
      });
      await client.call(waitForRun, { runId: 'wrun_1', timeout: durationFromMs(50_000) }).value();
      const [wait] = t.world.seen(waitForRun);
      const deadline = deadlineOf(wait!.header);
      t.ok(
        deadline === undefined || deadline >= 50_000,
        'the deadline ends the wait early',
        'at least 50,000 ms',
        deadline,
      );
    },
  ),
  sdkCheck(
    'cancellation/of-a-call',
    'a call that its caller gives up ends, and its request is closed',
    { requirements: ['WW-SDK-027', 'WW-SDK-028'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun: ({ runId }, call) =>
            runId === 'wrun_silent' ? call.silence() : { run: { runId } },
        },
      });
      const call = client.call(getRun, { runId: 'wrun_silent' });
      await t.eventually('the call arrives', () => t.world.seen(getRun)[0]);
      call.cancel();
      await t.refused('a call that is given up', call, { codes: ['canceled'] });
      await t.world.seen(getRun)[0]!.left;
      await client.call(getRun, { runId: 'wrun_1' }).value();
    },
  ),
  sdkCheck(
    'cancellation/between-tries',
    'a call that is given up between two tries is not sent again',
    { requirements: ['WW-SDK-029'] },
    async (t) => {
      const client = await t.client({
        runs: {
          getRun({ runId }) {
            if (runId !== 'wrun_down') return { run: { runId } };
            throw refusal('THROTTLED', {
              metadata: { retry_after_ms: '1500' },
              retryAfterMs: 1_500,
            });
          },
        },
      });
      const call = client.call(getRun, { runId: 'wrun_down' });
      await t.eventually('the call arrives', () => t.world.seen(getRun)[0]);
      await t.sleep(100);
      t.ok(!call.ended, 'the call ended before it was given up');
      call.cancel();
      await t.refused('a call that is given up', call, { codes: ['canceled'] });
      await t.sleep(2_500);
      t.equal(t.world.count('GetRun'), 1, 'the number of tries');
      await client.call(getRun, { runId: 'wrun_1' }).value();
    },
  ),
  sdkCheck(
    'cancellation/of-a-live-read',
    'a live read that its caller gives up ends, and its request is closed',
    { requirements: ['WW-SDK-027', 'WW-SDK-028'], features: ['STREAM_READS'] },
    async (t) => {
      const client = await t.client({
        streams: {
          async *read({ startIndex }, call) {
            yield { chunks: [{ index: startIndex, data: new Uint8Array([1]) }], nextIndex: 1n };
            await call.left;
          },
        },
      });
      const read = client.read('out');
      await t.eventually('a chunk', () => (read.count > 0 ? true : undefined));
      read.cancel();
      await t.refused('a read that is given up', read, { codes: ['canceled'] });
      await t.world.calls[0]!.left;
      t.equal(t.world.count('Read'), 1, 'the number of reads');
    },
  ),
];
