import type { Mutant } from '../../mutant.js';

const RULES = 'core/stream-rules.js';
const READ = 'dispatch/read-stream.js';

/** Worlds whose live reads are faulty. */
export const liveMutants: readonly Mutant[] = [
  {
    name: 'stream-index-from-the-start-of-the-read',
    says: 'a read counts chunks from where it began',
    patches: [
      {
        file: READ,
        find: 'chunks: chunks.map(toChunk),',
        replace:
          'chunks: chunks.map((chunk) => toChunk({ ...chunk, index: chunk.index - opened.from })),',
      },
    ],
    kills: [
      'streams/indices-stay',
      'streams/start-index',
      'streams/many-readers',
      'streams/resume-after-cut',
    ],
  },
  {
    name: 'stream-next-index-zero',
    says: 'signs of life and first responses name the index 0',
    patches: [
      {
        file: READ,
        find: 'return create(ReadResponseSchema, { nextIndex: BigInt(from) });',
        replace: 'return create(ReadResponseSchema, { nextIndex: 0n });',
      },
    ],
    kills: ['streams/first-response', 'streams/done-and-next-index'],
  },
  {
    name: 'stream-start-at-the-end',
    says: 'a read from beyond the end begins at the end',
    patches: [
      {
        file: RULES,
        find: 'const from = start >= 0 ? start :',
        replace: 'const from = start >= 0 ? Math.min(start, stream?.length ?? 0) :',
      },
    ],
    kills: ['streams/start-beyond-the-end', 'streams/first-response'],
  },
  {
    name: 'stream-waits-beyond-a-closed-end',
    says: 'a read from beyond the end of a closed stream never ends',
    patches: [
      { file: RULES, find: 'next >= stream.length };', replace: 'next === stream.length };' },
    ],
    kills: ['streams/start-beyond-a-closed-end'],
  },
  {
    name: 'stream-end-counted',
    says: 'a negative start counts the end of a closed stream as a chunk',
    patches: [
      {
        file: RULES,
        find: '(stream?.length ?? 0) + start)',
        replace: '(stream?.length ?? 0) + (stream?.closed ? 1 : 0) + start)',
      },
    ],
    kills: ['streams/negative-start', 'streams/append-after-close'],
  },
  {
    name: 'stream-start-counted-down-twice',
    says: 'chunks that come while a read attaches are counted twice among those before its start index',
    patches: [
      {
        file: READ,
        find: 'let { runId, from } = opened;',
        replace: `let { runId, from } = opened;
        const length = async () => Number((await world.read(streamRules.getStreamInfo, call.project, { runId: request.runId, name })).tailIndex) + 1;
        const before = await length();
        await new Promise((resolve) => setTimeout(resolve, 4));
        const after = await length();
        from -= Math.min(after - before, Math.max(0, from - after));`,
      },
    ],
    kills: ['streams/start-ahead-while-appending'],
  },
  {
    name: 'stream-negative-start-counted-twice',
    says: 'a negative start is counted when the read attaches, and again when its first chunks are read',
    patches: [
      {
        file: READ,
        find: 'yield attachment.sent(message(from));\n        for (;;) {',
        replace: `yield attachment.sent(message(from));
        await new Promise((resolve) => setTimeout(resolve, 4));
        if (startIndex < 0n) ({ from } = await world.read(streamRules.openRead, call.project, { runId: request.runId, name, startIndex }));
        for (;;) {`,
      },
    ],
    kills: ['streams/negative-start-while-appending'],
  },
  {
    name: 'stream-start-added-to-each-page',
    says: 'a read of a long stream skips its start index again behind each full page',
    patches: [
      {
        file: READ,
        find: 'from = Number(last.index) + 1;',
        replace: 'from = Number(last.index) + 1 + (chunks.length < 1_000 ? 0 : opened.from);',
      },
    ],
    kills: ['streams/resume-in-a-long-stream'],
  },
  {
    name: 'stream-gap-at-attach',
    says: 'what is appended while a read of the end attaches is lost',
    patches: [
      {
        file: READ,
        find: 'let { runId, from } = opened;',
        replace: `let { runId, from } = opened;
        const tail = async () => Number((await world.read(streamRules.getStreamInfo, call.project, { runId: request.runId, name })).tailIndex);
        if (from > await tail()) {
            await new Promise((resolve) => setTimeout(resolve, 4));
            from = Math.max(from, await tail() + 1);
        }`,
      },
    ],
    kills: ['streams/attach-while-appending'],
  },
  {
    name: 'stream-bursts-cut',
    says: 'a read sends the first chunks of a burst and skips the others',
    patches: [
      {
        file: READ,
        find: 'chunks: chunks.map(toChunk),',
        replace: 'chunks: chunks.slice(0, 18).map(toChunk),',
      },
    ],
    kills: ['streams/bursts', 'streams/bursts-of-many', 'streams/append-and-close'],
  },
  {
    name: 'stream-single-chunk-held-back',
    says: 'an append of a single chunk does not wake the reads',
    patches: [
      {
        file: RULES,
        find: 'if (appended > 0 || request.close)',
        replace: 'if (appended > 1 || request.close)',
      },
    ],
    kills: ['streams/live-at-once', 'streams/idle-read-stays-open'],
  },
  {
    name: 'stream-unknown-is-ended',
    says: 'a read of a stream that does not exist ends at once',
    patches: [
      {
        file: RULES,
        find: 'return { runId: request.runId, chunks: [], done: false };',
        replace: 'return { runId: request.runId, chunks: [], done: true };',
      },
    ],
    kills: ['streams/reader-before-the-stream'],
  },
  {
    name: 'stream-done-too-often',
    says: 'every response with chunks says that it is the last',
    patches: [
      {
        file: READ,
        find: '                    done,\n',
        replace: '                    done: done || last !== undefined,\n',
      },
    ],
    kills: ['streams/done-and-next-index'],
  },
  {
    name: 'stream-idle-read-ended',
    says: 'a read on which nothing comes for a while is ended',
    patches: [
      {
        file: READ,
        find: 'while (!(await attachment.news()))\n                yield attachment.sent(message(from));',
        replace: 'if (!(await attachment.news()))\n                return;',
      },
    ],
    kills: ['streams/idle-read-stays-open', 'streams/sign-of-life'],
  },
  {
    name: 'stream-slow-reader-skipped',
    says: 'a read that falls behind goes on at the end',
    patches: [
      {
        file: READ,
        find: 'attachment.check();\n            const { chunks, done',
        replace: `attachment.check();
            const { tailIndex } = await world.read(streamRules.getStreamInfo, call.project, { runId: request.runId, name });
            if (attachment.live && Number(tailIndex) - from > 20) from = Number(tailIndex);
            attachment.live = true;
            const { chunks, done`,
      },
    ],
    kills: ['streams/slow-reader', 'streams/close-during-a-stall'],
  },
];
