import { keyIdOf } from '../../envelope/index.js';
import { keyError } from '../errors.js';

const KEY_BYTES = 32;

/** A secret from which the keys of runs derive. */
export interface DeploymentKey {
  /** Its fingerprint, by which runs name it. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** The deployment that it is for; any where undefined. */
  readonly deploymentId: string | undefined;
}

/** Deployment keys, the newest of each deployment first. */
export class KeyRing {
  readonly keys: readonly DeploymentKey[];
  /** Where they come from, for error messages. */
  readonly source: string;

  constructor(keys: readonly DeploymentKey[], source: string) {
    this.keys = keys;
    this.source = source;
  }

  /** The key of a deployment's new runs. */
  current(deploymentId: string): DeploymentKey | undefined {
    return this.keys.find(
      (key) => key.deploymentId === undefined || key.deploymentId === deploymentId,
    );
  }

  /** The key with a fingerprint. */
  named(id: string): DeploymentKey | undefined {
    return this.keys.find((key) => key.id === id);
  }

  /** What it holds, for error messages. */
  get described(): string {
    const ids = this.keys.map(({ id, deploymentId }) =>
      deploymentId ? `${id} (${deploymentId})` : id,
    );
    return `${this.source} has ${ids.length === 0 ? 'no key' : ids.join(', ')}`;
  }
}

/**
 * Reads `[deployment] <base64 of 32 bytes>`, one key an entry; empty entries and what follows a `#` are passed over.
 *
 * @param nameOf Names the entry with a number, counted from 1, for error messages.
 * @throws WorkflowWorldError that names the entry which is none, and not what it holds.
 */
export function parseKeys(
  entries: readonly string[],
  nameOf: (number: number) => string,
): DeploymentKey[] {
  return entries.flatMap((entry, i) => {
    const words = entry
      .replace(/(^|\s)#.*$/, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    if (words.length === 0) return [];
    const secret = Buffer.from(words.at(-1)!, 'base64');
    const isKey = secret.length === KEY_BYTES && isBase64(words.at(-1)!, secret);
    if (words.length > 2 || !isKey) {
      throw keyError(
        `${nameOf(i + 1)} is no key: give the base64 of ${KEY_BYTES} bytes, ` +
          'with or without a deployment id and a space before it',
      );
    }
    const bytes = new Uint8Array(secret);
    return [
      {
        id: keyIdOf(bytes),
        secret: bytes,
        deploymentId: words.length === 2 ? words[0] : undefined,
      },
    ];
  });
}

/** Buffer skips what is no base64, so that only what comes out the same again was all of it. */
function isBase64(text: string, bytes: Buffer): boolean {
  const padded = bytes.toString('base64');
  return text === padded || text === padded.replace(/=+$/, '');
}
