import type { Mutant, Patch } from '../../mutant.js';

const RULES = 'core/stream-rules.js';
const READ = 'dispatch/read-stream.js';
const SERVICE = 'rpc/stream.js';

/** Changes the chunks of an append before anything else happens to them. */
function chunksOf(expression: string): Patch {
  return {
    file: RULES,
    find: 'checkAppend(request, scope.limits);\n    const { chunks, writerId } = request;',
    replace: `checkAppend(request, scope.limits);\n    const { writerId } = request;\n    const chunks = ${expression};`,
  };
}

/** Serves appends in another way. */
function appendsBy(body: string): Patch {
  return {
    file: SERVICE,
    find: 'append: world.writes(streamRules.append),',
    replace: `append: async (request, call) => {
            const write = (rule, request) => world.write(rule, call.project, request);
            ${body}
        },`,
  };
}

/** Worlds with faulty chunks and appends. */
export const chunkMutants: readonly Mutant[] = [
  {
    name: 'stream-chunks-as-text',
    says: 'chunks are taken for text',
    patches: [
      {
        file: RULES,
        find: 'return { index: BigInt(index), data };',
        replace:
          'return { index: BigInt(index), data: new TextEncoder().encode(new TextDecoder().decode(data)) };',
      },
    ],
    kills: ['streams/bytes-untouched', 'streams/list-is-the-read', 'streams/chunks-survive'],
  },
  {
    name: 'stream-chunks-merged',
    says: 'a read sends the chunks that are there as one',
    patches: [
      {
        file: READ,
        find: 'chunks: chunks.map(toChunk),',
        replace:
          'chunks: chunks.length === 0 ? [] : [toChunk({ index: chunks[0].index, data: Buffer.concat(chunks.map(({ data }) => data)) })],',
      },
    ],
    kills: ['streams/small-chunks-stay-apart', 'streams/order-of-the-request'],
  },
  {
    name: 'stream-large-chunk-split',
    says: 'a chunk of more than a megabyte becomes two',
    patches: [
      chunksOf(
        'request.chunks.flatMap((chunk) => chunk.length <= 1_048_576 ? [chunk] : [chunk.subarray(0, 1_048_576), chunk.subarray(1_048_576)])',
      ),
    ],
    kills: ['streams/large-chunk-stays-one'],
  },
  {
    name: 'stream-small-chunks-first',
    says: 'the small chunks of an append overtake the large ones',
    patches: [chunksOf('[...request.chunks].sort((a, b) => a.length - b.length)')],
    kills: ['streams/order-of-the-request'],
  },
  {
    name: 'stream-appends-chunk-by-chunk',
    says: 'the chunks of an append are written one by one',
    patches: [
      appendsBy(`
            if (request.chunks.length === 0) return write(streamRules.append, request);
            let answer;
            for (const [at, chunk] of request.chunks.entries()) {
                const sequence = request.writerId === '' ? 0n : request.sequence + BigInt(at);
                const close = request.close && at === request.chunks.length - 1;
                answer = await write(streamRules.append, { ...request, chunks: [chunk], sequence, close });
            }
            return { ...answer, appended: request.chunks.length };`),
    ],
    kills: ['streams/appends-at-the-same-time', 'streams/death-during-appends'],
  },
  {
    name: 'stream-appends-lost-in-races',
    says: 'an append that meets another one of its stream is answered and lost',
    patches: [
      appendsBy(`
            const busy = (globalThis.busyStreams ??= new Set());
            const key = request.runId + '/' + request.name;
            if (busy.has(key)) return { $typeName: 'worldwire.v1.AppendResponse', tailIndex: 0n, appended: request.chunks.length, wasClosed: false };
            busy.add(key);
            try {
                return await write(streamRules.append, request);
            } finally {
                busy.delete(key);
            }`),
    ],
    kills: ['streams/appends-at-the-same-time', 'streams/first-appends-at-the-same-time'],
  },
  {
    name: 'stream-large-append-late',
    says: 'large appends are written after they were answered',
    patches: [
      appendsBy(`
            const bytes = request.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
            if (bytes < 10_000) return write(streamRules.append, request);
            setTimeout(() => void write(streamRules.append, request), 50);
            return { $typeName: 'worldwire.v1.AppendResponse', tailIndex: 0n, appended: request.chunks.length, wasClosed: false };`),
    ],
    kills: ['streams/appends-follow-answers'],
  },
  {
    name: 'stream-write-behind',
    says: 'appends and closings are answered from memory and written half a second later',
    patches: [
      appendsBy(`
            setTimeout(() => void write(streamRules.append, request), 500);
            return { $typeName: 'worldwire.v1.AppendResponse', tailIndex: 0n, appended: request.chunks.length, wasClosed: false };`),
      {
        file: SERVICE,
        find: 'close: world.writes(streamRules.close),',
        replace: `close: async (request, call) => {
            setTimeout(() => void world.write(streamRules.close, call.project, request), 500);
            return { $typeName: 'worldwire.v1.CloseResponse', tailIndex: 0n };
        },`,
      },
    ],
    kills: [
      'streams/chunks-survive',
      'streams/closings-survive',
      'streams/writers-survive',
      'streams/retry-after-death',
      'streams/death-during-appends',
    ],
  },
  {
    name: 'stream-empty-chunks-dropped',
    says: 'empty chunks are dropped before they are counted',
    patches: [chunksOf('request.chunks.filter((chunk) => chunk.length > 0)')],
    kills: ['streams/empty-chunk-kept', 'streams/writer-counts-empty-chunks'],
  },
  {
    name: 'stream-append-of-nothing',
    says: 'an append with no chunk is taken',
    patches: [
      { file: RULES, find: 'if (chunks.length === 0 && !request.close)', replace: 'if (false)' },
    ],
    kills: ['streams/append-of-nothing'],
  },
  {
    name: 'stream-alike-chunks-once',
    says: 'equal chunks of one append land once',
    patches: [
      chunksOf(
        'request.chunks.filter((chunk, at, all) => all.findIndex((other) => Buffer.compare(other, chunk) === 0) === at)',
      ),
    ],
    kills: ['streams/alike-appends-all-land'],
  },
];
