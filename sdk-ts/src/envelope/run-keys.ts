import { checkKey, deriveKeyPair, type KeyPair } from './derive.js';
import { EnvelopeError, type EnvelopeErrorInit } from './error.js';
import { fingerprintOf, publicKeyFromText } from './public-key.js';

/** What is known of a run's keys. */
export interface RunKeysInit {
  /** The run, for error messages. */
  readonly runId?: string | undefined;
  /** The run's key, 32 bytes; without it only what is not sealed can be read. */
  readonly runKey?: Uint8Array | undefined;
  /** The public key of the run's record. Where it is given, another run's key is known to be one. */
  readonly publicKey?: string | undefined;
}

/** The keys of one run, which are derived once and open many payloads. */
export class RunKeys {
  readonly #runId: string | undefined;
  readonly #runKey: Uint8Array | undefined;
  readonly #recorded: Uint8Array | undefined;
  #pair: KeyPair | undefined;

  /** @throws EnvelopeError `key` where a key has not 32 bytes. */
  constructor({ runId, runKey, publicKey }: RunKeysInit = {}) {
    if (runKey !== undefined) checkKey(runKey, 'A run key');
    this.#runId = runId;
    this.#runKey = runKey;
    this.#recorded = publicKey === undefined ? undefined : publicKeyFromText(publicKey);
  }

  /** The run's key. @throws EnvelopeError `key` where there is none, or it is not the recorded public key's. */
  get runKey(): Uint8Array {
    return this.#checked().runKey;
  }

  /** The run's key pair. @throws EnvelopeError `key` as `runKey` does. */
  get pair(): KeyPair {
    return this.#checked().pair;
  }

  /** What an error may say of these keys. */
  get described(): EnvelopeErrorInit {
    return {
      runId: this.#runId,
      fingerprint: this.#runKey && fingerprintOf(this.#derived(this.#runKey).publicKey),
      wantedFingerprint: this.#recorded && fingerprintOf(this.#recorded),
    };
  }

  #checked(): { runKey: Uint8Array; pair: KeyPair } {
    const runKey = this.#runKey;
    if (runKey === undefined)
      throw new EnvelopeError('key', "The run's key is missing", this.described);
    const pair = this.#derived(runKey);
    if (this.#recorded !== undefined && Buffer.compare(this.#recorded, pair.publicKey) !== 0)
      throw new EnvelopeError('key', "The key at hand is not the run's", this.described);
    return { runKey, pair };
  }

  #derived(runKey: Uint8Array): KeyPair {
    this.#pair ??= deriveKeyPair(runKey);
    return this.#pair;
  }
}
