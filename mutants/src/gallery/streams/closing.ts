import type { Mutant } from '../../mutant.js';

const RULES = 'core/stream-rules.js';

/** Worlds whose streams end wrongly. */
export const closingMutants: readonly Mutant[] = [
  {
    name: 'stream-close-once',
    says: 'a second closing is refused',
    patches: [
      {
        file: RULES,
        find: 'if (!stream.closed) {',
        replace: "if (stream.closed) throw invalid('name', 'is closed');\n    else {",
      },
    ],
    kills: ['streams/close-again'],
  },
  {
    name: 'stream-close-unnoticed',
    says: 'a closing does not wake the reads',
    patches: [
      {
        file: RULES,
        find: 'yield* store.closeStream(stream.key);\n        yield* store.notify(streamTopic(scope.project, request.name));',
        replace: 'yield* store.closeStream(stream.key);',
      },
    ],
    kills: ['streams/close-without-chunks', 'streams/close-ends-reads'],
  },
  {
    name: 'stream-open-after-close',
    says: 'a closed stream takes further chunks',
    patches: [{ file: RULES, find: 'if (standing?.closed)', replace: 'if (false)' }],
    kills: [
      'streams/append-after-close',
      'streams/append-after-empty-close',
      'streams/append-after-close-inspected',
      'streams/close-races-appends',
      'streams/was-closed-is-true',
      'streams/writer-repeats-after-close',
      'streams/closings-survive',
    ],
  },
  {
    name: 'stream-close-loses-a-chunk',
    says: 'the last chunk of an append that closes is lost',
    patches: [
      {
        file: RULES,
        find: 'chunks.slice(chunks.length - appended)',
        replace: 'chunks.slice(chunks.length - appended, request.close ? -1 : undefined)',
      },
    ],
    kills: ['streams/append-and-close'],
  },
  {
    name: 'stream-was-closed-unsaid',
    says: 'an append to a closed stream is not told so',
    patches: [{ file: RULES, find: 'wasClosed: !repeats', replace: 'wasClosed: false' }],
    kills: ['streams/was-closed-is-true', 'streams/append-after-close-inspected'],
  },
  {
    name: 'stream-repeat-told-closed',
    says: 'a repetition of what landed is told that the stream was closed',
    patches: [{ file: RULES, find: 'wasClosed: !repeats', replace: 'wasClosed: true' }],
    kills: ['streams/writer-repeats-after-close', 'streams/writers-survive'],
  },
];
