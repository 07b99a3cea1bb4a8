import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { runCompleted } from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { QUIET_MS, Stream } from './support.js';

const capabilities = ['RUN_RETENTION', 'ATTRIBUTES'] as const;

/** A run whose payloads go when it ends. */
function fleetingRun(t: Context): Promise<RunHandle> {
  return t.startedRun({
    create: { attributes: { $retention: '0' }, allowReservedAttributes: true },
  });
}

/** Streams that retention removes. */
export const removalChecks: readonly Check[] = [
  check(
    'streams/removed-stream-fails',
    'A read of a stream that retention removed fails, and does not end as if it were whole',
    { requirements: ['WW-STREAM-062'], capabilities },
    async (t) => {
      const run = await fleetingRun(t);
      const [open, closed] = [new Stream(t, run.id), new Stream(t, run.id)];
      await open.given(['a', 'b']);
      await closed.given(['a'], { close: true });
      const live = await open.attached();
      await live.count(2);
      await run.given(runCompleted());
      for (const stream of [open, closed])
        for (const start of [0n, 1n, -1n, 9n])
          await t.refused(`a read from ${start}`, () => stream.whole(start), 'STREAM_EXPIRED');
      await t.refused('the read under way', () => live.toEnd(), 'STREAM_EXPIRED');
      t.equal(live.done, false, 'done of the read under way');
      const kept = await t.startedRun();
      const other = new Stream(t, kept.id);
      await other.given(['a'], { close: true });
      await kept.given(runCompleted());
      other.holds(await other.whole(), ['a'], 'the stream of a run without retention');
    },
  ),
  check(
    'streams/removed-stream-takes-nothing',
    'Chunks that come after the removal are not kept, under a new name either',
    { requirements: ['WW-STREAM-063'], capabilities },
    async (t) => {
      const run = await fleetingRun(t);
      const stream = new Stream(t, run.id);
      await stream.given(['SECRET']);
      await run.given(runCompleted());
      const fresh = new Stream(t, run.id);
      for (const each of [stream, fresh]) {
        await t.outcome(() => each.append(['SECRET']));
        const reader = each.reader();
        await t.sleep(QUIET_MS);
        t.equal(reader.texts, [], 'the chunks of a stream of a run that retention emptied');
        if (!t.has('STREAM_INSPECTION')) continue;
        const listed = await t.outcome(() => each.list());
        if ('value' in listed)
          t.equal(listed.value.chunks.length, 0, 'the number of listed chunks');
      }
    },
  ),
];
