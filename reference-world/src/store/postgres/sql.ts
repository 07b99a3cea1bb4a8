import type { ClientBase, QueryResultRow } from 'pg';
import { type Answer, Batch, type Prepared, type Statement } from './batch.js';

/** What a parameter may be. */
export type Bind =
  | string
  | number
  | boolean
  | Uint8Array
  | null
  | readonly (string | number | null)[];

/** Names of the statements that connections prepare once. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `w${names.size}`;
    names.set(text, name);
  }
  return name;
}

/** How a statement of this transaction is planned that nobody knows before. */
const AS_IT_SEEMS_BEST = `SELECT set_config('plan_cache_mode', 'auto', true), set_config('enable_seqscan', 'on', true),
  set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true)`;

const LOCK_NAME = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';

interface Sending extends Statement {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements on one connection. Those of one moment go in one round trip, in their order. */
export class Sql {
  /** Whether what is read stays as it is until the transaction ends. */
  locking = false;
  readonly #prepared: Prepared = new Map();
  #next: Sending[] = [];
  /** What is under way, until it is answered. */
  #flight: Promise<void> | undefined;
  #failure: unknown;

  constructor(private readonly client: ClientBase) {}

  /** A new transaction begins: what failed before does not concern it. */
  renew(locking: boolean): void {
    this.locking = locking;
    this.#failure = undefined;
  }

  /** Something of this transaction cannot be sent: what waits behind it, such as a commit, is not sent either. */
  fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#next.splice(0)) reject(this.#failure);
  }

  /** Undoes the transaction, behind what is under way, and lets go of every lock. */
  async undo(): Promise<void> {
    await this.#flight;
    this.renew(false);
    await Promise.all([this.run('ROLLBACK'), this.run('SELECT pg_advisory_unlock_all()')]);
  }

  /** The locking clause of a read that a change builds on. */
  lock(clause: string): string {
    return this.locking ? clause : '';
  }

  /** Of a change, lets nobody else hold this name until it ends. */
  async hold(digest: string): Promise<void> {
    if (this.locking) await this.run(LOCK_NAME, digest);
  }

  /** Runs a statement whose text is one of a few, and prepares it on first use. */
  async all<R extends QueryResultRow>(text: string, ...values: readonly Bind[]): Promise<R[]> {
    return (await this.#send(nameOf(text), text, values)).rows as R[];
  }

  async get<R extends QueryResultRow>(
    text: string,
    ...values: readonly Bind[]
  ): Promise<R | undefined> {
    return (await this.all<R>(text, ...values))[0];
  }

  /** Runs a statement. Returns how many rows it changed. */
  async run(text: string, ...values: readonly Bind[]): Promise<number> {
    return (await this.#send(nameOf(text), text, values)).count;
  }

  /** Runs a statement that was put together for this call, and is planned for its values. */
  async once<R extends QueryResultRow>(text: string, values: readonly Bind[]): Promise<R[]> {
    const planned = this.run(AS_IT_SEEMS_BEST);
    const [{ rows }] = await Promise.all([this.#send('', text, values), planned]);
    return rows as R[];
  }

  #send(name: string, text: string, values: readonly Bind[]): Promise<Answer> {
    // An operation that does not know yet must not go on outside its transaction.
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      if (this.#next.length === 0 && this.#flight === undefined) this.#schedule();
      this.#next.push({ name, text, values: values.map(asText), resolve, reject });
    });
  }

  /** Sends when all that is to be sent at this moment is known, and what of it cannot be. */
  #schedule(): void {
    queueMicrotask(() => process.nextTick(() => this.#flush()));
  }

  #flush(): void {
    if (this.#next.length === 0 || this.#flight !== undefined) return;
    const sending = this.#next;
    this.#next = [];
    this.#flight = new Promise((landed) => {
      const batch = new Batch(sending, this.#prepared, (error) => {
        this.#flight = undefined;
        this.#failure = error ?? undefined;
        for (const [i, { resolve, reject }] of sending.entries()) {
          const answer = batch.answers[i];
          if (answer === undefined) reject(error);
          else resolve(answer);
        }
        landed();
        if (error !== null) for (const { reject } of this.#next.splice(0)) reject(error);
        else if (this.#next.length > 0) this.#flush();
      });
      this.client.query(batch);
    });
  }
}

/** A parameter as the database reads it: bytes as they are, and all else as text. */
function asText(value: Bind): Buffer | string | null {
  if (value === null) return null;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'object') return `{${value.map(asElement).join()}}`;
  return String(value);
}

function asElement(value: string | number | null): string {
  if (typeof value === 'string') return `"${value.replace(/[\\"]/g, '\\$&')}"`;
  return value === null ? 'NULL' : String(value);
}
