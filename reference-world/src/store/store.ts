import type { Context, Program } from '../core/program.js';

/** Makes the program of a command when its turn in the commit has come. */
export type Command<T> = (context: Context) => Program<T>;

/** A store of the World: every engine behind one interface. */
export interface Store {
  /**
   * Runs a command in a transaction and answers when it is durable. Commands that arrive while a commit is under way
   * share the next one; each sees what those before it did, and one that rejects leaves nothing of its own behind.
   * Fails with the command's Rejection, with STORE_FULL, or with THROTTLED when too many commands wait.
   */
  execute<T>(command: Command<T>): Promise<T>;
  /** Runs a command that only reads, on one snapshot of what is committed. */
  read<T>(command: Command<T>): Promise<T>;
  /**
   * Calls back after each commit that may concern a topic, of this process or of another one on the same data. May
   * call back for nothing; misses nothing for longer than a second. Returns what stops it.
   */
  watch(topic: string, wake: () => void): () => void;
  /** The time, in milliseconds, by the clock that leases and delays go by. */
  now(): number;
  /**
   * Names the life that the servers on the same data have in common, which ends with the last of them. Absent where
   * there are none.
   */
  life?(): string;
  /** Tells the other servers on the same data something short, which may get lost. Absent where there are none. */
  tell?(text: string): void;
  /** Calls back with what other servers tell. */
  hear?(told: (text: string) => void): void;
  /** Waits for the commits under way, then closes. */
  close(): Promise<void>;
}

/** The topic of a run's log. */
export const runTopic = (project: string, runId: string): string => `run:${project}/${runId}`;
/** The topic of a project's queues. */
export const queueTopic = (project: string): string => `queue:${project}`;
/** The topic of a project's streams of one name. */
export const streamTopic = (project: string, name: string): string => `stream:${project}/${name}`;
