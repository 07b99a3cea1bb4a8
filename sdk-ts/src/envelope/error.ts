/**
 * What is wrong with a payload or a key:
 * - `prefix`: it begins with no prefix, or with one that is unknown here;
 * - `key`: there is no key, or one that is known to be another run's;
 * - `authentication`: it was altered, or sealed with another key;
 * - `format`: it is cut short, is not what its prefix says, or has layers in an order that no writer makes;
 * - `limit`: it would take more memory than the reader allows.
 */
export type EnvelopeFailure = 'prefix' | 'key' | 'authentication' | 'format' | 'limit';

/** What is known of a payload that could not be opened. Never any of its content. */
export interface EnvelopeErrorInit {
  /** The run that the key was for. */
  readonly runId?: string | undefined;
  /** The fingerprint of the key at hand. */
  readonly fingerprint?: string | undefined;
  /** The fingerprint of the key that the run's public key belongs to. */
  readonly wantedFingerprint?: string | undefined;
  readonly cause?: unknown;
}

/** Why a payload was not sealed, opened, compressed or decompressed. The one error that this module throws. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly failure: EnvelopeFailure;
  readonly runId: string | undefined;
  readonly fingerprint: string | undefined;
  readonly wantedFingerprint: string | undefined;

  constructor(failure: EnvelopeFailure, message: string, init: EnvelopeErrorInit = {}) {
    super(
      `${message}${described(init)}`,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.failure = failure;
    this.runId = init.runId;
    this.fingerprint = init.fingerprint;
    this.wantedFingerprint = init.wantedFingerprint;
  }
}

function described({ runId, fingerprint, wantedFingerprint }: EnvelopeErrorInit): string {
  const parts = [
    runId && `run ${runId}`,
    fingerprint && `key at hand ${fingerprint}`,
    wantedFingerprint && `key of the run ${wantedFingerprint}`,
  ].filter(Boolean);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
