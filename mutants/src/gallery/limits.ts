import type { Mutant } from '../mutant.js';

const LIMITS = 'core/limits.js';

/** Worlds that announce limits and enforce others. */
export const limitMutants: readonly Mutant[] = [
  {
    name: 'limit-payload-unlimited',
    says: 'payloads of twice the limit are taken',
    patches: [
      {
        file: 'core/validate-event.js',
        find: 'if (bytes > limits.maxPayloadBytes)',
        replace: 'if (bytes > limits.maxPayloadBytes * 2)',
      },
    ],
    kills: ['limits/payload'],
  },
  {
    name: 'limit-request-unlimited',
    says: 'requests of four times the limit are taken',
    patches: [
      {
        file: 'rpc/lean.js',
        find: 'const maxBytes = world.limits.maxRequestBytes;',
        replace: 'const maxBytes = world.limits.maxRequestBytes * 4;',
      },
      {
        file: 'rpc/router.js',
        find: 'readMaxBytes: world.limits.maxRequestBytes,',
        replace: 'readMaxBytes: world.limits.maxRequestBytes * 4,',
      },
      {
        file: 'rpc/router.js',
        find: 'announced > limits.maxRequestBytes)',
        replace: 'announced > limits.maxRequestBytes * 4)',
      },
    ],
    kills: ['limits/request', 'limits/unpacked-request'],
  },
  {
    name: 'limit-run-bytes-ignored',
    says: 'a log grows beyond its bytes',
    patches: [
      { file: LIMITS, find: 'maxRunBytes: 2 * 1024 * MIB', replace: 'maxRunBytes: 2 * MIB' },
      { file: 'core/append.js', find: 'if (end.bytes > maxRunBytes)', replace: 'if (false)' },
    ],
    kills: ['limits/run-bytes'],
  },
  {
    name: 'limit-events-off-by-one',
    says: 'a log holds one event more than announced',
    patches: [
      { file: LIMITS, find: 'maxEvents: 25_000', replace: 'maxEvents: 50' },
      {
        file: 'core/append.js',
        find: 'if (end.lastPosition > maxEvents)',
        replace: 'if (end.lastPosition > maxEvents + 1)',
      },
    ],
    kills: ['limits/events'],
  },
  {
    name: 'limit-page-as-asked',
    says: 'a page holds as much as was asked for',
    patches: [
      {
        file: 'core/pages.js',
        find: 'limit === 0 ? defaultLimit : Math.min(limit, maxLimit)',
        replace: 'limit === 0 ? defaultLimit : limit',
      },
    ],
    kills: ['limits/event-page'],
  },
  {
    name: 'limit-append-off-by-one',
    says: 'an append at the limit is refused',
    patches: [
      {
        file: 'core/stream-rules.js',
        find: 'if (chunks.length > limits.maxStreamAppend)',
        replace: 'if (chunks.length >= limits.maxStreamAppend)',
      },
    ],
    kills: ['limits/stream-append'],
  },
  {
    name: 'limit-bulk-ids-cut',
    says: 'bulk requests of more ids than announced are taken',
    patches: [
      {
        file: 'core/run-rules.js',
        find: "checkCount('run_ids', runIds.length, scope.limits.maxBulkIds)",
        replace: "checkCount('run_ids', runIds.length, scope.limits.maxBulkIds * 2)",
      },
    ],
    kills: ['limits/bulk-ids'],
  },
  {
    name: 'limit-batches-doubled',
    says: 'batches of twice the announced number are taken',
    patches: [
      {
        file: 'core/queue-rules.js',
        find: "checkCount('messages', messages.length, scope.limits.maxQueueBatch)",
        replace: "checkCount('messages', messages.length, scope.limits.maxQueueBatch * 2)",
      },
      {
        file: 'core/batch.js',
        find: "checkCount('events', events.length, limits.maxEventBatch)",
        replace: "checkCount('events', events.length, limits.maxEventBatch * 2)",
      },
    ],
    kills: ['limits/queue-batch', 'limits/event-batch'],
  },
  {
    name: 'limit-id-length-off-by-one',
    says: 'an id of one character more than announced is taken',
    patches: [
      {
        file: 'core/identifiers.js',
        find: 'if (value.length > limits.maxIdLength)',
        replace: 'if (value.length > limits.maxIdLength + 1)',
      },
    ],
    kills: ['limits/id-length'],
  },
  {
    name: 'limit-token-length-doubled',
    says: 'tokens of twice the announced length are taken',
    patches: [
      {
        file: 'core/validate-event.js',
        find: 'data.value.token, limits.maxTokenLength)',
        replace: 'data.value.token, limits.maxTokenLength * 2)',
      },
    ],
    kills: ['limits/token-length'],
  },
  {
    name: 'limit-bulk-reason-unlimited',
    says: 'the reason of a bulk cancellation may have any length',
    patches: [
      {
        file: 'core/run-rules.js',
        find: "checkText('cancel_reason', cancelReason, scope.limits.maxCancelReasonLength)",
        replace: "checkText('cancel_reason', cancelReason, 1_000_000)",
      },
    ],
    kills: ['limits/cancel-reason-length'],
  },
  {
    name: 'limit-retry-delay-unlimited',
    says: 'the delay of a retry may be longer than announced',
    patches: [
      {
        file: 'core/queue-rules.js',
        find: "ms <= limits.maxDelayMs))\n        throw invalid('settlements.retry.delay'",
        replace: "ms <= limits.maxDelayMs * 2))\n        throw invalid('settlements.retry.delay'",
      },
    ],
    kills: ['limits/delay'],
  },
  {
    name: 'limit-long-poll-as-asked',
    says: 'a poll lasts as long as it asks for',
    patches: [
      { file: LIMITS, find: 'maxLongPollMs: 55_000', replace: 'maxLongPollMs: 1_000' },
      {
        file: 'dispatch/wait-for-run.js',
        find: 'timeoutOf(request, world.limits.maxLongPollMs)',
        replace: 'timeoutOf(request, 3_600_000)',
      },
    ],
    kills: ['limits/long-poll'],
  },
  {
    name: 'limit-negative',
    says: 'a limit that the World does not have is announced as -1',
    patches: [{ file: LIMITS, find: 'maxRunBytes: 2 * 1024 * MIB', replace: 'maxRunBytes: -1' }],
    kills: ['limits/not-negative'],
  },
];
