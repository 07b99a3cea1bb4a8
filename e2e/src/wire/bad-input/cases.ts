/** Requests that are wrong in one way each, as JSON, with the reason that has to come back. */
const LONG = 'x'.repeat(300);
const run = { deploymentId: 'd', workflowName: 'w' };
const step = { correlationId: 'x1', stepCreated: { stepName: 'step' } };

/** A text with a lone surrogate, which no UTF-8 can hold. */
const LONE = '\ud800';
/** Ids that no World may take. */
const badIds = [
  '../../etc/passwd',
  'a/b',
  'a\\b',
  '..',
  '.',
  'a\0b',
  'a b',
  'a\nb',
  'é',
  LONG,
  '%2e',
];

interface Case {
  readonly method: string;
  readonly request: unknown;
  /** Reasons that are right; LONE surrogates may be caught by the parser or by the rules. */
  readonly reasons: readonly string[];
}

const is = (method: string, request: unknown, ...reasons: string[]): Case => ({
  method,
  request,
  reasons,
});

const create = (event: unknown, ...reasons: string[]) =>
  is('EventService/CreateEvent', { runId: 'run-a', event }, ...reasons);
const send = (message: unknown, ...reasons: string[]) =>
  is('QueueService/Enqueue', { message }, ...reasons);
const append = (request: object, ...reasons: string[]) =>
  is('StreamService/Append', { runId: 'run-a', name: 'out', ...request }, ...reasons);
const batch = (events: unknown[], ...reasons: string[]) =>
  is('EventService/CreateEventBatch', { runId: 'run-a', events }, ...reasons);

