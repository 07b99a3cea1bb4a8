import { Code, ConnectError } from '@connectrpc/connect';
import { errorRules } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import { WorldError } from './error.js';
import { worldwireError } from './testing/test-world.js';

describe('WorldError', () => {
  it('has what the registry says of the reason', () => {
    const error = WorldError.from(
      worldwireError(Code.FailedPrecondition, 'TOO_EARLY', {
        metadata: { step_id: 's' },
        retryAfterMs: 250,
      }),
    );
    expect(error).toMatchObject({
      name: 'WorldError',
      message: 'it is TOO_EARLY',
      code: 'failed_precondition',
      reason: 'TOO_EARLY',
      metadata: { step_id: 's' },
      retryable: false,
      retryAfterMs: 250,
      upstreamClass: 'TooEarlyError',
      upstreamStatus: 425,
    });
    expect(error.cause).toBeInstanceOf(ConnectError);
    expect(WorldError.from(error)).toBe(error);
  });

  it('follows the registry for every reason', () => {
    for (const rule of errorRules.values()) {
      const error = new WorldError('x', { code: rule.code, reason: rule.reason });
      expect(error.retryable, rule.reason).toBe(rule.retryable);
    }
  });

  it('treats a reason that this build does not know by its code', () => {
    const gone = WorldError.from(worldwireError(Code.NotFound, 'FROM_THE_FUTURE'));
    expect(gone).toMatchObject({
      code: 'not_found',
      reason: undefined,
      retryable: false,
      upstreamClass: 'WorkflowWorldError',
      upstreamStatus: 404,
    });
    expect(WorldError.from(worldwireError(Code.Unavailable, 'FROM_THE_FUTURE')).retryable).toBe(
      true,
    );
  });

  it('takes a reset connection as unavailable, whatever the transport made of it', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    const error = new ConnectError('aborted', Code.Aborted, undefined, undefined, reset);
    expect(WorldError.from(error)).toMatchObject({ code: 'unavailable', retryable: true });
  });

  it('takes anything that is thrown', () => {
    expect(WorldError.from('text')).toMatchObject({ code: 'unknown', message: 'text' });
    expect(WorldError.from(new DOMException('no', 'AbortError')).code).toBe('canceled');
  });
});
