import type { Mutant } from '../../mutant.js';

/** Worlds that serve connections, streams and their own end wrongly. */
export const connectionMutants: readonly Mutant[] = [
  {
    name: 'http-1-only',
    says: 'serves HTTP/1.1 only',
    patches: [
      {
        file: 'rpc/port.js',
        find: 'found(start === PREFACE);',
        replace: 'found(false);',
      },
    ],
    kills: ['wire/connect-over-http-2', 'wire/grpc-served'],
  },
  {
    name: 'falls-over-broken-connections',
    says: 'ends when a connection speaks no HTTP',
    patches: [
      {
        file: 'rpc/port.js',
        find: "server.on('clientError', (err, socket) => {",
        replace: "server.on('clientError', (err, socket) => {\n            process.exit(1);",
      },
    ],
    kills: ['wire/broken-connections'],
  },
  {
    name: 'buffers-streams',
    says: 'holds the responses of a stream back until four are there',
    patches: [
      {
        file: 'rpc/respond.js',
        find: 'await writeAll(response, piece.value);',
        replace: `held.push(piece.value);
            if (held.length < 4)
                continue;
            await writeAll(response, Buffer.concat(held.splice(0)));`,
      },
      {
        file: 'rpc/respond.js',
        find: 'const pieces = answer.body[Symbol.asyncIterator]();',
        replace: 'const pieces = answer.body[Symbol.asyncIterator]();\n    const held = [];',
      },
      {
        file: 'rpc/respond.js',
        find: '        if (answer.trailer !== undefined)',
        replace:
          '        response.write(Buffer.concat(held));\n        if (answer.trailer !== undefined)',
      },
    ],
    kills: ['wire/responses-at-once'],
  },
  {
    name: 'sixty-streams',
    says: 'serves sixty streams at a time',
    patches: [
      {
        file: 'rpc/endpoints.js',
        find: 'const MAX_LIVE_CALLS = 20_000;',
        replace: 'const MAX_LIVE_CALLS = 60;',
      },
    ],
    kills: ['wire/hundred-streams'],
  },
  {
    name: 'health-of-the-whole-only',
    says: 'knows the health of no service by its name',
    patches: [
      {
        file: 'rpc/health.js',
        find: "const known = new Set(['', ...names]);",
        replace: "const known = new Set(['']);",
      },
    ],
    kills: ['wire/health'],
  },
  {
    name: 'stops-at-once',
    says: 'cuts off what is under way when it is told to stop',
    patches: [
      {
        file: 'server.js',
        find: '        gate.stopping = true;',
        replace: '        process.exit(0);',
      },
    ],
    kills: ['wire/stops-in-order'],
  },
];
