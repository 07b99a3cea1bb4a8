import fc from 'fast-check';
import type { UpstreamEventRequest } from '../upstream.js';

/** Plain objects, as the SDK makes them. */
function record<T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(shape, { noNullPrototype: true });
}

const text = fc.string({ minLength: 1, maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 64 });
const date = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
const id = fc.constantFrom('step_1', 'hook_2', 'wait_3');
const count = fc.integer({ min: 1, max: 100_000 });
const millis = fc.double({ min: 0, max: 1e6, noNaN: true });

/** What survives JSON unchanged, as an execution context must. */
const context = fc.dictionary(
  fc.constantFrom('workflowCoreVersion', 'traceCarrier', 'features', 'other'),
  fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
  { noNullPrototype: true },
);

const attributes = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__'),
  fc.string({ maxLength: 20 }),
  { minKeys: 1, noNullPrototype: true },
);

function optional<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

type Shape = Record<string, fc.Arbitrary<unknown>>;

function event(type: string, shape: Shape | undefined, correlated: boolean) {
  const data = shape === undefined ? fc.constant(undefined) : record(shape).map(withoutUndefined);
  return record({
    eventType: fc.constant(type),
    specVersion: fc.integer({ min: 2, max: 7 }),
    correlationId: correlated ? id : fc.constant(undefined),
    eventData: data,
  }).map((value) => withoutUndefined(value) as unknown as UpstreamEventRequest);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as T;
}

const flag = optional(fc.constant(true as const));

const common = [
  event('run_completed', { output: optional(bytes) }, false),
  event('run_started', undefined, false),
  event('step_created', { stepName: text, workflowName: optional(text), input: bytes }, true),
  event('hook_received', { token: optional(text), payload: bytes }, true),
  event('wait_created', { resumeAt: date }, true),
  event('wait_completed', { resumeAt: date }, true),
  event('wait_completed', undefined, true),
  event('hook_disposed', { token: text }, true),
  event('hook_disposed', undefined, true),
  event('run_cancelled', undefined, false),
];

/** Events as SDK 4 writes them. */
export const v4Events: fc.Arbitrary<UpstreamEventRequest> = fc.oneof(
  ...common,
  event(
    'run_created',
    { deploymentId: text, workflowName: text, input: bytes, executionContext: optional(context) },
    false,
  ),
  event(
    'run_failed',
    {
      error: record({ message: fc.string(), stack: text }),
      errorCode: optional(text),
    },
    false,
  ),
  event('step_started', { stepName: text, attempt: optional(count) }, true),
  event(
    'step_completed',
    { stepName: optional(text), workflowName: optional(text), result: bytes },
    true,
  ),
  event('step_failed', { stepName: text, error: fc.string(), stack: optional(text) }, true),
  event(
    'step_retrying',
    { stepName: text, error: fc.string(), stack: text, retryAfter: optional(date) },
    true,
  ),
  event(
    'hook_created',
    { token: text, metadata: optional(bytes), isWebhook: optional(fc.boolean()) },
    true,
  ),
);

const timings = {
  ttfs: optional(millis),
  stso: optional(millis),
  stepCount: optional(count),
  eventCount: optional(count),
  rsfs: optional(millis),
  finalSchedulingReplay: optional(millis),
  optimizations: optional(fc.array(text, { minLength: 1, maxLength: 3 })),
};

/** Events as SDK 5 writes them. */
export const v5Events: fc.Arbitrary<UpstreamEventRequest> = fc.oneof(
  ...common,
  event(
    'run_created',
    {
      deploymentId: text,
      workflowName: text,
      input: bytes,
      executionContext: optional(context),
      attributes: optional(attributes),
      allowReservedAttributes: flag,
      encryptionPublicKey: optional(text),
    },
    false,
  ),
  event('run_failed', { error: bytes, errorCode: optional(text) }, false),
  event('run_cancelled', { cancelReason: text }, false),
  event(
    'attr_set',
    {
      changes: fc.uniqueArray(
        record({ key: text, value: fc.option(fc.string({ maxLength: 20 })) }),
        { selector: ({ key }) => key, minLength: 1, maxLength: 4 },
      ),
      writer: fc.oneof(
        fc.constant({ type: 'workflow' }),
        record({ type: fc.constant('step'), stepId: text, attempt: count }),
      ),
      allowReservedAttributes: flag,
    },
    false,
  ),
  event(
    'step_started',
    {
      stepName: text,
      attempt: optional(count),
      workflowName: optional(text),
      input: optional(bytes),
      ownerMessageId: optional(text),
    },
    true,
  ),
  event(
    'step_completed',
    { stepName: optional(text), workflowName: optional(text), result: bytes, ...timings },
    true,
  ),
  event('step_failed', { stepName: optional(text), error: bytes, ...timings }, true),
  event('step_retrying', { stepName: text, error: bytes, retryAfter: optional(date) }, true),
  event(
    'hook_created',
    {
      token: text,
      tokenRetentionUntil: optional(date),
      metadata: optional(bytes),
      isWebhook: optional(fc.boolean()),
      isSystem: optional(fc.boolean()),
    },
    true,
  ),
);
