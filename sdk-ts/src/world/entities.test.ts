import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  HookSchema,
  RunSchema,
  RunStatus,
  StepSchema,
  StepStatus,
  WaitSchema,
  WaitStatus,
} from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import * as v4 from 'workflow-world-4';
import * as v5 from 'workflow-world-5';
import { readConfig } from './config.js';
import { fromHook } from './hooks.js';
import { fromRun } from './runs.js';
import { fromStep } from './steps.js';
import { fromWait } from './waits.js';

const at = (ms: number) => timestampFromMs(1_700_000_000_000 + ms);
const date = (ms: number) => new Date(1_700_000_000_000 + ms);
const bytes = new Uint8Array([0, 1, 255]);

function run(init: MessageInitShape<typeof RunSchema> = {}) {
  return create(RunSchema, {
    runId: 'wrun_1',
    status: RunStatus.RUNNING,
    workflowName: 'workflow//./a//b',
    deploymentId: 'dpl',
    specVersion: 3,
    createdAt: at(1),
    updatedAt: at(2),
    startedAt: at(3),
    ...init,
  });
}

describe('runs', () => {
  const ended = { completedAt: at(9) };
  const structured = {
    form: { case: 'structured' as const, value: { message: 'no', stack: 'at' } },
  };
  const payload = { form: { case: 'payload' as const, value: bytes } };

  it.each([
    ['pending', run({ status: RunStatus.PENDING, startedAt: undefined, input: bytes })],
    ['running', run({ input: bytes, executionContext: { a: [1, { b: null }] } })],
    ['completed', run({ status: RunStatus.COMPLETED, output: bytes, ...ended })],
    ['cancelled', run({ status: RunStatus.CANCELLED, cancelReason: 'x', ...ended })],
    [
      'failed',
      run({ status: RunStatus.FAILED, error: structured, errorCode: 'USER_ERROR', ...ended }),
    ],
  ])('%s: SDK 4 accepts it', (status, message) => {
    const value = fromRun(message, 'v4');
    const parsed = v4.WorkflowRunSchema.parse(value);
    expect(parsed).toMatchObject({ status, createdAt: date(1), updatedAt: date(2) });
    if (status === 'failed') {
      expect(parsed.error).toEqual({ message: 'no', stack: 'at', code: 'USER_ERROR' });
    }
  });

  it.each([
    ['pending', run({ status: RunStatus.PENDING, attributes: { a: 'b' } })],
    ['running', run({ encryptionPublicKey: 'k' })],
    ['completed', run({ status: RunStatus.COMPLETED, output: bytes, ...ended })],
    ['cancelled', run({ status: RunStatus.CANCELLED, ...ended })],
    ['failed', run({ status: RunStatus.FAILED, error: payload, errorCode: 'X', ...ended })],
  ])('%s: SDK 5 accepts it', (status, message) => {
    const value = fromRun(message, 'v5');
    expect(v5.WorkflowRunSchema.parse(value)).toEqual(value);
    expect(value.status).toBe(status);
    if (status === 'failed') expect(value).toMatchObject({ error: bytes, errorCode: 'X' });
  });

  it('keeps milliseconds, and leaves out what is not there', () => {
    const value = fromRun(run(), 'v5');
    expect(value.startedAt).toEqual(date(3));
    expect(Object.keys(value).sort()).toEqual(
      ['attributes', 'createdAt', 'deploymentId', 'runId', 'specVersion', 'startedAt'].concat([
        'status',
        'updatedAt',
        'workflowName',
      ]),
    );
  });

  it('tells SDK 4 of an error that it cannot read', () => {
    const value = fromRun(
      run({ status: RunStatus.FAILED, error: payload, errorCode: 'USER_ERROR', ...ended }),
      'v4',
    );
    expect(v4.WorkflowRunSchema.parse(value).error).toMatchObject({ code: 'USER_ERROR' });
  });
});

describe('steps', () => {
  const message = create(StepSchema, {
    runId: 'wrun_1',
    stepId: 'step_1',
    stepName: 'step//a',
    status: StepStatus.PENDING,
    input: bytes,
    error: { form: { case: 'structured', value: { message: 'no' } } },
    attempt: 2,
    startedAt: at(1),
    createdAt: at(0),
    updatedAt: at(2),
    retryAfter: at(5),
    specVersion: 3,
  });

  it('both SDKs accept them', () => {
    const old = fromStep(message, 'v4');
    expect(v4.StepSchema.parse(old)).toEqual(old);
    expect(old).toMatchObject({ error: { message: 'no' }, attempt: 2, retryAfter: date(5) });
    const value = fromStep({ ...message, status: StepStatus.FAILED }, 'v5');
    expect(v5.StepSchema.parse(value)).toEqual(value);
  });
});

describe('hooks', () => {
  const config = readConfig({}, { WORLDWIRE_PROJECT: 'p', WORLDWIRE_ENVIRONMENT: 'production' });
  const message = create(HookSchema, {
    runId: 'wrun_1',
    hookId: 'hook_1',
    token: 't',
    metadata: bytes,
    createdAt: at(1),
    specVersion: 7,
    isWebhook: false,
    tokenRetentionUntil: at(9),
    run: {
      deploymentId: 'dpl',
      workflowName: 'w',
      specVersion: 7,
      encryptionPublicKey: 'k',
      executionContext: {
        workflowCoreVersion: '5.0.0',
        hookResumeInputVersion: 1,
        traceCarrier: { traceparent: '00', odd: 1 },
      },
    },
  });

  it('both SDKs accept them, with what a resumer needs', () => {
    const value = fromHook(message, { config });
    expect(v4.HookSchema.parse(value)).toMatchObject({ token: 't', isWebhook: false });
    expect(v5.HookSchema.parse(value)).toEqual(value);
    expect(value).toMatchObject({ projectId: 'p', environment: 'production' });
    expect(value.resumeContext).toEqual({
      deploymentId: 'dpl',
      workflowName: 'w',
      runSpecVersion: 7,
      workflowCoreVersion: '5.0.0',
      traceCarrier: { traceparent: '00' },
      encryptionPublicKey: 'k',
      hookResumeInputVersion: 1,
    });
  });

  it('without the context, nothing of it is made up', () => {
    const value = fromHook({ ...message, run: undefined }, { config });
    expect(value).not.toHaveProperty('resumeContext');
  });
});

describe('waits', () => {
  it.each([
    [WaitStatus.WAITING, 'waiting', undefined],
    [WaitStatus.COMPLETED, 'completed', at(7)],
  ])('both SDKs accept them', (status, name, completedAt) => {
    const value = fromWait(
      create(WaitSchema, {
        runId: 'wrun_1',
        waitId: 'wait_1',
        status,
        resumeAt: at(5),
        completedAt,
        createdAt: at(1),
        updatedAt: at(2),
        specVersion: 3,
      }),
    );
    expect(v4.WaitSchema.parse(value)).toEqual(value);
    expect(v5.WaitSchema.parse(value)).toEqual(value);
    expect(value.status).toBe(name);
  });
});
