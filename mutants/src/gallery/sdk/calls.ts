import type { Mutant } from '../../mutant.js';

const RETRY = 'client/retry-transport.js';
const POLICY = 'client/method-policy.js';
const ERROR = 'client/error.js';
const INFO = 'client/world-info.js';
const UNDICI = 'client/transport/undici-transport.js';
const EXCHANGE = 'client/transport/exchange.js';

/** Clients with faulty calls and lists. */
export const callMutants: readonly Mutant[] = [
  {
    name: 'sdk-no-headers',
    says: 'sends no headers of its own',
    patches: [
      {
        file: UNDICI,
        find: 'for (const [name, value] of Object.entries(common))',
        replace: 'for (const [name, value] of [])',
      },
    ],
    kills: ['calls/headers'],
  },
  {
    name: 'sdk-answers-cleaned',
    says: 'leaves NUL characters out of texts',
    patches: [
      {
        file: UNDICI,
        find: 'this.message = decode(method.output, body);',
        replace:
          "this.message = decode(method.output, body); if (this.message.run?.workflowName) this.message.run.workflowName = this.message.run.workflowName.replaceAll('\\0', '');",
      },
    ],
    kills: ['calls/answers-whole'],
  },
  {
    name: 'sdk-small-answers',
    says: 'takes answers of 4 MiB at most',
    patches: [
      {
        file: 'client/transport/exchange.js',
        find: 'MAX_MESSAGE_BYTES = 512 * 1024 * 1024',
        replace: 'MAX_MESSAGE_BYTES = 4 * 1024 * 1024',
      },
    ],
    kills: ['calls/big-payloads', 'reads/big-chunks'],
  },
  {
    name: 'sdk-errors-bare',
    says: 'keeps the metadata and the delay of errors to itself',
    patches: [
      { file: ERROR, find: 'metadata: info?.metadata,', replace: '' },
      {
        file: ERROR,
        find: 'retryAfterMs: delay === undefined ? undefined : durationMs(delay),',
        replace: '',
      },
    ],
    kills: ['calls/errors-in-parts', 'retries/waits-as-told', 'versions/unknown-reasons'],
  },
  {
    name: 'sdk-pages-believed',
    says: 'takes any body with the status 200 for an answer',
    patches: [
      {
        file: UNDICI,
        find: "if (contentType !== 'application/proto') {",
        replace:
          "if (contentType === 'text/html') { this.message = create(method.output); return; } if (false) {",
      },
    ],
    kills: ['calls/page-of-a-proxy'],
  },
  {
    name: 'sdk-never-again',
    says: 'sends every call once',
    patches: [
      { file: RETRY, find: 'if (!error.retryable || signal?.aborted)', replace: 'if (true)' },
    ],
    kills: [
      'calls/page-of-a-proxy',
      'retries/retryable-reasons',
      'retries/code-without-reason',
      'retries/broken-connection',
      'retries/refused-connection',
      'retries/same-request',
      'retries/answer-lost-after-the-commit',
      'retries/closes-again',
      'lists/through-a-failure',
      'writes/answer-lost-after-the-commit',
      'consumers/lost-settlement',
    ],
  },
  {
    name: 'sdk-codes-mean-nothing',
    says: 'sends again after reasons that it knows, and after no code',
    patches: [
      {
        file: ERROR,
        find: 'rule?.retryable ?? RETRYABLE_CODES.has(init.code)',
        replace: 'rule?.retryable ?? false',
      },
    ],
    kills: ['retries/code-without-reason', 'versions/unknown-reasons'],
  },
  {
    name: 'sdk-always-again',
    says: 'sends calls again whatever the World says',
    patches: [
      {
        file: RETRY,
        find: 'if (!error.retryable || signal?.aborted)',
        replace:
          "if (error.code !== 'not_found' && error.code !== 'failed_precondition' && error.code !== 'invalid_argument' ? signal?.aborted || !error.retryable : status.tries > 2 ? (status.tries = 0, true) : (status.tries = (status.tries ?? 0) + 1, false))",
      },
    ],
    kills: ['retries/final-reasons'],
  },
  {
    name: 'sdk-no-request-ids',
    says: 'gives requests no ids',
    patches: [
      {
        file: POLICY,
        find: 'if (!policy.takesRequestId || namesItself(message))',
        replace: 'if (true)',
      },
    ],
    kills: ['retries/request-id-of-its-own', 'retries/same-request'],
  },
  {
    name: 'sdk-one-request-id',
    says: 'gives all requests of a process the same id',
    patches: [
      {
        file: POLICY,
        find: 'return `${Date.now().toString(16)}-${crypto.randomUUID()}`;',
        replace: "return 'request';",
      },
    ],
    kills: ['retries/request-id-of-its-own'],
  },
  {
    name: 'sdk-new-request-id-each-try',
    says: 'gives each try an id of its own',
    patches: [
      {
        file: RETRY,
        find: 'left, header, request, contextValues);',
        replace:
          "left, header, 'requestId' in request ? { ...request, requestId: crypto.randomUUID() } : request, contextValues);",
      },
    ],
    kills: [
      'retries/same-request',
      'retries/callers-request-id',
      'retries/answer-lost-after-the-commit',
    ],
  },
  {
    name: 'sdk-repeats-everything',
    says: 'sends calls with effects again that nothing names',
    patches: [{ file: RETRY, find: 'if (!repeatable && !isUnsent(cause))', replace: 'if (false)' }],
    kills: ['retries/nameless-effects', 'versions/undeclared-request-ids', 'writes/without-names'],
  },
  {
    name: 'sdk-impatient',
    says: 'does not wait as long as the World asks for',
    patches: [{ file: 'client/backoff.js', find: ' + (error.retryAfterMs ?? 0)', replace: '' }],
    kills: ['retries/waits-as-told'],
  },
  {
    name: 'sdk-no-pauses',
    says: 'makes no pauses between tries',
    patches: [{ file: 'client/backoff.js', find: 'Math.random() * bound', replace: '0' }],
    kills: ['retries/pauses'],
  },
  {
    name: 'sdk-deadline-of-each-try',
    says: 'gives each try all of the time of the call, and the call no end',
    patches: [
      {
        file: RETRY,
        find: 'const end = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;',
        replace: 'const end = undefined;',
      },
    ],
    kills: ['deadlines/on-the-wire', 'deadlines/bound-all-tries', 'deadlines/silent-world'],
  },
  {
    name: 'sdk-no-deadline',
    says: 'tells the World no deadlines',
    patches: [
      {
        file: UNDICI,
        find: 'timeoutMs === undefined ? base :',
        replace: 'true ? base :',
      },
    ],
    kills: ['deadlines/on-the-wire', 'deadlines/of-its-own'],
  },
  {
    name: 'sdk-waits-for-ever',
    says: 'leaves it to the World to end a call in time',
    patches: [{ file: EXCHANGE, find: 'if (timeoutMs !== undefined)', replace: 'if (false)' }],
    kills: ['deadlines/silent-world'],
  },
  {
    name: 'sdk-short-long-polls',
    says: 'gives a long poll the time of any call',
    patches: [
      {
        file: RETRY,
        find: '(await options.longPollMs(request)) + LONG_POLL_MARGIN_MS',
        replace: 'options.deadlineMs',
      },
    ],
    kills: ['deadlines/long-poll'],
  },
  {
    name: 'sdk-cancel-leaves-requests',
    says: 'leaves the request of a call open that was given up',
    patches: [{ file: EXCHANGE, find: 'this.#controller?.abort(error);', replace: '' }],
    kills: ['cancellation/of-a-call'],
  },
  {
    name: 'sdk-cancel-not-while-waiting',
    says: 'notices only after its pause that a call was given up',
    patches: [
      {
        file: RETRY,
        find: 'backoff.wait(error, [signal, closing], end)',
        replace: 'backoff.wait(error, [closing], end); signal = undefined',
      },
    ],
    kills: ['cancellation/between-tries'],
  },
  {
    name: 'sdk-list-first-page',
    says: 'lists the first page only',
    patches: [
      {
        file: 'client/paginate.js',
        find: 'if (!response.page?.hasMore)',
        replace: 'if (true)',
      },
    ],
    kills: ['lists/every-page', 'lists/request-of-later-pages', 'lists/through-a-failure'],
  },
  {
    name: 'sdk-list-follows-cursors',
    says: 'goes on as long as there is a cursor',
    patches: [
      {
        file: 'client/paginate.js',
        find: 'if (!response.page?.hasMore)',
        replace:
          'if (!response.page?.cursor || (!response.page.hasMore && cursor === response.page.cursor))',
      },
    ],
    kills: ['lists/cursor-on-the-last-page', 'lists/every-page'],
  },
  {
    name: 'sdk-list-forgets-the-request',
    says: 'asks for later pages by the cursor alone',
    patches: [
      {
        file: 'client/paginate.js',
        find: 'readPage({ ...request, page }, options)',
        replace: "readPage(cursor === '' ? { ...request, page } : { page: { cursor } }, options)",
      },
    ],
    kills: ['lists/request-of-later-pages'],
  },
  {
    name: 'sdk-list-goes-round',
    says: 'does not look whether cursors advance',
    patches: [
      {
        file: 'client/paginate.js',
        find: "if (next === '' || next === cursor) {",
        replace: 'if (false) {',
      },
    ],
    kills: ['lists/stuck-cursor'],
  },
  {
    name: 'sdk-list-eager',
    says: 'reads every page before it hands out the first item',
    patches: [
      {
        file: 'client/paginate.js',
        find: 'yield* itemsOf(response);\n            if (!response.page?.hasMore)\n                return;',
        replace:
          '(request.found ??= []).push(...itemsOf(response));\n            if (!response.page?.hasMore) {\n                yield* request.found;\n                return;\n            }',
      },
    ],
    kills: ['lists/as-it-is-read'],
  },
  {
    name: 'sdk-list-doubles',
    says: 'hands out the last item of a page again with the next one',
    patches: [
      {
        file: 'client/paginate.js',
        find: 'cursor = next;',
        replace: 'cursor = next; yield itemsOf(response).at(-1);',
      },
    ],
    kills: ['lists/every-page', 'lists/through-a-failure'],
  },
  {
    name: 'sdk-any-major',
    says: 'accepts Worlds of any version',
    patches: [
      {
        file: 'client/client.js',
        find: 'if (major(protocolVersion) !== major(PROTOCOL_VERSION)) {',
        replace: 'if (false) {',
      },
    ],
    kills: ['versions/other-major'],
  },
  {
    name: 'sdk-same-version-only',
    says: 'accepts Worlds of its own version only',
    patches: [
      {
        file: 'client/client.js',
        find: 'if (major(protocolVersion) !== major(PROTOCOL_VERSION)) {',
        replace: 'if (protocolVersion !== PROTOCOL_VERSION) {',
      },
    ],
    kills: ['versions/other-major'],
  },
  {
    name: 'sdk-strict-fields',
    says: 'refuses answers with unknown fields',
    patches: [
      {
        file: UNDICI,
        find: 'return fromBinary(schema, bytes);',
        replace:
          "const message = fromBinary(schema, bytes); if (message.$unknown?.length || message.run?.$unknown?.length || message.events?.some((event) => event.$unknown?.length)) throw new Error('an unknown field'); return message;",
      },
    ],
    kills: ['versions/unknown-fields', 'versions/unknown-events', 'versions/unknown-events-live'],
  },
  {
    name: 'sdk-strict-values',
    says: 'refuses answers with unknown capabilities',
    patches: [
      {
        file: UNDICI,
        find: 'return fromBinary(schema, bytes);',
        replace:
          "const message = fromBinary(schema, bytes); if (message.capabilities?.some((value) => value > 1000)) throw new Error('an unknown value'); return message;",
      },
    ],
    kills: ['versions/unknown-values'],
  },
  {
    name: 'sdk-strict-reasons',
    says: 'breaks at reasons that it does not know',
    patches: [
      {
        file: ERROR,
        find: 'this.reason = rule?.reason;',
        replace: "this.reason = rule?.reason; if (init.reason && !rule) this.code = 'internal';",
      },
      {
        file: ERROR,
        find: 'rule?.retryable ?? RETRYABLE_CODES.has(init.code)',
        replace: 'rule?.retryable ?? (init.reason === undefined && RETRYABLE_CODES.has(init.code))',
      },
    ],
    kills: ['versions/unknown-reasons'],
  },
  {
    name: 'sdk-undeclared-methods',
    says: 'calls methods that the World does not declare',
    patches: [
      {
        file: INFO,
        find: 'if (world === undefined || world.capabilities.includes(capability))',
        replace: 'if (true)',
      },
    ],
    kills: ['versions/undeclared-methods'],
  },
  {
    name: 'sdk-undeclared-fields',
    says: 'sends names of requests and writers to Worlds that take none',
    patches: [
      {
        file: INFO,
        find: 'return world !== undefined && !world.capabilities.includes(capability);',
        replace: 'return false;',
      },
    ],
    kills: ['versions/undeclared-request-ids', 'writes/without-names'],
  },
];