export const cases: readonly Case[] = [
  // Ids.
  ...badIds.flatMap((id) => [
    is('RunService/GetRun', { runId: id }, 'INVALID_ID'),
    is('EventService/CreateEvent', { runId: id, event: { runCreated: run } }, 'INVALID_ID'),
    create({ ...step, correlationId: id }, 'INVALID_ID'),
    append({ runId: id, chunks: ['AA=='] }, 'INVALID_ID'),
    is('EventService/ListEvents', { runId: id }, 'INVALID_ID'),
    is('StepService/GetStep', { runId: 'run-a', stepId: id }, 'INVALID_ID'),
  ]),
  is('RunService/GetRun', { runId: LONE }, 'INVALID_ID', 'INVALID_ARGUMENT'),
  create({ ...step, correlationId: LONE }, 'INVALID_ID', 'INVALID_ARGUMENT'),
  create(
    { correlationId: 'x1', stepCreated: { stepName: LONE } },
    'INVALID_ID',
    'INVALID_ARGUMENT',
  ),
  send({ queueName: LONE }, 'INVALID_ID', 'INVALID_ARGUMENT'),
  send({ queueName: 'q', headers: { a: LONE } }, 'INVALID_ARGUMENT', 'INVALID_ID'),
  create({ runFailed: { errorCode: LONE } }, 'INVALID_ARGUMENT', 'INVALID_ID'),

  // Who is not there.
  is('RunService/GetRun', { runId: 'nobody' }, 'RUN_NOT_FOUND'),
  is('RunService/GetRun', {}, 'INVALID_ARGUMENT'),
  is('RunService/WaitForRun', { runId: 'nobody' }, 'RUN_NOT_FOUND'),
  is('EventService/ListEvents', { runId: 'nobody' }, 'RUN_NOT_FOUND'),
  is('EventService/CreateEvent', { runId: 'nobody', event: step }, 'RUN_NOT_FOUND'),
  is('EventService/CreateEvent', { runId: 'nobody', event: { runStarted: {} } }, 'RUN_NOT_FOUND'),
  is('StepService/GetStep', { runId: 'run-a', stepId: 'none' }, 'STEP_NOT_FOUND'),
  is('WaitService/GetWait', { runId: 'run-a', waitId: 'none' }, 'WAIT_NOT_FOUND'),
  is('HookService/GetHook', { hookId: 'none' }, 'HOOK_NOT_FOUND'),
  is('HookService/GetHookByToken', { token: 'none' }, 'HOOK_NOT_FOUND'),
  is(
    'EventService/GetEvent',
    { runId: 'run-a', eventId: 'evnt_00000000000000000000009999' },
    'EVENT_NOT_FOUND',
  ),
  is('QueueService/GetLatestDeployment', { environment: 'none' }, 'DEPLOYMENT_NOT_FOUND'),

  // Events.
  is('EventService/CreateEvent', { runId: 'run-a' }, 'INVALID_ARGUMENT', 'EVENT_TYPE_REQUIRED'),
  create({}, 'EVENT_TYPE_REQUIRED'),
  create({ stepCreated: { stepName: 'step' } }, 'INVALID_ARGUMENT'),
  create({ correlationId: 'x1', stepCreated: {} }, 'INVALID_ARGUMENT'),
  create({ correlationId: 'x1', hookCreated: {} }, 'INVALID_ARGUMENT'),
  create({ correlationId: 'x1', hookConflict: { token: 't' } }, 'INVALID_ARGUMENT'),
  create({ noop: {} }, 'INVALID_ARGUMENT'),
  create({ ...step, runCompleted: {} }, 'INVALID_ARGUMENT'),
  create({ correlationId: 's1', stepCreated: { stepName: 'step' } }, 'STEP_ALREADY_EXISTS'),
  create({ correlationId: 's3', stepCompleted: {} }, 'STEP_ALREADY_ENDED'),
  create({ correlationId: 'none', stepCompleted: {} }, 'STEP_NOT_FOUND'),
  create({ correlationId: 'none', hookReceived: {} }, 'HOOK_NOT_FOUND'),
  create({ correlationId: 'none', waitCompleted: {} }, 'WAIT_NOT_FOUND'),
  create({ ...step, specVersion: 1 }, 'RUN_NOT_SUPPORTED'),
  create({ ...step, specVersion: 8 }, 'RUN_NOT_SUPPORTED'),
  create({ ...step, specVersion: -1 }, 'RUN_NOT_SUPPORTED', 'INVALID_ARGUMENT'),
  create(
    { attrSet: { changes: [{ key: '', value: 'x' }] } },
    'ATTRIBUTE_INVALID',
    'INVALID_ARGUMENT',
  ),
  create(
    {
      correlationId: 'x1',
      attrSet: { changes: [{ key: 'k', value: LONG }], writer: { workflow: {} } },
    },
    'ATTRIBUTE_INVALID',
  ),
  create(
    {
      correlationId: 'x1',
      attrSet: { changes: [{ key: '$k', value: 'v' }], writer: { workflow: {} } },
    },
    'ATTRIBUTE_INVALID',
  ),
  create({ runCancelled: { cancelReason: 'x'.repeat(513) } }, 'INVALID_ARGUMENT'),
  is('EventService/CreateEvent', { runId: 'run-done', event: { runStarted: {} } }, 'RUN_GONE'),
  is('EventService/CreateEvent', { runId: 'run-done', event: step }, 'RUN_ALREADY_ENDED'),
  is(
    'EventService/CreateEvent',
    { runId: 'run-a', event: { runCreated: run } },
    'RUN_ALREADY_EXISTS',
  ),
  is(
    'EventService/CreateEvent',
    { runId: 'wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV', event: { runCreated: run } },
    'RUN_ID_TIME_OUT_OF_RANGE',
  ),
  is(
    'EventService/CreateEvent',
    { runId: 'run-a', event: step, requestId: 'x'.repeat(129) },
    'INVALID_ARGUMENT',
    'INVALID_ID',
  ),
  is(
    'EventService/CreateEvent',
    { runId: 'run-a', event: step, sinceCursor: 'x' },
    'INVALID_CURSOR',
  ),
  is(
    'EventService/CreateEvent',
    { runId: 'run-a', event: step, expectedPosition: '-1' },
    'INVALID_ARGUMENT',
  ),
  batch([], 'BATCH_INVALID', 'INVALID_ARGUMENT'),
  batch(Array(33).fill(step), 'BATCH_INVALID', 'INVALID_ARGUMENT'),
  batch([{ runCreated: run }], 'BATCH_INVALID'),
  batch([{ runCompleted: {} }, step], 'BATCH_INVALID'),
  batch([step, step], 'BATCH_INVALID'),

  // Pages.
  ...['RunService/ListRuns', 'HookService/ListHooks', 'QueueService/ListQueues'].flatMap(
    (method) => [
      is(method, { page: { cursor: 'made-up' } }, 'INVALID_CURSOR'),
      is(method, { page: { limit: -1 } }, 'INVALID_ARGUMENT'),
      is(method, { page: { sortOrder: 99 } }, 'INVALID_ARGUMENT'),
    ],
  ),
  is('RunService/ListRuns', { page: { limit: 2 ** 31 } }, 'INVALID_ARGUMENT'),
  is('RunService/ListRuns', { page: { limit: 1.5 } }, 'INVALID_ARGUMENT'),
  is('RunService/ListRuns', { page: { limit: 'x' } }, 'INVALID_ARGUMENT'),
  is('RunService/ListRuns', { statuses: [99] }, 'INVALID_ARGUMENT'),
  is('EventService/ListEvents', { runId: 'run-a', types: [99] }, 'INVALID_ARGUMENT'),
  is('RunService/BatchGetRuns', { runIds: Array(501).fill('run-a') }, 'INVALID_ARGUMENT'),
  is('RunService/CancelRuns', { runIds: [] }, 'INVALID_ARGUMENT'),
  is('RunService/CancelRuns', { runIds: ['run-a', 'run-a'] }, 'INVALID_ARGUMENT'),
  is(
    'RunService/CancelRuns',
    { runIds: Array.from({ length: 501 }, (_, i) => `r${i}`) },
    'INVALID_ARGUMENT',
  ),

  // The queue.
  is('QueueService/Enqueue', {}, 'INVALID_ARGUMENT'),
  send({}, 'INVALID_ARGUMENT'),
  send({ queueName: 'a\0b' }, 'INVALID_ID'),
  send({ queueName: 'x'.repeat(1_025) }, 'INVALID_ID'),
  send({ queueName: 'q', delay: '-1s' }, 'INVALID_ARGUMENT'),
  send({ queueName: 'q', delay: '3153600001s' }, 'INVALID_ARGUMENT'),
  send({ queueName: 'q', delay: '1x' }, 'INVALID_ARGUMENT'),
  send({ queueName: 'q', runId: 'a/b' }, 'INVALID_ID'),
  is('QueueService/EnqueueBatch', { messages: [] }, 'INVALID_ARGUMENT'),
  is(
    'QueueService/EnqueueBatch',
    { messages: Array(1_001).fill({ queueName: 'q' }) },
    'INVALID_ARGUMENT',
  ),
  is('QueueService/Settle', { settlements: [] }, 'INVALID_ARGUMENT'),
  is('QueueService/Settle', { settlements: [{ leaseId: 'x' }] }, 'INVALID_ARGUMENT'),
  is(
    'QueueService/Settle',
    { settlements: [{ leaseId: 'x', extend: { lease: '-1s' } }] },
    'INVALID_ARGUMENT',
  ),
  is('QueueService/ReviveMessages', { messageIds: [] }, 'INVALID_ARGUMENT'),
  is('QueueService/RegisterPushEndpoint', {}, 'CAPABILITY_NOT_DECLARED'),

  // Streams.
  append({ name: '', chunks: ['AA=='] }, 'INVALID_ARGUMENT'),
  append({ name: 'x'.repeat(513), chunks: ['AA=='] }, 'INVALID_ID'),
  append({ name: 'a\0b', chunks: ['AA=='] }, 'INVALID_ID'),
  append({ chunks: Array(1_001).fill('') }, 'INVALID_ARGUMENT'),
  append({ chunks: ['AA=='], writerId: 'w', sequence: '-1' }, 'INVALID_ARGUMENT'),
  append({ chunks: ['AA=='], writerId: 'w', sequence: '5' }, 'SEQUENCE_GAP'),
  append({ chunks: ['not base64!'] }, 'INVALID_ARGUMENT'),
  append({ chunks: ['AA=='], sequence: '9223372036854775808' }, 'INVALID_ARGUMENT'),
  is(
    'StreamService/ListChunks',
    { runId: 'run-a', name: 'out', page: { cursor: 'x' } },
    'INVALID_CURSOR',
  ),
];
