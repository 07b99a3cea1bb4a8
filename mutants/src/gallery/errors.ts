import type { Mutant, Patch } from '../mutant.js';
import { keyed } from './keyed.js';

/** Declares push as well, so that the checks of its methods apply. */
export const DECLARES_PUSH: Patch = {
  file: 'rpc/world.js',
  find: 'capabilities: [...capabilities],',
  replace: 'capabilities: [...capabilities, Capability.PUSH],',
};

/** Worlds whose refusals say less than they must, or more. */
export const errorMutants: readonly Mutant[] = [
  {
    name: 'breaks-on-hostile-text',
    says: 'fails by its own fault where a text holds anything but plain ASCII',
    patches: [
      DECLARES_PUSH,
      {
        file: 'rpc/endpoints.js',
        find: '            return await call.race(handler(request, call));',
        replace: `            plain(request);
            return await call.race(handler(request, call));`,
      },
      {
        file: 'rpc/endpoints.js',
        find: '            yield* handler(request, call);',
        replace: `            plain(request);
            yield* handler(request, call);`,
      },
      {
        file: 'rpc/endpoints.js',
        find: 'const MAX_LIVE_CALLS = 20_000;',
        replace: `const MAX_LIVE_CALLS = 20_000;
function plain(value) {
    if (typeof value === 'string' && /[^ -~]|^$|__proto__|constructor|\\.\\./.test(value))
        throw new TypeError('cannot read properties of undefined');
    if (value !== null && typeof value === 'object')
        Object.entries(value).forEach(([key, member]) => {
            if (member !== '') plain(member);
            if (!key.startsWith('$')) plain(key);
        });
}`,
      },
    ],
    kills: ['errors/any-input-*'],
    ...keyed,
  },
  {
    name: 'metadata-lost-over-connect',
    says: 'refusals over Connect in binary have no metadata',
    patches: [
      {
        file: 'rpc/lean.js',
        find: 'writeError(request, response, toConnectError(error, world.log));',
        replace: `const told = toConnectError(error, world.log);
        for (const { value } of told.details)
            value.metadata = {};
        writeError(request, response, told);`,
      },
    ],
    kills: ['errors/same-over-every-protocol', 'errors/metadata-named'],
  },
  {
    name: 'too-early-without-wait',
    says: 'TOO_EARLY asks for a wait of no time',
    patches: [
      {
        file: 'rpc/errors.js',
        find: 'retryDelay: durationFromMs(Math.ceil(retryAfterMs))',
        replace: 'retryDelay: durationFromMs(0)',
      },
    ],
    kills: ['errors/too-early-names-its-wait'],
  },
  {
    name: 'streams-fail-as-faults',
    says: 'a stream that is refused fails as a fault of the World',
    patches: [
      {
        file: 'rpc/endpoints.js',
        find: `            error = toConnectError(thrown, world.log);
            throw error;
        }
        finally {
            call.end();
            lives`,
        replace: `            throw new Error('the stream broke');
        }
        finally {
            call.end();
            lives`,
      },
    ],
    kills: ['errors/streams-fail-alike', 'errors/any-input-receive', 'wire/connect-streams'],
  },
  {
    name: 'sends-what-it-refuses',
    says: 'sends a message whose delay it refuses, without the delay',
    patches: [
      {
        file: 'rpc/endpoints.js',
        find: '            const error = toConnectError(thrown, world.log);',
        replace: `            const { message } = request;
            if (message?.delay !== undefined)
                await handler({ ...request, message: { ...message, delay: undefined } }, call);
            const error = toConnectError(thrown, world.log);`,
      },
    ],
    kills: ['errors/refusals-leave-nothing'],
  },
  {
    name: 'malformed-without-reason',
    says: 'bytes that are no message are refused by a code alone',
    patches: [
      {
        file: 'rpc/errors.js',
        find: 'export function malformed(problem) {',
        replace: `export function malformed(problem) {
    return new ConnectError(problem, Code.InvalidArgument);`,
      },
    ],
    kills: ['errors/malformed-have-the-form'],
  },
  {
    name: 'errors-quote-requests',
    says: 'the message of a refusal quotes the payloads of the request',
    patches: [
      {
        file: 'rpc/endpoints.js',
        find: '            const error = toConnectError(thrown, world.log);',
        replace: `            const error = toConnectError(thrown, world.log);
            error.rawMessage += ' in ' + JSON.stringify(request, function (key) {
                const value = this[key];
                return value instanceof Uint8Array ? Buffer.from(value).toString() : typeof value === 'bigint' ? String(value) : value;
            });`,
      },
    ],
    kills: ['errors/tell-no-secrets'],
  },
];
