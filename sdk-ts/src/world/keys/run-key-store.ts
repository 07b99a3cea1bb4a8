import { setTimeout as sleep } from 'node:timers/promises';
import { Capability, ResolveData, type Run, RunStatus } from '@worldwire/proto';
import { WorldError } from '../../client/error.js';
import {
  deriveRunKey,
  EnvelopeError,
  fingerprintOf,
  publicKeyFromText,
  publicKeyText,
  RunKeys,
} from '../../envelope/index.js';
import type { Config } from '../config.js';
import { isKeyError, keyError } from '../errors.js';
import { Recent } from '../recent.js';
import { declares, type Session } from '../session.js';
import type { Payload } from '../upstream.js';
import type { DeploymentKey, KeyRing } from './key-ring.js';
import { KeySource } from './key-source.js';
import { isSealed, opens } from './seals.js';

/** How many runs are remembered. */
const MAX_RUNS = 10_000;
/** How long a run whose key is not here waits for its next try. */
const DEFER_SECONDS = 30;
/** How long a writer waits for a run that this process is about to create. */
const CREATED_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 20;

const DEFAULT_PROJECT = 'default';

const ENDED = new Set([RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED]);

/** What a run's record says of its key. It never changes. */
export interface KeyRecord {
  readonly deploymentId: string;
  /** The fingerprint of the deployment key. */
  readonly keyId?: string | undefined;
  /** The run's public key in base64. */
  readonly publicKey?: string | undefined;
  /** Whether the run's input is sealed by a key that is not here, and nothing tells which one. */
  readonly foreign?: boolean;
}

/** The key of a run that is here. */
export interface HeldKey {
  readonly keys: RunKeys;
  /** The fingerprint of the deployment key that it derives from. */
  readonly keyId: string;
}

/** The fields of runs, and of what hooks tell of them, that are about keys. */
export type RunKeyFields = Pick<Run, 'deploymentId' | 'encryptionKeyId' | 'encryptionPublicKey'>;

/** What a run's record, or the message that starts it, may tell of its key. */
interface KeyFields {
  readonly deploymentId?: string | undefined;
  readonly encryptionPublicKey?: string | undefined;
  readonly input?: Uint8Array | undefined;
}

/** Connects to the World whose runs are meant. */
type Connect = () => Promise<Pick<Session, 'client'>>;

/** What a writer has of a run: its keys, or only the public one. */
export type Sealer = { readonly keys: RunKeys } | { readonly publicKey: Uint8Array };

/**
 * Finds the keys of runs: by the deployment key that the run's record names, else by the public key that it shows, else
 * by the deployment. What was found is remembered; what was not is looked for again.
 */
export class RunKeyStore {
  readonly #connect: Connect;
  readonly #config: () => Config;
  readonly #records = new Recent<KeyRecord>(MAX_RUNS);
  readonly #held = new Recent<Promise<HeldKey | undefined>>(MAX_RUNS);
  /** Runs that were announced to another deployment and are not created yet. */
  readonly #announced = new Recent<true>(MAX_RUNS);
  /** Runs that were held before anything was known of them. */
  readonly #guessed = new Recent<true>(MAX_RUNS);
  readonly #told = new Recent<true>(MAX_RUNS);
  #source: KeySource | undefined;

  constructor(connect: Connect, config: () => Config) {
    this.#connect = connect;
    this.#config = config;
  }

  /** Forgets all keys; the settings are read again. */
  clear(): void {
    this.#source = undefined;
    this.#records.clear();
    this.#held.clear();
    this.#announced.clear();
    this.#guessed.clear();
    this.#told.clear();
  }

