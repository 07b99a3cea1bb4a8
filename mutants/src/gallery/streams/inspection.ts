import type { Mutant } from '../../mutant.js';

const RULES = 'core/stream-rules.js';

/** Worlds that list or report streams wrongly. */
export const inspectionMutants: readonly Mutant[] = [
  {
    name: 'stream-list-repeats',
    says: 'a page of chunks begins with the last one of the page before',
    patches: [{ file: RULES, find: 'page.slice.after + 1;', replace: 'page.slice.after;' }],
    kills: ['streams/list-in-pages', 'streams/list-while-appending'],
  },
  {
    name: 'stream-list-done-at-the-last-page',
    says: 'the last page of an open stream says that the stream is closed',
    patches: [
      {
        file: RULES,
        find: 'more: next < (stream?.length ?? 0),\n        }),\n        done: stream?.closed ?? false,',
        replace:
          'more: next < (stream?.length ?? 0),\n        }),\n        done: next >= (stream?.length ?? 0),',
      },
    ],
    kills: ['streams/list-done', 'streams/unknown-stream'],
  },
  {
    name: 'stream-tail-is-a-count',
    says: 'the tail index is the number of chunks',
    patches: [
      {
        file: RULES,
        find: 'tailIndex: BigInt((stream?.length ?? 0) - 1),',
        replace: 'tailIndex: BigInt(stream?.length ?? 0),',
      },
    ],
    kills: ['streams/tail-and-done', 'streams/unknown-stream'],
  },
  {
    name: 'stream-list-ends-for-good',
    says: 'the last page of chunks carries no cursor',
    patches: [
      {
        file: 'core/stream-rules.js',
        find: `        page: page.info({
            items: chunks.map((chunk) => ({ key: chunk.index })),
            more: next < (stream?.length ?? 0),
        }),`,
        replace: `        page: next < (stream?.length ?? 0)
            ? page.info({ items: chunks.map((chunk) => ({ key: chunk.index })), more: true })
            : {},`,
      },
    ],
    kills: ['streams/list-goes-on'],
  },
];
