import { errorRules } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import * as errors4 from 'workflow-errors-4';
import * as errors5 from 'workflow-errors-5';
import { AttributeValidationError } from 'workflow-world-5';
import { WorldError } from '../client/error.js';
import { toUpstreamError, translated, worldError } from './errors.js';

type Classes = Record<string, { is(error: unknown): boolean }>;

function failure(reason: string, metadata: Record<string, string> = {}, retryAfterMs?: number) {
  const { code } = errorRules.get(reason)!;
  return new WorldError(`it was ${reason}`, { code, reason, metadata, retryAfterMs });
}

describe('every reason of the registry', () => {
  it.each([...errorRules.values()])('$reason is known by its class in both SDKs', (rule) => {
    const cause = failure(rule.reason);
    const error = toUpstreamError(cause) as Error;
    const name = rule.upstreamClass ?? 'WorkflowWorldError';
    expect(error).toMatchObject({ name, message: cause.message, cause });
    for (const classes of [errors4, errors5] as unknown as Classes[]) {
      const one = classes[name];
      if (one !== undefined) expect(one.is(error)).toBe(true);
      // A subclass must not pass for its parent, which the SDK takes for another failure.
      expect(classes.WorkflowWorldError!.is(error)).toBe(name === 'WorkflowWorldError');
    }
    expect(Object.keys(error)).not.toContain('name');
  });
});

describe('fields', () => {
  it.each([
    [failure('RUN_NOT_FOUND', { run_id: 'r' }), { runId: 'r' }],
    [failure('HOOK_NOT_FOUND', { token: 't' }), { token: 't' }],
    [failure('HOOK_NOT_FOUND', { hook_id: 'h' }), { token: 'h' }],
    [failure('STEP_ALREADY_EXISTS'), { status: 409 }],
    [
      failure('RUN_GONE', { run_id: 'r', status: 'failed' }),
      { status: 410, code: 'run-expired', runId: 'r', runStatus: 'failed' },
    ],
    [
      failure('STREAM_EXPIRED', { run_id: 'r', name: 's' }),
      { status: 410, code: 'stream-expired', runId: 'r', streamId: 's' },
    ],
    [
      failure('RUN_NOT_SUPPORTED', { spec_version: '9', maximum: '7' }),
      { runSpecVersion: 9, worldSpecVersion: 7 },
    ],
    [failure('ATTRIBUTE_INVALID', { key: 'k' }), { field: 'k', status: 400 }],
    [failure('INVALID_CURSOR'), { name: 'WorkflowWorldError', status: 400 }],
  ])('%s', (cause, fields) => {
    expect(toUpstreamError(cause)).toMatchObject(fields);
  });

  it.each([
    [1, 1],
    [1000, 1],
    [1001, 2],
    [90_000, 90],
  ])('%d ms to wait are %d s', (ms, seconds) => {
    expect(toUpstreamError(failure('TOO_EARLY', {}, ms))).toMatchObject({ retryAfter: seconds });
    const told = failure('THROTTLED', { retry_after_ms: String(ms) });
    expect(toUpstreamError(told)).toMatchObject({ retryAfter: seconds });
  });
});

describe('a World that did not answer', () => {
  it.each(['unavailable', 'deadline_exceeded', 'canceled'])('%s is worth another try', (code) => {
    const error = toUpstreamError(new WorldError('away', { code }));
    expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 503, code: 'TRANSPORT' });
  });
});

describe('translated', () => {
  it('leaves other errors alone', async () => {
    const mine = new TypeError('mine');
    await expect(translated(() => Promise.reject(mine))).rejects.toBe(mine);
    const ours = worldError('ours', { status: 400 });
    await expect(translated(() => Promise.reject(ours))).rejects.toBe(ours);
  });

  it("makes instances of the application's own classes once they are loaded", async () => {
    const store = globalThis as Record<symbol, Map<string, object> | undefined>;
    const key = Symbol.for('@worldwire/sdk//errorPrototypes');
    store[key] = new Map([
      ['HookNotFoundError', errors5.HookNotFoundError.prototype],
      ['AttributeValidationError', AttributeValidationError.prototype],
    ]);
    try {
      const error = toUpstreamError(failure('HOOK_NOT_FOUND', { token: 't' })) as Error;
      expect(error).toBeInstanceOf(errors5.HookNotFoundError);
      expect(error).toMatchObject({ name: 'HookNotFoundError', token: 't' });
      expect(toUpstreamError(failure('ATTRIBUTE_INVALID'))).toBeInstanceOf(
        AttributeValidationError,
      );
    } finally {
      delete store[key];
    }
  });
});