  /**
   * The key of a run, or undefined where it is not sealed. A run that does not exist is taken for one to be created.
   * Calls for the same run resolve in the order in which they were made.
   *
   * @param deploymentId The deployment of a run to be created, given by whoever is about to do so. Default: this one.
   * @throws WorkflowWorldError of `keyError` that names the run and the missing key.
   */
  of(runId: string, deploymentId?: string): Promise<HeldKey | undefined> {
    const known = this.#held.get(runId);
    if (known !== undefined) return known;
    const finding = this.#find(runId, deploymentId);
    this.#held.set(runId, finding);
    finding.catch(() => this.#held.delete(runId, finding));
    return finding;
  }

  /** What seals for a run: its key or, without that, its public key; undefined where it is not sealed. */
  sealerOf(runId: string): Promise<Sealer | undefined> {
    return this.of(runId).catch((error) => {
      const text = this.#records.get(runId)?.publicKey;
      if (!isKeyError(error) || text === undefined) throw error;
      return { publicKey: publicKeyFromText(text) };
    });
  }

  /** Remembers what the World says of the key of a run. Where that is nothing, the run's input is asked later. */
  noteRun(runId: string, run: RunKeyFields): void {
    const { encryptionKeyId: keyId, encryptionPublicKey: publicKey, deploymentId } = run;
    if (keyId === undefined && publicKey === undefined) return;
    this.#note(runId, { deploymentId, keyId, publicKey });
  }

  /** Remembers that a run is about to be created with a public key that another deployment may give. */
  announce(runId: string): void {
    if (this.#records.get(runId) === undefined) this.#announced.set(runId, true);
  }

  /**
   * What a message tells of the key of its run, before a handler sees it.
   *
   * @returns Seconds to wait where the key is not here, and undefined where the handler may go on.
   */
  async admit(message: unknown): Promise<number | undefined> {
    const { __healthCheck, runId, workflowRunId, runInput } = (message ?? {}) as Payload;
    const id = runId ?? workflowRunId;
    if (__healthCheck || typeof id !== 'string' || id === '') return undefined;
    if (typeof runInput?.deploymentId === 'string') {
      const known = this.#records.get(id);
      if (known === undefined || known.foreign) this.#note(id, this.#recordOf(id, runInput));
    }
    try {
      await this.of(id);
      return undefined;
    } catch (error) {
      if (!isKeyError(error)) throw error;
      if (await this.#hasEnded(id)) return undefined;
      if (this.#told.get(id) === undefined)
        console.warn(`worldwire: ${error.message}; the run waits`);
      this.#told.set(id, true);
      return DEFER_SECONDS;
    }
  }

  /**
   * The fingerprint to write into the record of a run that is about to be created: that of the key which the input is
   * sealed with, or which the given public key belongs to.
   */
  async stamp(session: Session, runId: string, create: KeyFields): Promise<string | undefined> {
    // Whoever looks for the key of an announced run waits for this very record.
    const finding = this.#announced.get(runId) ? undefined : this.#held.get(runId);
    const held = await finding?.catch(() => undefined);
    const { deploymentId = '', encryptionPublicKey: publicKey } = create;
    const fits = held !== undefined && (publicKey === undefined || publicKey === textOf(held.keys));
    const record = fits
      ? { deploymentId, publicKey, keyId: held.keyId }
      : this.#recordOf(runId, create);
    this.#note(runId, record);
    return declares(session, Capability.KEY_IDS) ? record.keyId : undefined;
  }

  #note(runId: string, record: KeyRecord): void {
    const known = this.#records.get(runId);
    if (known !== undefined && !known.foreign) return;
    this.#records.set(runId, record);
    const held = this.#held.get(runId);
    if (held === undefined || !this.#guessed.get(runId)) return;
    this.#guessed.delete(runId, true);
    this.#held.delete(runId, held);
  }

  async #find(runId: string, deploymentId: string | undefined): Promise<HeldKey | undefined> {
    let record = this.#records.get(runId);
    if (record === undefined || record.foreign) record = (await this.#fetch(runId)) ?? record;
    if (record === undefined && deploymentId === undefined && this.#announced.get(runId)) {
      record = await this.#created(runId);
    }
    if (record === undefined) {
      this.#guessed.set(runId, true);
      return this.#fresh(runId, { deploymentId: deploymentId ?? this.#config().deploymentId });
    }
    const { keyId, publicKey, foreign } = record;
    if (keyId === undefined && publicKey === undefined && !foreign)
      return this.#fresh(runId, record);
    const ring = this.#keySource().read();
    const key = this.#namedBy(runId, record, ring);
    if (key === undefined) throw missing(runId, record, ring);
    return this.#hold(runId, key, publicKey);
  }

  /** The record of a run, or undefined where there is no such run. */
  async #fetch(runId: string): Promise<KeyRecord | undefined> {
    const session = await this.#connect();
    const read = async (resolveData: ResolveData) =>
      (await session.client.runs.getRun({ runId, resolveData })).run!;
    let run: Run;
    try {
      run = await read(ResolveData.NONE);
      this.noteRun(runId, run);
      const record = this.#records.get(runId);
      if (record !== undefined && !record.foreign) return record;
      run = await read(ResolveData.ALL);
    } catch (error) {
      if (error instanceof WorldError && error.reason === 'RUN_NOT_FOUND') return undefined;
      throw error;
    }
    this.#note(runId, this.#recordOf(runId, run));
    return this.#records.get(runId);
  }

  /** Whether a run has ended, so that no handler needs its key. */
  async #hasEnded(runId: string): Promise<boolean> {
    const { client } = await this.#connect();
    try {
      const { run } = await client.runs.getRun({ runId, resolveData: ResolveData.NONE });
      return ENDED.has(run!.status);
    } catch (error) {
      if (error instanceof WorldError && error.reason === 'RUN_NOT_FOUND') return false;
      throw error;
    }
  }

  /** What the input of a run and its public key tell of its key. */
  #recordOf(
    runId: string,
    { deploymentId = '', encryptionPublicKey: publicKey, input }: KeyFields,
  ): KeyRecord {
    const { keys } = this.#keySource().read();
    if (typeof publicKey === 'string') {
      const key = keys.find((one) => this.#isOf(runId, one, publicKey));
      return { deploymentId, publicKey, keyId: key?.id };
    }
    if (!(input instanceof Uint8Array) || !isSealed(input)) return { deploymentId };
    const key = keys.find((one) => opens(input, new RunKeys({ runKey: this.#derive(runId, one) })));
    return { deploymentId, keyId: key?.id, foreign: key === undefined };
  }

  /** Waits for the record of a run that this process is about to create. */
  async #created(runId: string): Promise<KeyRecord | undefined> {
    const giveUpAt = Date.now() + CREATED_WITHIN_MS;
    while (this.#records.get(runId) === undefined && Date.now() < giveUpAt) {
      await sleep(LOOK_AGAIN_MS);
    }
    return this.#records.get(runId);
  }

  /** The key of a run whose record names none. */
  #fresh(runId: string, { deploymentId }: KeyRecord): HeldKey | undefined {
    if (!this.#config().encryption) return undefined;
    const ring = this.#keySource().readOrMake();
    const key = ring.current(deploymentId);
    if (key === undefined) {
      throw keyError(
        `there is no key for deployment "${deploymentId}" of run ${runId}: ${ring.described}`,
      );
    }
    return this.#hold(runId, key, undefined);
  }

  #namedBy(
    runId: string,
    { keyId, publicKey }: KeyRecord,
    ring: KeyRing,
  ): DeploymentKey | undefined {
    const key = keyId === undefined ? undefined : ring.named(keyId);
    if (key !== undefined || publicKey === undefined) return key;
    return ring.keys.find((one) => this.#isOf(runId, one, publicKey));
  }

  #hold(runId: string, key: DeploymentKey, publicKey: string | undefined): HeldKey {
    try {
      const keys = new RunKeys({ runId, runKey: this.#derive(runId, key), publicKey });
      // Compares it with the public key.
      void keys.runKey;
      return { keys, keyId: key.id };
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      throw keyError(
        `deployment key ${key.id} does not fit: ${error.message}; is the project right?`,
        error,
      );
    }
  }

  #isOf(runId: string, key: DeploymentKey, publicKey: string): boolean {
    return textOf(new RunKeys({ runKey: this.#derive(runId, key) })) === publicKey;
  }

  #derive(runId: string, key: DeploymentKey): Uint8Array {
    return deriveRunKey(key.secret, this.#config().project ?? DEFAULT_PROJECT, runId);
  }

  #keySource(): KeySource {
    this.#source ??= new KeySource(this.#config().keys);
    return this.#source;
  }
}

function textOf(keys: RunKeys): string {
  return publicKeyText(keys.pair.publicKey);
}

function missing(
  runId: string,
  { deploymentId, keyId, publicKey }: KeyRecord,
  ring: KeyRing,
): Error {
  const key = keyId === undefined ? 'the key that it was sealed with' : `deployment key ${keyId}`;
  return keyError(
    `the key of run ${runId} is missing: it needs ${key} of deployment "${deploymentId}"` +
      `${publicKey === undefined ? '' : ` (public key ${fingerprint(publicKey)})`}, and ${ring.described}`,
  );
}

/** A public key's fingerprint, also of one that is none. */
function fingerprint(publicKey: string): string {
  try {
    return fingerprintOf(publicKeyFromText(publicKey));
  } catch {
    return 'malformed';
  }
}
