import type { Mutant } from '../../mutant.js';
import { fault, LEASES, RULES, STORE } from './fault.js';

const CONSUMER = 'dispatch/consumer.js';
const CONSUMERS = 'dispatch/consumers.js';
const NAMES = 'store/sqlite/queue-names.js';
const PROJECT = 'dispatch/project-queue.js';
const RECEIVE = 'dispatch/receive.js';
const DUE = 'WHERE queue_id = ? AND deployment_id = ? AND visible_at <= ?';
const NAMELESS = "if (consumer.request.instanceId === '')";
const LEASE = 'lease.run(request.leaseExpiresAt,';
const LOST = 'UPDATE messages SET visible_at = ? WHERE project = ?';
const UNTIL = "const until = context.now + leaseMs('extend.lease', action.value.lease);";

/** Worlds that are wrong about who is given which message, and for how long. */
export const consumerMutants: readonly Mutant[] = [
  fault(
    'attach-unanswered',
    'a consumer hears of its attachment with the first message or sign of life',
    ['attach'],
    [RECEIVE, 'yield attachment.sent(create(ReceiveResponseSchema));', ''],
  ),
  fault(
    'credit-unchecked',
    'any credit is taken',
    ['attach-refused'],
    [LEASES, 'if (maxInFlight < 0 || maxInFlight > MAX_IN_FLIGHT)', 'if (false)'],
  ),
  fault(
    'lease-unchecked',
    'leases shorter than a second are taken',
    ['attach-refused', 'extension-lengths'],
    [LEASES, 'const MIN_LEASE_MS = 1_000;', 'const MIN_LEASE_MS = 0;'],
  ),
  fault(
    'prefix-is-a-pattern',
    'the _ of a prefix stands for any character',
    ['prefixes'],
    [NAMES, 'name.startsWith(prefix)', "new RegExp('^' + prefix.replaceAll('_', '.')).test(name)"],
  ),
  fault(
    'prefix-ignores-case',
    'prefixes match in any case',
    ['prefixes'],
    [NAMES, 'name.startsWith(prefix)', 'name.toLowerCase().startsWith(prefix.toLowerCase())'],
  ),
  fault(
    'one-prefix',
    'only the first prefix counts',
    ['prefixes', 'credit-of-each', 'names-exact'],
    [NAMES, 'prefixes.some((prefix) => name.startsWith(prefix))', 'name.startsWith(prefixes[0])'],
  ),
  fault(
    'credit-ignored',
    'a consumer is given everything that is ready',
    ['credit', 'default-credit'],
    [CONSUMER, 'return this.#maxInFlight - this.#leases.size;', 'return this.#maxInFlight;'],
  ),
  fault(
    'credit-unbounded-by-default',
    'a consumer that names no credit has all of it',
    ['default-credit'],
    [LEASES, 'request.maxInFlight || DEFAULT_IN_FLIGHT', 'request.maxInFlight || MAX_IN_FLIGHT'],
  ),
  fault(
    'credit-not-returned',
    'a settlement frees no credit',
    ['credit', 'one-consumer-each'],
    [CONSUMER, 'this.#leases.delete(leaseId);', 'void 0;'],
  ),
  fault(
    'given-twice',
    'one message in two goes to two consumers',
    ['one-consumer-each'],
    [STORE, LEASE, 'lease.run(Math.random() < 0.5 ? request.now : request.leaseExpiresAt,'],
  ),
  fault(
    'deployments-ignored',
    'a message goes to any deployment',
    ['deployments-apart', 'other-queue-full'],
    [STORE, DUE, 'WHERE queue_id = ? AND (deployment_id = ? OR 1) AND visible_at <= ?'],
    [
      STORE,
      "const any = request.deploymentId === '' ? undefined : of('');",
      'const any = undefined;',
    ],
  ),
  fault(
    'full-queue-blocks',
    'the first hundred messages of a queue are looked at',
    ['other-queue-full'],
    [
      STORE,
      DUE,
      `${DUE} AND (SELECT count(*) FROM messages o WHERE o.queue_id = messages.queue_id AND o.key < messages.key) < 100`,
    ],
  ),
  fault(
    'idle-ends',
    'a stream ends when it was idle for a while',
    ['open-while-idle', 'signs-of-life'],
    [
      RECEIVE,
      'if (deliveries.length > 0 || !news)',
      'if (!news) return;\n            if (deliveries.length > 0)',
    ],
  ),
  fault(
    'no-signs-of-life',
    'an idle stream is silent',
    ['signs-of-life'],
    ['dispatch/attachment.js', 'const SIGN_OF_LIFE_MS = 5_000;', 'const SIGN_OF_LIFE_MS = 60_000;'],
  ),
  fault(
    'lease-cut',
    'a lease ends at half of its time',
    ['lease-runs-out'],
    [STORE, LEASE, 'lease.run(request.now + (request.leaseExpiresAt - request.now) / 2,'],
  ),
  fault(
    'lease-for-ever',
    'a lease ends an hour late',
    ['lease-runs-out', 'nameless-lapse'],
    [STORE, LEASE, 'lease.run(request.leaseExpiresAt + 3_600_000,'],
  ),
  fault(
    'lease-of-the-world',
    'every lease is of 30 seconds',
    ['lease-length'],
    [
      LEASES,
      "leaseExpiresAt: context.now + leaseMs('lease', request.lease)",
      "leaseExpiresAt: context.now + leaseMs('lease', undefined)",
    ],
  ),
  fault(
    'lease-of-the-message',
    'a message has one lease id for ever',
    ['lease-runs-out', 'lost-consumer', 'settled-before'],
    [STORE, 'const leaseId = request.newLeaseId();', "const leaseId = 'lease_' + candidate.key;"],
  ),
  fault(
    'extension-adds',
    'an extension counts from the end of the one before',
    ['extension'],
    [
      RULES,
      UNTIL,
      `const ends = (globalThis.leaseEnds ??= new Map());
       const until = (ends.get(leaseId) ?? context.now) + leaseMs('extend.lease', action.value.lease);
       ends.set(leaseId, until);`,
    ],
  ),
  fault(
    'extension-promised',
    'an extension is answered and not kept',
    ['extension'],
    [RULES, 'yield* store.extendLease(message.key, until);', ''],
  ),
  fault(
    'extension-only-longer',
    'an extension cannot end a lease sooner',
    ['extension-lengths'],
    [
      STORE,
      "const extend = sql.prepare('UPDATE messages SET visible_at = ? WHERE key = ?');",
      "const extend = sql.prepare('UPDATE messages SET visible_at = max(visible_at, ?) WHERE key = ?');",
    ],
  ),
  fault(
    'lost-consumer-unnoticed',
    'what a lost consumer held waits for the end of its lease',
    ['lost-consumer', 'attached-again'],
    [CONSUMERS, 'if (!consumer.holds)', 'if (consumer !== undefined)'],
  ),
  fault(
    'losses-uncounted',
    'only failures count as attempts',
    ['lease-runs-out', 'lost-consumer', 'named-lapse', 'attached-again', 'leases-survive-death'],
    [
      STORE,
      'SELECT key, visible_at, attempt FROM messages',
      'SELECT key, visible_at, attempt - (lease_id IS NOT NULL) AS attempt FROM messages',
    ],
    [
      STORE,
      'attempt = attempt + 1 WHERE key = ?',
      'attempt = attempt + (lease_id IS NULL) WHERE key = ?',
    ],
  ),
  fault(
    'settled-by-its-stream',
    'a lease is lost with the stream that brought it',
    ['settled-from-elsewhere'],
    [STORE, LOST, LOST.replace('visible_at = ?', 'visible_at = ?, lease_id = NULL')],
  ),
  fault(
    'lapse-ends-every-stream',
    'a nameless consumer loses its stream by a lapse',
    ['nameless-lapse', 'lease-runs-out'],
    [PROJECT, NAMELESS, 'if (consumer === undefined)'],
  ),
  fault(
    'lapse-keeps-credit',
    'the credit of a lapsed lease is gone',
    ['nameless-lapse'],
    [PROJECT, 'consumer.forgetLapsed(now);', 'void 0;'],
  ),
  fault(
    'lapse-ends-no-stream',
    'a named consumer keeps its stream after a lapse',
    ['named-lapse'],
    [PROJECT, NAMELESS, 'if (consumer !== undefined)'],
  ),
  fault(
    'instances-are-strangers',
    'an instance that attaches again is taken for another',
    ['attached-again'],
    [CONSUMERS, "if (instanceId !== '')", "if (instanceId === 'nobody')"],
  ),
];
