import { createHash } from 'node:crypto';
import type { KeyAccessRow } from '../store/operations.js';

/** What stands for the hash before the first entry of a project. */
const NO_HASH = new Uint8Array(32);
const DOMAIN = 'worldwire/key-access/v1';

/** Where a project's log ends. */
export type KeyAccessEnd = Pick<KeyAccessRow, 'sequence' | 'hash'>;

/** The next entry of a project's log, chained to its end. */
export function nextKeyAccess(
  project: string,
  end: KeyAccessEnd | undefined,
  entry: Omit<KeyAccessRow, 'sequence' | 'hash'>,
): KeyAccessRow {
  const next = { ...entry, sequence: (end?.sequence ?? 0) + 1 };
  return { ...next, hash: hashOf(project, end?.hash ?? NO_HASH, next) };
}

/** SHA-256 over the hash before it and every field as text in UTF-8, each behind its length in four bytes. */
function hashOf(
  project: string,
  before: Uint8Array,
  entry: Omit<KeyAccessRow, 'hash'>,
): Uint8Array {
  const hash = createHash('sha256').update(before);
  for (const field of [
    DOMAIN,
    project,
    String(entry.sequence),
    String(entry.at),
    entry.method,
    entry.runId,
    entry.deploymentId,
    entry.keyId,
    entry.caller,
    entry.reason,
    entry.outcome,
  ]) {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return new Uint8Array(hash.digest());
}

/** Follows a project's log from its first entry on. */
export class KeyAccessChain {
  #end: KeyAccessEnd | undefined;

  constructor(readonly project: string) {}

  /** How many entries were followed. */
  get count(): number {
    return this.#end?.sequence ?? 0;
  }

  /** The hash of the last entry. */
  get head(): Uint8Array {
    return this.#end?.hash ?? NO_HASH;
  }

  /** Takes the next entry; says what is wrong with it, or nothing. */
  follow(entry: KeyAccessRow): string | undefined {
    const wanted = this.count + 1;
    if (entry.sequence !== wanted)
      return `entry ${wanted} is missing: entry ${entry.sequence} stands in its place`;
    if (Buffer.compare(hashOf(this.project, this.head, entry), entry.hash) !== 0)
      return `entry ${wanted} was altered, or one before it: its hash does not follow from the log`;
    this.#end = entry;
    return undefined;
  }
}
