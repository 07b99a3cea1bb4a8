import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Vault } from '../core/key-rules.js';
import type { CoreLimits } from '../core/limits.js';
import type { Rule } from '../core/scope.js';
import { Consumers } from '../dispatch/consumers.js';
import type { Store } from '../store/store.js';
import type { CallContext } from './call.js';
import { shuttingDown } from './errors.js';
import type { Log } from './log.js';
import { version } from './version.js';

/** A World at work: the store, the limits, and what lives as long as the process. */
export class Runtime {
  readonly version = version;
  /** The consumers that are attached here. */
  readonly consumers: Consumers;
  readonly #ownLife = randomUUID();
  readonly #draining = new AbortController();
  readonly #stopping = new AbortController();
  readonly #loose = new Set<Promise<unknown>>();

  constructor(
    readonly store: Store,
    readonly limits: CoreLimits,
    readonly log: Log,
    /** Whose death ends every consumer attached here, as its consumers' ids begin; empty where they may outlive it. */
    readonly owner = '',
    /** Wraps the keys that are left in escrow; absent where none are taken. */
    readonly vault?: Vault,
  ) {
    this.consumers = new Consumers(this);
    // Every live call listens.
    setMaxListeners(0, this.#stopping.signal, this.#draining.signal);
  }

  /** Names the life of this World, which it may share with other servers. */
  get instanceId(): string {
    return this.store.life?.() ?? this.#ownLife;
  }

  /** Aborts when callers should begin to go elsewhere. Calls are served still. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /** Aborts, with SHUTTING_DOWN, when live calls have to end. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** A handler that writes by a rule. */
  writes<Req, Res>(rule: Rule<Req, Res>): (request: Req, call: CallContext) => Promise<Res> {
    return (request, call) => this.write(rule, call.project, request);
  }

  /** A handler that reads by a rule. */
  reads<Req, Res>(rule: Rule<Req, Res>): (request: Req, call: CallContext) => Promise<Res> {
    return (request, call) => this.read(rule, call.project, request);
  }

  /** Carries out a rule that writes. */
  write<Req, Res>(rule: Rule<Req, Res>, project: string, request: Req): Promise<Res> {
    const scope = { project, limits: this.limits };
    return this.store.execute((context) => rule(scope, request, context));
  }

  /** Carries out a rule that only reads. */
  read<Req, Res>(rule: Rule<Req, Res>, project: string, request: Req): Promise<Res> {
    const scope = { project, limits: this.limits };
    return this.store.read((context) => rule(scope, request, context));
  }

  /** Does work that no caller waits for, and that the store's end waits for. */
  loose(work: Promise<unknown>, what: string): void {
    const done: Promise<unknown> = work
      .catch((err: unknown) => this.log.warn({ err }, `${what} failed`))
      .finally(() => this.#loose.delete(done));
    this.#loose.add(done);
  }

  /** Lets whoever asks know that this World is about to stop. */
  drain(): void {
    this.#draining.abort();
  }

  /** Ends every live call. */
  stop(): void {
    this.drain();
    if (!this.stopping.aborted) this.#stopping.abort(shuttingDown());
  }

  /** Ends every live call, waits for what they leave behind, and closes the store. */
  async close(): Promise<void> {
    this.stop();
    while (this.#loose.size > 0) await Promise.all(this.#loose);
    await this.store.close();
  }
}
