import { ErrorInfoSchema, errorRules, RetryInfoSchema } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import * as errors4 from 'workflow-errors-4';
import * as errors5 from 'workflow-errors-5';
import { type About, errorOfStatus, explain } from './errors.js';
import type { UpstreamWorld } from './upstream-world.js';

interface State {
  readonly run?: string;
  readonly step?: string;
}

/** As much of a World as is read after a refusal. */
function worldWith({ run, step }: State): UpstreamWorld {
  return {
    runs: {
      async get(runId: string) {
        if (run === undefined) throw new errors4.WorkflowRunNotFoundError(runId);
        return { runId, status: run };
      },
    },
    steps: {
      async get(_runId: string, stepId: string) {
        if (step === undefined) throw new Error(`Step ${stepId} not found`);
        return { stepId, status: step };
      },
    },
  } as unknown as UpstreamWorld;
}

async function explained(thrown: unknown, about: About, state: State = { run: 'running' }) {
  const error = await explain(worldWith(state), thrown, { runId: 'r', id: 'e', ...about });
  const [info] = error.findDetails(ErrorInfoSchema);
  return { error, reason: info?.reason, metadata: info?.metadata };
}

const reasonOf = async (thrown: unknown, about: About, state?: State) =>
  (await explained(thrown, about, state)).reason;

describe.each([
  ['SDK 4', errors4],
  ['SDK 5', errors5],
])('an error class of %s', (_line, errors) => {
  const conflict = new errors.EntityConflictError('conflict');

  it.each<[string, State, string]>([
    ['run_created', {}, 'RUN_ALREADY_EXISTS'],
    ['run_started', {}, 'RUN_ALREADY_ENDED'],
    ['run_completed', { run: 'failed' }, 'RUN_ALREADY_ENDED'],
    ['step_created', { run: 'running', step: 'pending' }, 'STEP_ALREADY_EXISTS'],
    ['step_created', { run: 'completed' }, 'RUN_ALREADY_ENDED'],
    ['step_started', { run: 'running', step: 'completed' }, 'STEP_ALREADY_ENDED'],
    ['step_started', { run: 'failed', step: 'running' }, 'RUN_ALREADY_ENDED'],
    ['step_failed', { run: 'running', step: 'failed' }, 'STEP_ALREADY_ENDED'],
    ['hook_created', { run: 'running' }, 'HOOK_ALREADY_EXISTS'],
    ['hook_created', { run: 'cancelled' }, 'RUN_ALREADY_ENDED'],
    ['hook_disposed', { run: 'running' }, 'HOOK_NOT_FOUND'],
    ['wait_created', { run: 'running' }, 'WAIT_ALREADY_EXISTS'],
    ['wait_completed', { run: 'running' }, 'WAIT_ALREADY_COMPLETED'],
    ['attr_set', { run: 'running' }, 'ATTRIBUTES_ALREADY_SET'],
  ])('of a conflict of %s on %j is told as %s', async (eventType, state, reason) => {
    expect(await reasonOf(conflict, { eventType }, state)).toBe(reason);
    expect(['EntityConflictError', 'HookNotFoundError']).toContain(
      errorRules.get(reason)?.upstreamClass,
    );
  });

  it('is told by its name', async () => {
    const about: About = { kind: 'step', eventType: 'step_started' };
    expect(await reasonOf(new errors.RunExpiredError('ended'), about)).toBe('RUN_GONE');
    expect(await reasonOf(new errors.WorkflowRunNotFoundError('r'), about)).toBe('RUN_NOT_FOUND');
    expect(await reasonOf(new errors.HookNotFoundError('t'), about)).toBe('HOOK_NOT_FOUND');
    expect(await reasonOf(new errors.RunNotSupportedError(9, 3), about)).toBe('RUN_NOT_SUPPORTED');
  });

  it('brings its wait along', async () => {
    const early = new errors.TooEarlyError('wait', { retryAfter: 12 });
    const { error, reason, metadata } = await explained(early, { kind: 'step' });
    expect(reason).toBe('TOO_EARLY');
    expect(metadata).toMatchObject({ retry_after_ms: '12000', run_id: 'r', step_id: 'e' });
    expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds).toBe(12n);
  });

  it('is told by what it was about where it is the general one', async () => {
    const missing = new errors.WorkflowWorldError('Step "e" not found');
    expect(await reasonOf(missing, { kind: 'step' })).toBe('STEP_NOT_FOUND');
    expect(await reasonOf(missing, { kind: 'step' }, {})).toBe('RUN_NOT_FOUND');
    expect(
      await reasonOf(new errors.WorkflowWorldError('Wait "e" not found'), { kind: 'wait' }),
    ).toBe('WAIT_NOT_FOUND');
    const drift = new errors.WorkflowWorldError(
      'Invalid runId timestamp: embedded timestamp is 9s',
    );
    expect(await reasonOf(drift, { kind: 'run' })).toBe('RUN_ID_TIME_OUT_OF_RANGE');
  });
});

