import type { Mutant, Patch } from '../../mutant.js';

/** Refuses what it finds at the gate as a method that is not there. */
function lacks(when: string): Patch {
  const find = '        if (endpoint !== undefined) {\n';
  return {
    file: 'rpc/gate.js',
    find,
    replace: `        if (${when})
            throw methodNotFound(path);
${find}`,
  };
}

/** Worlds that speak a protocol wrongly or not at all. */
export const protocolMutants: readonly Mutant[] = [
  {
    name: 'no-json-by-post',
    says: 'serves JSON by GET only',
    patches: [
      lacks("request.method === 'POST' && request.headers['content-type'] === 'application/json'"),
    ],
    kills: ['wire/connect-unary'],
  },
  {
    name: 'connect-streams-without-end',
    says: 'ends Connect streams without an end-of-stream message',
    patches: [
      {
        file: 'rpc/respond.js',
        find: 'await writeAll(response, piece.value);',
        replace: 'if (piece.value[0] !== 2) await writeAll(response, piece.value);',
      },
    ],
    kills: ['wire/connect-streams'],
  },
  {
    name: 'every-error-is-400',
    says: 'answers every refusal over Connect with the HTTP status 400',
    patches: [
      {
        file: 'rpc/wire-error.js',
        find: 'options.status ?? codeToHttpStatus(error.code)',
        replace: 'options.status ?? 400',
      },
    ],
    kills: ['wire/status-of-codes'],
  },
  {
    name: 'no-get',
    says: 'serves no method by GET',
    patches: [lacks("request.method === 'GET' && endpoint !== undefined")],
    kills: ['wire/get-reads'],
  },
  {
    name: 'writes-by-get',
    says: 'serves methods with effects by GET',
    patches: [
      {
        file: 'rpc/router.js',
        find: 'router.rpc(method, impl);',
        replace: 'router.rpc(Object.assign(method, { idempotency: 1 }), impl);',
      },
    ],
    kills: ['wire/get-has-no-effects'],
  },
  {
    name: 'wrong-forms-are-400',
    says: 'answers wrong verbs and content types with the HTTP status 400',
    patches: [
      {
        file: 'rpc/router.js',
        find: '        status,\n        headers: status === 405',
        replace: '        status: 400,\n        headers: status === 405',
      },
    ],
    kills: ['wire/other-verbs', 'wire/content-types', 'wire/get-has-no-effects'],
  },
  {
    name: 'grpc-lacks-methods',
    says: 'lacks a method over gRPC and gRPC-Web',
    patches: [
      lacks(
        "path.endsWith('/GetStep') && /^application.grpc/.test(request.headers['content-type'] ?? '')",
      ),
    ],
    kills: ['wire/grpc-served', 'wire/grpc-web-served'],
  },
  {
    name: 'grpc-without-details',
    says: 'leaves the details out of the trailers of gRPC and gRPC-Web',
    patches: [
      {
        file: 'rpc/wire-error.js',
        find: '    setTrailerStatus(trailer, error);',
        replace:
          "    setTrailerStatus(trailer, error);\n    trailer.delete('grpc-status-details-bin');",
      },
    ],
    kills: ['wire/grpc-trailers', 'wire/grpc-web-trailers'],
  },
  {
    name: 'other-answers-by-other-protocols',
    says: 'leaves the correlation id out of events, but for Connect in binary',
    patches: [
      {
        file: 'rpc/router.js',
        find: '                const answer = await unary(request, call);',
        replace: `                const answer = await unary(request, call);
                for (const event of answer.events ?? [])
                    event.correlationId = '';`,
      },
    ],
    kills: ['wire/same-answers'],
  },
  {
    name: 'plain-404-for-methods',
    says: 'answers a method that it does not have with a bare HTTP 404',
    patches: [
      {
        file: 'rpc/gate.js',
        find: '        throw methodNotFound(path.slice(1, 256));',
        replace: '        response.writeHead(404);\n        response.end();',
      },
    ],
    kills: ['wire/unknown-methods'],
  },
];
