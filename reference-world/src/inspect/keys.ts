import { ResolveData } from '@worldwire/proto';
import { type WorldClient, WorldError } from '@worldwire/sdk';
import { fingerprintOf, publicKeyFromText, RunKeys } from '@worldwire/sdk/envelope';
import { createKeyFinder, type KeyFinderOptions } from '@worldwire/sdk/keys';

/** What a run's record tells of its key. */
export interface KeyNames {
  /** The fingerprint of the deployment key. */
  readonly keyId?: string;
  /** The fingerprint of the run's public key. */
  readonly publicKey?: string;
}

/** The fields of a run, or of what a hook tells of it, that name its key. */
interface Named {
  readonly encryptionKeyId?: string | undefined;
  readonly encryptionPublicKey?: string | undefined;
}

type KeyFinder = ReturnType<typeof createKeyFinder>;

/** Where the keys of runs come from: this machine, or with a reason the World. */
export type KeyPlace = KeyFinderOptions | { readonly reason: string };

/** The keys of runs, each of which is looked for once. */
export class Keys {
  readonly #client: WorldClient;
  readonly #find: KeyFinder;
  #finder: KeyFinder | undefined;
  readonly #records = new Map<string, Promise<Named>>();
  readonly #keys = new Map<string, Promise<RunKeys | undefined>>();

  constructor(client: WorldClient, place: KeyPlace) {
    this.#client = client;
    if ('reason' in place) this.#find = (runId) => this.#fromEscrow(runId, place.reason);
    else this.#find = async (runId) => this.#local(place)(runId);
  }

  /** Takes note of a run whose record is at hand. */
  note(runId: string, record: Named | undefined): void {
    if (record !== undefined) this.#records.set(runId, Promise.resolve(record));
  }

  /** What is known of the key of a run; nothing of a run that does not exist. */
  async names(runId: string): Promise<KeyNames> {
    const { encryptionKeyId, encryptionPublicKey } = await this.#record(runId);
    return {
      ...(encryptionKeyId && { keyId: encryptionKeyId }),
      ...(encryptionPublicKey && { publicKey: fingerprint(encryptionPublicKey) }),
    };
  }

  /** The keys of a run; undefined where it has none. What it throws names the run and the key. */
  of(runId: string): Promise<RunKeys | undefined> {
    const keys = this.#keys.get(runId) ?? this.#find(runId);
    this.#keys.set(runId, keys);
    return keys;
  }

  /** Made where a key is wanted: without, it does not matter whether the settings for keys are right. */
  #local(place: KeyFinderOptions): KeyFinder {
    this.#finder ??= createKeyFinder(this.#client, place);
    return this.#finder;
  }

  async #fromEscrow(runId: string, reason: string): Promise<RunKeys> {
    const { encryptionPublicKey: publicKey, encryptionKeyId } = await this.#record(runId);
    try {
      const { runKey } = await this.#client.keys.getRunKey({ runId, reason });
      return new RunKeys({ runId, runKey, publicKey });
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      const key = encryptionKeyId ? ` (deployment key ${encryptionKeyId})` : '';
      throw new Error(`the World does not give the key of run ${runId}${key}: ${describe(error)}`, {
        cause: error,
      });
    }
  }

  #record(runId: string): Promise<Named> {
    const record = this.#records.get(runId) ?? this.#read(runId);
    this.#records.set(runId, record);
    return record;
  }

  async #read(runId: string): Promise<Named> {
    try {
      return (await this.#client.runs.getRun({ runId, resolveData: ResolveData.NONE })).run ?? {};
    } catch (error) {
      if (error instanceof WorldError && error.reason === 'RUN_NOT_FOUND') return {};
      throw error;
    }
  }
}

/** Why a call failed, by the name of the reason first. */
export function describe({ reason, code, message }: WorldError): string {
  return `${reason ?? code}: ${message}`;
}

/** A public key's fingerprint, also of one that is none. */
function fingerprint(publicKey: string): string {
  try {
    return fingerprintOf(publicKeyFromText(publicKey));
  } catch {
    return 'malformed';
  }
}
