import { type Check, check } from '../../check.js';
import { runCancelled, runCompleted, runFailed } from '../../fixtures/new-event.js';
import { Stream, texts } from './support.js';

/** Which stream an append goes to and a read comes from. */
export const whichStreamChecks: readonly Check[] = [
  check(
    'streams/without-a-run',
    'A stream whose run id has no run is written, closed and read as any other',
    { requirements: ['WW-STREAM-017', 'WW-STREAM-036'] },
    async (t) => {
      const stream = new Stream(t, t.unique('wrun_hc'), t.unique('__health_check__'));
      const live = await t.accepted('a read of a stream without a run', async () => {
        const reader = stream.reader();
        await reader.attached();
        return reader;
      });
      await t.accepted('an append without a run', () => stream.append(['ok']));
      await t.accepted('a closing without a run', () => stream.close());
      stream.holds(await live.toEnd(), ['ok'], 'the stream');
      const empty = new Stream(t, t.unique('wrun_hc'));
      await t.accepted('a closing of a stream without chunks or run', () => empty.close());
      stream.holds(await empty.whole(), [], 'the empty stream');
    },
  ),
  check(
    'streams/of-an-ended-run',
    'A stream of a run that has ended takes its last chunks and its closing',
    { requirements: ['WW-STREAM-018'] },
    async (t) => {
      for (const ending of ['completed', 'failed', 'cancelled'] as const) {
        const run = await t.startedRun();
        const stream = new Stream(t, run.id);
        await stream.given(['before']);
        const live = await stream.attached();
        await run.given(
          ending === 'completed'
            ? runCompleted()
            : ending === 'failed'
              ? runFailed(run.failure())
              : runCancelled(),
        );
        await t.accepted(`an append after the run ${ending}`, () => stream.append(['after']));
        await t.accepted(`a closing after the run ${ending}`, () => stream.close());
        stream.holds(await live.toEnd(), ['before', 'after'], `a read of the ${ending} run`);
        const late = new Stream(t, run.id);
        await t.accepted(`a new stream after the run ${ending}`, () =>
          late.append(['new'], { close: true }),
        );
        late.holds(await late.whole(), ['new'], `a new stream of the ${ending} run`);
      }
    },
  ),
  check(
    'streams/names-that-begin-alike',
    'Streams of one run whose names begin alike are kept apart',
    { requirements: ['WW-STREAM-019'] },
    async (t) => {
      const base = new Stream(t);
      const suffixes = ['', '-1', '-10', '_1', '-', '_user', '_user_x', '0'];
      const streams = suffixes.map((suffix) => base.sibling(`${base.name}${suffix}`));
      const readers = [];
      for (const stream of streams) readers.push(await stream.attached());
      for (const round of [0, 1])
        for (const [at, stream] of streams.entries()) await stream.given([`${at}/${round}`]);
      // Closed one after the other: the closing of one is not that of another.
      for (const [at, stream] of streams.entries()) {
        await stream.given([`${at}/last`]);
        await stream.close();
      }
      for (const [at, stream] of streams.entries()) {
        const expected = [`${at}/0`, `${at}/1`, `${at}/last`];
        stream.holds(await readers[at]!.toEnd(), expected, `a live read of ${stream.name}`);
        stream.holds(await stream.whole(), expected, `a later read of ${stream.name}`);
      }
    },
  ),
  check(
    'streams/same-name-in-two-runs',
    'Streams of the same name of two run ids are kept apart',
    { requirements: ['WW-STREAM-020'] },
    async (t) => {
      const one = new Stream(t);
      const other = new Stream(t, t.unique('wrun_hc'), one.name);
      const live = await other.attached();
      await one.given(['one'], { close: true });
      await other.given(['other']);
      await other.close();
      one.holds(await one.whole(), ['one'], 'the first');
      other.holds(await live.toEnd(), ['other'], 'a live read of the second');
      other.holds(await other.whole(), ['other'], 'the second');
    },
  ),
  check(
    'streams/by-name-alone',
    'A read without a run id finds the stream by its name',
    { requirements: ['WW-STREAM-021'] },
    async (t) => {
      const stream = new Stream(t);
      const byName = new Stream(t, '', stream.name);
      await stream.given(['a', 'b']);
      const live = byName.reader(1n);
      stream.holds(await live.count(1), ['b'], 'a read by name', 1);
      await stream.given(['c'], { close: true });
      stream.holds(await live.toEnd(), ['b', 'c'], 'a live read by name', 1);
      stream.holds(await byName.whole(), ['a', 'b', 'c'], 'a later read by name');
    },
  ),
  check(
    'streams/list-of-streams',
    'ListStreams names every stream of a run id that was written or closed, once, and no other',
    { requirements: ['WW-STREAM-022'], capabilities: ['STREAM_INSPECTION'] },
    async (t) => {
      const runId = t.unique('wrun_hc');
      const named = texts(t.unique('s'), 6);
      const [first, second, , , closed, both] = named.map((name) => new Stream(t, runId, name));
      for (const name of named.slice(0, 4))
        for (const chunk of ['a', 'b']) await new Stream(t, runId, name).given([chunk]);
      await closed!.close();
      await both!.given(['a'], { close: true });
      await first!.close();
      await first!.given(['late']);
      // Neither of another run id, nor only read.
      await new Stream(t, `${runId}x`, t.unique('other')).given(['a']);
      await second!.sibling(t.unique('unwritten')).attached();
      for (const limit of [0, 1, 4]) {
        const names: string[] = [];
        let cursor = '';
        for (let pages = 0; pages <= named.length + 1; pages++) {
          const answer = await t.api.streams.listStreams({ runId, page: { limit, cursor } });
          if (limit > 0) t.ok(answer.names.length <= limit, `a page of ${limit} holds more`);
          names.push(...answer.names);
          if (!answer.page?.hasMore) break;
          cursor = answer.page.cursor;
        }
        t.equal(names.sort(), [...named].sort(), `the streams, in pages of ${limit}`);
      }
      const none = await t.api.streams.listStreams({ runId: t.unique('wrun_hc') });
      t.equal(none.names, [], 'the streams of a run id without any');
    },
  ),
  check(
    'streams/list-by-creation',
    'ListStreams names the streams in the order in which they were created',
    { requirements: ['WW-STREAM-023'], capabilities: ['STREAM_INSPECTION'] },
    async (t) => {
      const runId = t.unique('wrun_hc');
      const named = ['m', 'z', 'a', 'Q', 'b', '0'].map((prefix) => t.unique(prefix));
      for (const name of named) {
        await new Stream(t, runId, name).given(['a']);
        // So that Worlds whose clock orders them can tell them apart.
        await t.sleep(3);
      }
      for (const name of named.toReversed()) await new Stream(t, runId, name).given(['b']);
      const { names } = await t.api.streams.listStreams({ runId });
      t.equal(names, named, 'the streams');
    },
  ),
];
