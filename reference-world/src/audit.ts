/** Checks the log of who asked for keys where it lies, without a server. */
import { KeyAccessChain } from './core/key-access.js';
import type { KeyAccessRow } from './store/operations.js';

/** What is known of one project's log. */
export interface AuditedLog {
  readonly project: string;
  /** How many entries are in order, from the first one on. */
  readonly count: number;
  /** The hash of the last of them, in lowercase hexadecimal. */
  readonly head: string;
  /** Where the log breaks, and how; absent where it does not. */
  readonly problem?: string;
}

/** What is known of all logs. */
export interface Audit {
  readonly logs: readonly AuditedLog[];
  /** Those of the expected heads that no entry in order has. */
  readonly missing: readonly string[];
}

/** An entry, and whose log it is in. */
export interface LoggedKeyAccess {
  readonly project: string;
  readonly entry: KeyAccessRow;
}

/**
 * Follows the log of each project from its first entry to its last, or to where it breaks.
 *
 * @param entries those of one project together, in the order of their sequence
 * @param expectedHeads hashes that were heads at some time, in hexadecimal: each has to be in a log still
 */
export async function verifyAudit(
  entries: Iterable<LoggedKeyAccess> | AsyncIterable<LoggedKeyAccess>,
  expectedHeads: readonly string[] = [],
): Promise<Audit> {
  const logs: { chain: KeyAccessChain; problem?: string }[] = [];
  const missing = new Set(expectedHeads.map((head) => head.toLowerCase()));
  for await (const { project, entry } of entries) {
    let log = logs.at(-1);
    if (log?.chain.project !== project) {
      log = { chain: new KeyAccessChain(project) };
      logs.push(log);
    }
    if (log.problem !== undefined) continue;
    const problem = log.chain.follow(entry);
    if (problem === undefined) missing.delete(hex(entry.hash));
    else log.problem = problem;
  }
  return {
    logs: logs.map(({ chain, problem }) => ({
      project: chain.project,
      count: chain.count,
      head: hex(chain.head),
      ...(problem !== undefined && { problem }),
    })),
    missing: [...missing],
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
