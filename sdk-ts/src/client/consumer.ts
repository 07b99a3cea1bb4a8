import type { Client } from '@connectrpc/connect';
import type { Delivery, QueueService } from '@worldwire/proto';
import { type RetrySettings, sleep } from './backoff.js';
import { durationFromMs } from './duration.js';
import { WorldError } from './error.js';
import { live } from './live.js';
import { type SettlementInit, Settler } from './settler.js';
import type { ConsumeOptions, Consumer, DeliveryOutcome } from './types.js';

/** What a consumer takes from the client. */
export interface ConsumeContext {
  readonly idleMs: number;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
}

/** For ever, and soon back: an application without its consumer does nothing. */
const RECONNECT: RetrySettings = {
  budgetMs: Number.POSITIVE_INFINITY,
  initialDelayMs: 50,
  maxDelayMs: 5_000,
};

const DEFAULT_MAX_IN_FLIGHT = 100;
const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_GRACE_MS = 10_000;
/** How long a stop waits for its last settlements; what is lost is delivered again when its lease ends. */
const LAST_SETTLE_MS = 5_000;
/** Error texts are for the list of dead messages, not for storage. */
const MAX_ERROR_BYTES = 2048;

/** Starts a consumer. */
export function consume(
  queue: Client<typeof QueueService>,
  context: ConsumeContext,
  options: ConsumeOptions,
): Consumer {
  const consumer = new PullConsumer(queue, context, options);
  return { stop: () => consumer.stop() };
}

/** A delivery whose lease is believed to be held. */
interface Held {
  readonly delivery: Delivery;
  readonly abort: AbortController;
  /** Whether its handler was called. */
  started: boolean;
}

class PullConsumer {
  readonly #queue: Client<typeof QueueService>;
  readonly #context: ConsumeContext;
  readonly #options: ConsumeOptions;
  readonly #maxInFlight: number;
  readonly #leaseMs: number;
  readonly #settler: Settler;
  readonly #stopping = new AbortController();
  readonly #held = new Map<string, Held>();
  readonly #running = new Set<Promise<void>>();
  readonly #extender: NodeJS.Timeout;
  /** Its own, the same in every attachment: the World then knows at once that the one before is lost. */
  readonly #instanceId = crypto.randomUUID();
  #extending = false;
  #extendAgain = false;
  #roomMade: (() => void) | undefined;
  #lastError = '';
  #stopped: Promise<void> | undefined;
  readonly #receiving: Promise<void>;

  constructor(
    queue: Client<typeof QueueService>,
    context: ConsumeContext,
    options: ConsumeOptions,
  ) {
    this.#queue = queue;
    this.#context = context;
    this.#options = options;
    this.#maxInFlight = options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#settler = new Settler(queue, this.#leaseMs);
    this.#extender = setInterval(() => void this.#extendAll(), this.#leaseMs / 3);
    this.#receiving = this.#receive();
  }