describe('an error of the 4.1.0 betas', () => {
  const api = (status: number, message = 'no') =>
    Object.assign(new Error(message), { name: 'WorkflowAPIError', status });

  it('brings its wait along', async () => {
    const retryAfter = new Date(Date.now() + 60_000).toISOString();
    const early = Object.assign(api(425), { meta: { stepId: 'e', retryAfter } });
    const { metadata } = await explained(early, { kind: 'step' });
    expect(Number(metadata!.retry_after_ms)).toBeGreaterThan(50_000);
    expect(Number(metadata!.retry_after_ms)).toBeLessThanOrEqual(60_000);
  });

  it('is told by its status', async () => {
    const about: About = { kind: 'step', eventType: 'step_completed' };
    const ended = { run: 'running', step: 'completed' };
    expect(await reasonOf(api(409), about, ended)).toBe('STEP_ALREADY_ENDED');
    expect(await reasonOf(api(410), about)).toBe('RUN_GONE');
    expect(await reasonOf(api(404), about)).toBe('STEP_NOT_FOUND');
    expect(await reasonOf(api(404, 'Run not found: r'), about)).toBe('RUN_NOT_FOUND');
    expect(await reasonOf(api(425), about)).toBe('TOO_EARLY');
    expect(await reasonOf(api(400, 'x is required'), about)).toBe('INVALID_ARGUMENT');
    expect(await reasonOf(api(500), about)).toBe('INTERNAL');
  });
});

describe('any other error', () => {
  it('is a fault of the World, with its message', async () => {
    const { error, reason, metadata } = await explained(new TypeError('x is not a function'), {});
    expect([reason, error.rawMessage]).toEqual(['INTERNAL', 'TypeError: x is not a function']);
    expect(metadata?.incident).toBeTruthy();
    const database = Object.assign(new Error('invalid byte sequence for id'), { code: '22021' });
    expect(await reasonOf(database, {})).toBe('INTERNAL');
    expect(await reasonOf(new Error('it broke'), {})).toBe('INTERNAL');
    expect(await reasonOf('text', {})).toBe('INTERNAL');
  });

  it('is bad input where the World says so', async () => {
    expect(await reasonOf(new Error('Invalid step id "../x"'), {})).toBe('INVALID_ID');
    expect(await reasonOf(new Error('Invalid queue name: q'), {})).toBe('INVALID_ARGUMENT');
    expect(await reasonOf(new Error('Invalid cursor'), {})).toBe('INVALID_CURSOR');
    const required = new Error('runId is required for non-run_created events');
    expect(await reasonOf(required, {})).toBe('INVALID_ARGUMENT');
    const unsafe = Object.assign(new Error('Unsafe runId'), { name: 'UnsafeEntityIdError' });
    expect(await reasonOf(unsafe, {})).toBe('INVALID_ID');
    const zod = Object.assign(new Error('[]'), { name: 'ZodError' });
    expect(await reasonOf(zod, {})).toBe('INVALID_ARGUMENT');
  });
});

describe('a status of a batch', () => {
  it('stands for a class', async () => {
    const refused = errorOfStatus(409, 'conflict', 'exists');
    expect(refused.name).toBe('EntityConflictError');
    const about: About = { eventType: 'wait_created' };
    expect(await reasonOf(refused, about)).toBe('WAIT_ALREADY_EXISTS');
    expect(errorOfStatus(410, 'gone', 'x').name).toBe('RunExpiredError');
    expect(errorOfStatus(404, 'none', 'x').name).toBe('WorkflowWorldError');
  });
});
