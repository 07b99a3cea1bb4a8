import type { Mutant } from '../../mutant.js';

const WRITER = 'client/stream-writer.js';
const CONSUMER = 'client/consumer.js';

/** Clients with faulty writers and consumers. */
export const queueMutants: readonly Mutant[] = [
  {
    name: 'sdk-writer-nameless',
    says: 'names no writers, and sends appends again all the same',
    patches: [
      {
        file: WRITER,
        find: '(await takesNoWriters()) ? {} : { writerId, sequence: BigInt(sent) }',
        replace: '{}',
      },
      {
        file: 'client/method-policy.js',
        find: "return 'writerId' in request && request.writerId !== '';",
        replace: 'return true;',
      },
    ],
    kills: ['writes/answer-lost-after-the-commit', 'writes/without-names'],
  },
  {
    name: 'sdk-writers-share-a-name',
    says: 'gives all writers one name',
    patches: [
      {
        file: WRITER,
        find: 'writerId = crypto.randomUUID(), sequence',
        replace: "writerId = 'writer', sequence",
      },
    ],
    kills: ['writes/answer-lost-after-the-commit'],
  },
  {
    name: 'sdk-writer-all-at-once',
    says: 'sends appends side by side',
    patches: [
      {
        file: WRITER,
        find: '                void pump();\n            });\n        },',
        replace: '                void pump();\n            });\n        },'.replace(
          'void pump();',
          'void 0;',
        ),
      },
      {
        file: WRITER,
        find: 'accepted += chunks.length;',
        replace:
          'accepted += chunks.length; { const sequence = BigInt(accepted - chunks.length); const { tailIndex, wasClosed } = await streams.append({ runId, name, writerId: crypto.randomUUID(), chunks, close: false }); return { tailIndex: Number(tailIndex), wasClosed }; }',
      },
    ],
    kills: ['writes/in-order'],
  },
  {
    name: 'sdk-writer-unbounded',
    says: 'puts all that waits into one append',
    patches: [{ file: WRITER, find: 'MAX_CHUNKS = 1000', replace: 'MAX_CHUNKS = 100000' }],
    kills: ['writes/within-limits'],
  },
  {
    name: 'sdk-writer-goes-on',
    says: 'appends behind an append that failed',
    patches: [
      {
        file: WRITER,
        find: 'failure = WorldError.from(error);',
        replace: 'const failure = WorldError.from(error);',
      },
    ],
    kills: ['writes/nothing-behind-a-failure'],
  },
  {
    name: 'sdk-consumer-acks-first',
    says: 'acknowledges a delivery before its handler runs',
    patches: [
      {
        file: CONSUMER,
        find: 'let action;\n',
        replace: "let action;\n        this.#settle(leaseId, { case: 'ack', value: {} });\n",
      },
    ],
    kills: ['consumers/acknowledges', 'consumers/sends-back'],
  },
  {
    name: 'sdk-consumer-acks-failures',
    says: 'acknowledges deliveries whose handlers fail',
    patches: [
      {
        file: CONSUMER,
        find: 'actionOf({ backoff: true, error: errorText(error) })',
        replace: 'actionOf({ ack: true })',
      },
    ],
    kills: ['consumers/sends-back'],
  },
  {
    name: 'sdk-consumer-zero-is-unset',
    says: 'takes a delay of zero for none',
    patches: [
      {
        file: CONSUMER,
        find: "'retryAfterMs' in outcome ? durationFromMs",
        replace: 'outcome.retryAfterMs ? durationFromMs',
      },
    ],
    kills: ['consumers/sends-back'],
  },
  {
    name: 'sdk-consumer-no-extensions',
    says: 'extends no leases',
    patches: [
      {
        file: CONSUMER,
        find: 'async #extendOnce() {',
        replace: 'async #extendOnce() { return;',
      },
    ],
    kills: ['consumers/extends', 'consumers/lost-lease', 'consumers/attaches-again'],
  },
  {
    name: 'sdk-consumer-extends-once',
    says: 'extends each lease once',
    patches: [
      {
        file: CONSUMER,
        find: 'async #extendOnce() {',
        replace:
          'async #extendOnce() { if (this.extended > 1) return; this.extended = (this.extended ?? 0) + 1;',
      },
    ],
    kills: ['consumers/extends'],
  },
  {
    name: 'sdk-consumer-blind-to-loss',
    says: 'does not notice that a lease is lost',
    patches: [
      {
        file: CONSUMER,
        find: 'if (settled === false && this.#held.delete(leaseId)) {',
        replace: 'if (false) {',
      },
    ],
    kills: ['consumers/lost-lease'],
  },
  {
    name: 'sdk-consumer-settles-lost-leases',
    says: 'settles leases that are lost',
    patches: [{ file: CONSUMER, find: 'if (this.#held.delete(leaseId))\n', replace: '' }],
    kills: ['consumers/lost-lease'],
  },
  {
    name: 'sdk-consumer-new-name-each-time',
    says: 'attaches under another name each time',
    patches: [
      {
        file: CONSUMER,
        find: 'instanceId: this.#instanceId,',
        replace: 'instanceId: crypto.randomUUID(),',
      },
    ],
    kills: ['consumers/attaches-again'],
  },
  {
    name: 'sdk-consumer-unbounded',
    says: 'runs as many handlers as the World sends deliveries',
    patches: [
      {
        file: CONSUMER,
        find: 'while (this.#running.size >= this.#maxInFlight && ',
        replace: 'while (false && ',
      },
    ],
    kills: ['consumers/no-more-than-asked'],
  },
  {
    name: 'sdk-consumer-forgets-settlements',
    says: 'does not send a settlement again whose answer was lost',
    patches: [
      {
        file: 'client/method-policy.js',
        find: '    QueueService.method.settle,\n',
        replace: '',
      },
    ],
    kills: ['consumers/lost-settlement'],
  },
  {
    name: 'sdk-consumer-stops-hard',
    says: 'leaves what it does not finish to the end of its leases',
    patches: [
      {
        file: CONSUMER,
        find: "this.#settle(leaseId, { case: 'retry', value: { delay: durationFromMs(0) } });",
        replace: '',
      },
    ],
    kills: ['consumers/stops'],
  },
];
