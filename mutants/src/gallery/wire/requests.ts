import type { Mutant } from '../../mutant.js';
import { changesBodies } from './body.js';

/** Worlds that take malformed requests, compression and deadlines wrongly. */
export const requestMutants: readonly Mutant[] = [
  {
    name: 'no-compression',
    says: 'takes no compressed requests',
    patches: [
      {
        file: 'rpc/router.js',
        find: 'acceptCompression: [compressionGzip, compressionBrotli],',
        replace: 'acceptCompression: [],',
      },
    ],
    kills: ['wire/gzip-requests'],
  },
  {
    name: 'ignores-compression',
    says: 'reads binary requests as if they were not compressed',
    patches: [
      {
        file: 'rpc/lean.js',
        find: "(encoding === undefined || encoding === 'identity')",
        replace: 'true',
      },
    ],
    kills: ['wire/bad-compression'],
  },
  {
    name: 'compresses-for-everyone',
    says: 'compresses answers for clients that do not say they unpack them',
    patches: [
      {
        file: 'rpc/lean.js',
        find: "import { Call } from './call.js';",
        replace: "import { Call } from './call.js';\nimport { gzipSync } from 'node:zlib';",
      },
      {
        file: 'rpc/lean.js',
        find: "        response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': answer.length });\n        await endWith(response, answer);",
        replace:
          "        response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip' });\n        response.end(gzipSync(answer));",
      },
    ],
    kills: ['wire/answers-not-compressed'],
  },
  {
    name: 'no-deadlines',
    says: 'lets calls over Connect in binary outlive their deadlines',
    patches: [
      {
        file: 'rpc/call.js',
        find: 'timeoutMs !== undefined && timeoutMs <= MAX_TIMER_MS',
        replace: 'false',
      },
    ],
    kills: ['wire/deadlines-pass'],
  },
  {
    name: 'far-deadlines-pass-at-once',
    says: 'sets a timer beyond what timers count',
    patches: [
      {
        file: 'rpc/call.js',
        find: 'timeoutMs !== undefined && timeoutMs <= MAX_TIMER_MS',
        replace: 'timeoutMs !== undefined',
      },
    ],
    kills: ['wire/far-deadlines'],
  },
  {
    name: 'half-writes-of-the-gone',
    says: 'loses the event of a write, and keeps the record, when a caller goes away',
    patches: [
      {
        file: 'rpc/lean.js',
        find: "response.once('close', () => lived.abort());",
        replace:
          "response.once('close', () => { globalThis.gone ||= !response.writableFinished; lived.abort(); });",
      },
      {
        file: 'rpc/lean.js',
        find: '        const answer = toBinary(',
        replace: `        await new Promise((resolve) => setTimeout(resolve, 20));
        const answer = toBinary(`,
      },
      {
        file: 'core/append.js',
        find: '        yield* store.appendEvents(key, events, end);',
        replace: `        if (globalThis.gone && command.data.case === 'stepCreated')
            globalThis.gone = false;
        else
            yield* store.appendEvents(key, events, end);`,
      },
    ],
    kills: ['wire/writer-gone'],
  },
  {
    name: 'bad-bytes-are-faults',
    says: 'takes bytes that are no message for a fault of its own',
    patches: [
      {
        file: 'rpc/lean.js',
        find: '        throw malformed(error instanceof Error ? error.message : String(error));',
        replace: '        throw error;',
      },
    ],
    kills: ['wire/not-a-message', 'errors/malformed-have-the-form'],
  },
  {
    name: 'first-of-two-messages',
    says: 'reads the first message of a request for a stream and ignores the rest',
    patches: [
      changesBodies(
        "type.startsWith('application/connect+') && bytes.length > 5 ? bytes.subarray(0, 5 + bytes.readUInt32BE(1)) : bytes",
      ),
    ],
    kills: ['wire/stream-requests'],
  },
  {
    name: 'ignores-announced-lengths',
    says: 'takes what came of a frame, whatever length it announced',
    patches: [
      changesBodies(
        "type.startsWith('application/connect+') && bytes.length > 5 ? (bytes.writeUInt32BE(bytes.length - 5, 1), bytes) : bytes",
      ),
    ],
    kills: ['wire/announced-lengths'],
  },
];
