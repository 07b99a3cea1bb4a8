import type { Mutant } from '../../mutant.js';

const RULES = 'core/stream-rules.js';
const STORE = 'store/sqlite/streams.js';

/** Worlds whose writers land too often or not at all. */
export const writerMutants: readonly Mutant[] = [
  {
    name: 'stream-writers-ignored',
    says: 'appends of a writer land as often as they are sent',
    patches: [
      {
        file: RULES,
        find: "const appended = writerId === '' ? chunks.length",
        replace: 'const appended = true ? chunks.length',
      },
    ],
    kills: [
      'streams/writer-repeats',
      'streams/writer-overlaps',
      'streams/writer-gap',
      'streams/writers-survive',
    ],
  },
  {
    name: 'stream-writers-shared',
    says: 'a writer has one count for all streams',
    patches: [
      {
        file: STORE,
        find: 'SELECT appended FROM writers WHERE stream_key = ? AND writer_id = ?',
        replace:
          'SELECT max(appended) AS appended FROM writers WHERE (stream_key = ? OR 1) AND writer_id = ?',
      },
    ],
    kills: ['streams/writers-apart'],
  },
  {
    name: 'stream-negative-sequence',
    says: 'a negative sequence is taken',
    patches: [{ file: RULES, find: 'if (sequence < 0n || ', replace: 'if (' }],
    kills: ['streams/writer-arguments'],
  },
  {
    name: 'stream-writers-in-memory',
    says: 'what a writer has appended is forgotten with the process',
    patches: [
      {
        file: STORE,
        find: 'return getWriter.get(key, writerId)?.appended ?? 0;',
        replace: "return (globalThis.writerCounts ??= new Map()).get(key + '/' + writerId) ?? 0;",
      },
      {
        file: STORE,
        find: 'putWriter.run(key, writerId, appended);',
        replace: "(globalThis.writerCounts ??= new Map()).set(key + '/' + writerId, appended);",
      },
    ],
    kills: ['streams/writers-survive', 'streams/retry-after-death'],
  },
];
