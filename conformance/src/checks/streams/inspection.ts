import type { Chunk } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import { Stream, texts, writers } from './support.js';

const capabilities = ['STREAM_INSPECTION'] as const;

/** Lists of chunks, and how far a stream has come. */
export const inspectionChecks: readonly Check[] = [
  check(
    'streams/list-is-the-read',
    'ListChunks shows the chunks of a read, under the same indices',
    { requirements: ['WW-STREAM-048', 'WW-STREAM-004', 'WW-STREAM-001'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const expected = [...texts('c', 9), t.random.bytes(300), Uint8Array.of(0, 255), 'end'];
      await stream.given(expected.slice(0, 5));
      stream.holds((await stream.list()).chunks, expected.slice(0, 5), 'the list so far');
      for (const chunk of expected.slice(5)) await stream.given([chunk]);
      stream.holds((await stream.list()).chunks, expected, 'the list of an open stream');
      await stream.close();
      stream.holds((await stream.list()).chunks, expected, 'the list of a closed stream');
      stream.holds(await stream.whole(), expected, 'a read');
    },
  ),
  check(
    'streams/list-in-pages',
    'ListChunks pages, each with its chunks once',
    { requirements: ['WW-STREAM-049', 'WW-STREAM-048'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const all = texts('c', 7);
      await stream.given(all);
      for (const limit of [1, 2, 6, 7, 8]) {
        const { chunks } = await stream.list(limit);
        stream.holds(chunks, all, `the list in pages of ${limit}`);
      }
      const { runId, name } = stream;
      let cursor = '';
      for (let read = 0; read < 7; read++) {
        const answer = await t.api.streams.listChunks({ runId, name, page: { cursor, limit: 1 } });
        t.equal(answer.chunks.length, 1, `the chunks of page ${read} of one`);
        t.equal(answer.page?.hasMore, read < 6, `has_more of page ${read}`);
        cursor = answer.page?.cursor ?? '';
        t.ok(cursor !== '' || read === 6, `the cursor of page ${read} is empty`);
      }
    },
  ),
  check(
    'streams/list-goes-on',
    'The last cursor of ListChunks finds what comes later',
    { requirements: ['WW-STREAM-064'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const all = texts('c', 10);
      await stream.given(all.slice(0, 7));
      const { runId, name } = stream;
      const page = (cursor: string) =>
        t.api.streams.listChunks({ runId, name, page: { cursor, limit: 7 } });
      const first = await page('');
      const cursor = first.page?.cursor ?? '';
      t.ok(cursor !== '', 'the cursor of the last page is empty');
      const empty = await page(cursor);
      t.equal([empty.chunks.length, empty.page?.hasMore], [0, false], 'a page after the last one');
      await stream.given(all.slice(7));
      for (const from of [cursor, empty.page?.cursor ?? '']) {
        const more = await page(from);
        stream.holds([...first.chunks, ...more.chunks], all, 'the pages with what came later');
      }
    },
  ),
  check(
    'streams/list-done',
    'The last page of ListChunks says whether the stream is closed',
    { requirements: ['WW-STREAM-050'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      t.equal((await stream.list()).done, false, 'done of a stream that does not exist');
      await stream.given(['a', 'b', 'c']);
      t.equal((await stream.list(2)).done, false, 'done of an open stream');
      await stream.close();
      for (const limit of [0, 1, 2, 3])
        t.equal((await stream.list(limit)).done, true, `done of the last page of ${limit}`);
      const empty = new Stream(t);
      await empty.close();
      t.equal(await empty.list(), { chunks: [], done: true }, 'the list of a closed empty stream');
    },
  ),
  check(
    'streams/tail-and-done',
    'The tail index is that of the last chunk, and done is whether the stream is closed',
    {
      requirements: ['WW-STREAM-051', 'WW-STREAM-052', 'WW-STREAM-015', 'WW-STREAM-016'],
      capabilities,
    },
    async (t) => {
      const stream = new Stream(t);
      let count = 0;
      for (const size of [1, 3, 10]) {
        const { tailIndex, appended, wasClosed } = await stream.given(texts('c', size));
        count += size;
        t.equal(
          [Number(tailIndex), appended, wasClosed],
          [count - 1, size, false],
          `tail_index, appended and was_closed of an append of ${size}`,
        );
        t.equal(await stream.info(), { tail: count - 1, done: false }, `after ${count} chunks`);
      }
      await stream.close();
      t.equal(await stream.info(), { tail: count - 1, done: true }, 'the closed stream');
      const empty = new Stream(t);
      await empty.close();
      t.equal(await empty.info(), { tail: -1, done: true }, 'the closed empty stream');
      const raced = new Stream(t);
      const answers = await Promise.all(
        writers(t, 8).map((api, at) => raced.append(texts(`w${at}.`, 3), { api })),
      );
      const { chunks } = await raced.list();
      for (const [at, { tailIndex }] of answers.entries()) {
        const last = chunks.findIndex(({ data }) => new TextDecoder().decode(data) === `w${at}.2`);
        t.ok(
          Number(tailIndex) >= last && Number(tailIndex) < chunks.length,
          'tail_index of an append that races others',
          `from ${last}, where its last chunk stands, to ${chunks.length - 1}`,
          tailIndex,
        );
      }
    },
  ),
  check(
    'streams/unknown-stream',
    'A stream that does not exist is shown as an open one without chunks',
    { requirements: ['WW-STREAM-053', 'WW-STREAM-051'], capabilities },
    async (t) => {
      const run = await t.run();
      const known = new Stream(t);
      await known.given(['a'], { close: true });
      for (const stream of [
        new Stream(t),
        new Stream(t, run.id),
        known.sibling(t.unique('other')),
        known.sibling(known.name.slice(0, -1)),
      ]) {
        t.equal(await stream.list(), { chunks: [], done: false }, 'the list');
        t.equal(await stream.info(), { tail: -1, done: false }, 'how far it has come');
      }
    },
  ),
  check(
    'streams/list-while-appending',
    'A client that pages while chunks come has each once and in order',
    { requirements: ['WW-STREAM-049', 'WW-STREAM-048'], capabilities },
    async (t) => {
      const stream = new Stream(t);
      const { runId, name } = stream;
      const all = texts('c', 90);
      await stream.given(all.slice(0, 3));
      const found: Chunk[] = [];
      let sent = 3;
      let cursor = '';
      const appending = (async () => {
        for (; sent < all.length; sent += 3) await stream.given(all.slice(sent, sent + 3));
        await stream.close();
      })();
      await t.eventually('the end of the list', async () => {
        const answer = await t.api.streams.listChunks({ runId, name, page: { cursor, limit: 4 } });
        const next = answer.page?.cursor ?? '';
        const ended = answer.done && !answer.page?.hasMore;
        // A page that no chunk follows may have no cursor: what it holds is read again.
        if (next !== '' || ended) found.push(...answer.chunks);
        cursor = next || cursor;
        return ended || undefined;
      });
      await appending;
      stream.holds(found, all, 'the pages together');
    },
  ),
];
