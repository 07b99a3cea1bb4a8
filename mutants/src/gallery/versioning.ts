import type { Mutant } from '../mutant.js';
import { DECLARES_PUSH } from './errors.js';
import { keyed } from './keyed.js';

const STOPPING = '        if (this.stopping)\n            throw shuttingDown();';

/** Worlds that take newer and older clients wrongly. */
export const versioningMutants: readonly Mutant[] = [
  {
    name: 'wants-version-header',
    says: 'refuses requests without the header of the protocol version',
    patches: [
      {
        file: 'rpc/gate.js',
        find: STOPPING,
        replace: `${STOPPING}
        if (request.headers['worldwire-protocol-version'] === undefined)
            throw methodNotFound('of a client without a version');`,
      },
    ],
    kills: ['versioning/header-absent'],
  },
  {
    name: 'wants-its-own-version',
    says: 'refuses clients of a higher minor version',
    patches: [
      {
        file: 'rpc/gate.js',
        find: STOPPING,
        replace: `${STOPPING}
        if (/^1\\.[1-9]/.test(request.headers['worldwire-protocol-version'] ?? ''))
            throw methodNotFound('of a client that is newer');`,
      },
    ],
    kills: ['versioning/higher-minor-version'],
  },
  {
    name: 'refuses-unknown-fields',
    says: 'refuses fields that it does not know, in binary requests as well',
    patches: [
      {
        file: 'rpc/lean.js',
        find: '        return fromBinary(endpoint.method.input, body);',
        replace: `        const message = fromBinary(endpoint.method.input, body);
        if (message.$unknown !== undefined)
            throw new Error('holds unknown fields');
        return message;`,
      },
      {
        file: 'rpc/endpoints.js',
        find: '            yield* handler(request, call);',
        replace: `            if (request.$unknown !== undefined)
                throw refusal('INVALID_ARGUMENT', 'holds unknown fields', { field: '', problem: '' });
            yield* handler(request, call);`,
      },
    ],
    kills: ['versioning/unknown-binary-fields', 'versioning/unknown-fields-of-streams'],
  },
  {
    name: 'ignores-misspelt-json',
    says: 'ignores fields that it does not know in JSON',
    patches: [
      {
        file: 'rpc/router.js',
        find: 'ignoreUnknownFields: false,',
        replace: 'ignoreUnknownFields: true,',
      },
    ],
    kills: ['versioning/unknown-json-fields'],
  },
  {
    name: 'unknown-enum-values-are-defaults',
    says: 'takes an enum value that it does not know as the default',
    patches: [
      DECLARES_PUSH,
      {
        file: 'rpc/endpoints.js',
        find: 'return await call.race(handler(request, call));',
        replace: 'return await call.race(handler(lenient(request), call));',
      },
      {
        file: 'rpc/endpoints.js',
        find: 'yield* handler(request, call);',
        replace: 'yield* handler(lenient(request), call);',
      },
      {
        file: 'rpc/endpoints.js',
        find: 'const MAX_LIVE_CALLS = 20_000;',
        replace: `const MAX_LIVE_CALLS = 20_000;
function lenient(request) {
    for (const [name, value] of Object.entries(request)) {
        if (value === 99)
            request[name] = 0;
        else if (Array.isArray(value) && value.includes(99))
            request[name] = [];
        else if (name === 'page' && value !== undefined)
            lenient(value);
    }
    return request;
}`,
      },
    ],
    kills: ['versioning/unknown-enum-values-*'],
    ...keyed,
  },
];
