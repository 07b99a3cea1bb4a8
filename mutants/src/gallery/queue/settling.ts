import type { Mutant } from '../../mutant.js';
import { fault, RULES, STORE } from './fault.js';

const UNSETTLED = 'return create(SettleResultSchema, { settled: false });';
const ACK = 'yield* store.deleteMessage(message.key);';
const IF_ACK = "if (action.case === 'ack')";
const ZERO =
  "action.case === 'retry' && action.value.delay !== undefined && millisOfDuration(action.value.delay) === 0";
const WAIT = 'const wait = delay === undefined ? backoffMs(message.attempt)';
const ATTEMPTS = 'const attempts = failed ? message.attempt : 0;';

/** Worlds that are wrong about what a consumer said of a message. */
export const settlingMutants: readonly Mutant[] = [
  fault(
    'acknowledged-in-vain',
    'an acknowledged message comes again later',
    ['acknowledged', 'settled-from-elsewhere'],
    [RULES, ACK, "yield* store.returnMessage(message.key, context.now + 1_500, 0, '');"],
  ),
  fault(
    'lost-lease-fails-the-call',
    'a lost lease makes the whole call fail',
    ['settle-results', 'settled-before', 'settle-race'],
    [
      RULES,
      UNSETTLED,
      "throw new Rejection('LEASE_LOST', 'the lease is lost', { lease_id: leaseId });",
    ],
  ),
  fault(
    'lost-lease-settled',
    'a settlement of a lost lease is said to be taken',
    ['settle-results', 'settled-before', 'settle-race', 'settle-refused'],
    [RULES, UNSETTLED, UNSETTLED.replace('false', 'true')],
  ),
  fault(
    'results-out-of-order',
    'acknowledgements are answered first',
    ['settle-results'],
    [
      RULES,
      'create(SettleResponseSchema, { results })',
      'create(SettleResponseSchema, { results: [...results].sort((a, b) => Number(b.settled) - Number(a.settled)) })',
    ],
  ),
  fault(
    'lease-outlives-its-retry',
    'a lease holds on after its message was sent back',
    ['settled-before', 'counts'],
    [
      STORE,
      'attempt = ?, lease_id = NULL, consumer_id = NULL, last_error = ?',
      'attempt = ?, consumer_id = NULL, last_error = ?',
    ],
  ),
  fault(
    'settlements-unlimited',
    'any number of settlements is taken, none as well',
    ['settle-refused'],
    [RULES, "checkCount('settlements', settlements.length, scope.limits.maxSettlements);", ''],
  ),
  fault(
    'no-action-is-fine',
    'a settlement without an action is settled',
    ['settle-refused'],
    [RULES, "throw invalid('settlements.action', 'is required');", 'return;'],
  ),
  fault(
    'zero-is-unset',
    'a delay of zero means the backoff',
    ['retry-now', 'failed-later'],
    [RULES, WAIT, WAIT.replace('delay === undefined', '!delay || millisOfDuration(delay) === 0')],
  ),
  fault(
    'zero-is-done',
    'a retry with a delay of zero acknowledges',
    ['retry-now', 'settle-results', 'settle-race'],
    [RULES, IF_ACK, `if (action.case === 'ack' || (${ZERO}))`],
  ),
  fault(
    'retry-delay-ignored',
    'what is sent back comes at once',
    ['retry-later', 'long-delay', 'delays-survive-death'],
    [
      RULES,
      'store.returnMessage(message.key, context.now + wait,',
      'store.returnMessage(message.key, context.now,',
    ],
  ),
  fault(
    'retry-without-delay-is-done',
    'a retry without a delay acknowledges',
    ['retry-later'],
    [
      RULES,
      IF_ACK,
      "if (action.case === 'ack' || (action.case === 'retry' && !action.value.delay))",
    ],
  ),
  fault(
    'failure-has-its-own-delay',
    'a failed message waits for the backoff whatever its consumer says',
    ['failed-later'],
    [RULES, WAIT, WAIT.replace('delay === undefined', 'failed || delay === undefined')],
  ),
  fault(
    'asking-counts',
    'a message that was asked for again counts as failed',
    ['attempts-asked-for'],
    [RULES, ATTEMPTS, 'const attempts = message.attempt;'],
  ),
  fault(
    'failures-uncounted',
    'every delivery is the first',
    ['attempts', 'leases-survive-death'],
    [RULES, ATTEMPTS, 'const attempts = 0;'],
  ),
  fault(
    'backoff-constant',
    'a failing message waits a second each time',
    ['backoff'],
    [
      'core/queue.js',
      'FIRST_BACKOFF_MS * 2 ** Math.min(30, Math.max(0, attempt - 1))',
      'FIRST_BACKOFF_MS',
    ],
  ),
  fault(
    'three-attempts',
    'a message is dead after three failures',
    ['48-deliveries'],
    ['core/limits.js', 'maxDeliveries: 100,', 'maxDeliveries: 3,'],
  ),
  fault(
    'failures-first',
    'a failed message is taken before all others',
    ['others-go-on'],
    [STORE, 'ORDER BY visible_at, key LIMIT', 'ORDER BY attempt DESC, visible_at, key LIMIT'],
  ),
];