  /** Receives until stopped. Takes the next message only when every delivery of the last one has begun. */
  async #receive(): Promise<void> {
    const { queuePrefixes, deploymentId, environment, consumerId } = this.#options;
    const messages = live({
      retry: RECONNECT,
      idleMs: this.#context.idleMs,
      signals: [this.#stopping.signal, this.#context.closing],
      open: (signal) =>
        this.#queue.receive(
          {
            queuePrefixes: [...queuePrefixes],
            deploymentId,
            environment,
            consumerId,
            instanceId: this.#instanceId,
            maxInFlight: this.#maxInFlight,
            lease: durationFromMs(this.#leaseMs),
          },
          { signal },
        ),
      hasContent: (message) => message.deliveries.length > 0,
      endIsComplete: false,
      goesOn: () => true,
      onAttached: () => this.#attached(),
      onCut: (error) => this.#cut(error),
    });
    try {
      for await (const { deliveries } of messages) {
        for (const delivery of deliveries) {
          this.#held.set(delivery.leaseId, {
            delivery,
            abort: new AbortController(),
            started: false,
          });
        }
        for (const { leaseId } of deliveries) await this.#start(leaseId);
      }
    } catch (error) {
      // A closed client settles nothing any more; without a stop, the world's leases run out.
      if (this.#context.closing.aborted) clearInterval(this.#extender);
      else if (!this.#stopping.signal.aborted) this.#report(error);
    }
  }

  #attached(): void {
    this.#lastError = '';
    // The World has taken back what the attachment before held.
    void this.#extendAll();
    try {
      this.#options.onAttached?.();
    } catch (error) {
      this.#report(error);
    }
  }

  /** The World redelivers what a lost consumer held, unless the consumer soon says that it still works on it. */
  #cut(error: WorldError): void {
    if (error.code !== 'unavailable') this.#report(error);
    void this.#extendAll();
  }

  /** Begins one delivery as soon as there is room. */
  async #start(leaseId: string): Promise<void> {
    while (this.#running.size >= this.#maxInFlight && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
    const held = this.#held.get(leaseId);
    // Lost, or to be released, while it waited.
    if (held === undefined || this.#stopping.signal.aborted) return;
    held.started = true;
    const work = this.#handle(leaseId, held).finally(() => {
      this.#running.delete(work);
      this.#roomMade?.();
    });
    this.#running.add(work);
  }

  async #handle(leaseId: string, { delivery, abort }: Held): Promise<void> {
    let action: SettlementInit['action'];
    try {
      action = actionOf(await this.#options.handler(delivery, { signal: abort.signal }));
    } catch (error) {
      action = actionOf({ backoff: true, error: errorText(error) });
    }
    // Only what is still held can be settled.
    if (this.#held.delete(leaseId)) this.#settle(leaseId, action);
  }

  #settle(leaseId: string, action: SettlementInit['action']): void {
    void this.#settler.add({ leaseId, action }).then((settled) => {
      if (settled instanceof WorldError) this.#report(settled);
    });
  }

  /** Prolongs every held lease; the handlers of those that are lost are told. */
  async #extendAll(): Promise<void> {
    this.#extendAgain = true;
    if (this.#extending) return;
    this.#extending = true;
    while (this.#extendAgain) {
      this.#extendAgain = false;
      await this.#extendOnce();
    }
    this.#extending = false;
  }

  async #extendOnce(): Promise<void> {
    const action = { case: 'extend', value: { lease: durationFromMs(this.#leaseMs) } } as const;
    await Promise.all(
      [...this.#held].map(async ([leaseId, { abort }]) => {
        const settled = await this.#settler.add({ leaseId, action });
        if (settled === false && this.#held.delete(leaseId)) {
          const init = { code: 'failed_precondition', reason: 'LEASE_LOST' };
          abort.abort(
            new WorldError('the lease was lost', { ...init, metadata: { lease_id: leaseId } }),
          );
        }
      }),
    );
  }

  /** Reports an error, once in a row. */
  #report(cause: unknown): void {
    const error = WorldError.from(cause);
    const kind = `${error.code} ${error.reason ?? ''} ${error.message}`;
    if (kind === this.#lastError) return;
    this.#lastError = kind;
    if (this.#options.onError !== undefined) this.#options.onError(error);
    else console.warn(`worldwire: the consumer's call failed: ${error.message}`);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const reason = new WorldError('the consumer stops', { code: 'canceled' });
    this.#stopping.abort(reason);
    this.#roomMade?.();
    await this.#receiving;
    for (const [leaseId, { started }] of this.#held) if (!started) this.#release(leaseId);
    void this.#extendAll();
    await within(this.#options.graceMs ?? DEFAULT_GRACE_MS, () => Promise.all(this.#running));
    clearInterval(this.#extender);
    for (const [leaseId, { abort }] of this.#held) {
      abort.abort(reason);
      this.#release(leaseId);
    }
    await within(LAST_SETTLE_MS, () => this.#settler.whenIdle());
  }

  /** Sends a delivery back to be had by another consumer at once. */
  #release(leaseId: string): void {
    this.#held.delete(leaseId);
    this.#settle(leaseId, { case: 'retry', value: { delay: durationFromMs(0) } });
  }
}

function actionOf(outcome: DeliveryOutcome): SettlementInit['action'] {
  if ('ack' in outcome) return { case: 'ack', value: {} };
  const error = cut(outcome.error ?? '');
  const delay = 'retryAfterMs' in outcome ? durationFromMs(outcome.retryAfterMs) : undefined;
  return { case: 'retry', value: { delay, error } };
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The beginning of a text, in whole characters. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_ERROR_BYTES) return bytes.toString();
  return bytes
    .subarray(0, MAX_ERROR_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
}

/** Waits for work to end, but not longer than some milliseconds. */
async function within(ms: number, work: () => Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const waits = sleep(ms, [done.signal]).catch(() => undefined);
  await Promise.race([work(), waits]);
  done.abort();
}
