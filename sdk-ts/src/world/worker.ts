import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '@worldwire/proto';
import type { Consumer, DeliveryOutcome } from '../client/types.js';
import { isBuildPhase } from './build-phase.js';
import type { Config } from './config.js';
import {
  createHttpHandler,
  type HandlerResult,
  postMessage,
  runHandler,
  SECRET_HEADER,
} from './delivery.js';
import type { RunKeyStore } from './keys/run-key-store.js';
import { loadRoute, ownBaseUrls, type Route, routeUrl } from './routes.js';
import type { Connect, Session } from './session.js';
import type { UpstreamDelivery, UpstreamQueueHandler } from './upstream.js';

/** `__wkf_step_`, or with a namespace `__<ns>_wkf_step_`; the same for workflows. */
const PREFIX = /^__(?:[a-z][a-z0-9]*_)?wkf_(workflow|step)_$/;

/** A producer of SDK 4 leaves the namespace out of step queues; its consumer does not. */
const BARE_STEP_PREFIX = '__wkf_step_';

/** How long after a route was loaded work is taken, where nobody calls `start()`. */
const AUTOSTART_MS = 1_000;
/** How often the application's routes are looked for. */
const FIRST_LOOK_MS = 100;
const MAX_LOOK_MS = 5_000;
/** How long they are looked for: after `start()`, and after a write by a process that may serve them. */
const LOOK_AFTER_START_MS = 300_000;
const LOOK_AFTER_WRITE_MS = 60_000;
/** The spec version of SDK 5's betas whose messages go through the application's routes. */
const ROUTE_ONLY_SPEC = 5;
/** How long handlers may go on after `close()`. */
const GRACE_MS = 3_000;

/** Where SDK 4 and 5 keep the steps that the application has loaded. */
const REGISTERED_STEPS = Symbol.for('@workflow/core//registeredSteps');

/**
 * Takes messages from the World and gives them to the handlers that the SDK registered in this process.
 *
 * Work is taken from the moment that a workflow handler is registered and somebody wants it: `start()`, a
 * write by this process, or, a second after the registration, nobody in particular, so that a restarted
 * application resumes its runs although it never calls `start()`. Never in a process that builds, never
 * where only SDK 4's step handler is registered (its core does that on import, in the CLI too), and never
 * with `WORLDWIRE_WORKER=0`.
 */
export class Worker {
  readonly config: () => Config;
  readonly #connect: Connect;
  readonly #keys: RunKeyStore;
  readonly #specVersion: number;
  /** Proves to this process's own routes that a message was posted by this very process. */
  readonly #secret = randomUUID();
  readonly #handlers = new Map<string, UpstreamQueueHandler>();
  readonly #consumers = new Map<string, Consumer>();
  #stopped = new AbortController();
  #wanted = false;
  #started = false;
  #closed = false;
  #lookUntil = 0;
  #looking: Promise<void> | undefined;
  #attaching: Promise<void> | undefined;
  #autostart: NodeJS.Timeout | undefined;
  /** The address under which the application answered; for delivery by HTTP. */
  #baseUrl: string | undefined;
  #stepRouteLoaded = false;

  constructor(connect: Connect, config: () => Config, keys: RunKeyStore, specVersion: number) {
    this.#connect = connect;
    this.config = config;
    this.#keys = keys;
    this.#specVersion = specVersion;
  }

  /** Registers the consumer of a queue prefix and returns its HTTP form. The last one wins. */
  createQueueHandler(
    prefix: string,
    sdkHandler: UpstreamQueueHandler,
  ): (request: Request) => Promise<Response> {
    // A handler that finds the key missing counts it as a failed try of the step, or of the run.
    const handler: UpstreamQueueHandler = async (message, meta) => {
      const timeoutSeconds = await this.#keys.admit(message);
      if (timeoutSeconds !== undefined) return { timeoutSeconds };
      try {
        return await sdkHandler(message, meta);
      } catch (error) {
        throw this.config().encryption ? withoutMessage(error, meta) : error;
      }
    };
    this.#handlers.set(prefix, handler);
    if (this.#wanted) void this.#attach();
    else this.#startSoon();
    return createHttpHandler(
      prefix,
      handler,
      (headers) => headers.get(SECRET_HEADER) === this.#secret || this.config().delivery === 'http',
    );
  }

  /** The queue under which this process consumes what is sent to `queueName`. */
  consumedName(queueName: string): string {
    if (!queueName.startsWith(BARE_STEP_PREFIX) || this.#handlers.has(BARE_STEP_PREFIX)) {
      return queueName;
    }
    const prefix = [...this.#handlers.keys()].find((one) => kindOf(one) === 'step');
    return prefix === undefined ? queueName : prefix + queueName.slice(BARE_STEP_PREFIX.length);
  }

  /** Takes work from now on, and looks for the application's routes until they are there. */
  start(): Promise<void> {
    if (isIdle()) return Promise.resolve();
    this.#wanted = true;
    this.#started = true;
    this.#closed = false;
    this.#lookUntil = Date.now() + LOOK_AFTER_START_MS;
    void this.#look();
    return this.#attach();
  }

  /** Called at every write: whoever writes runs probably serves their routes. */
  touch(): void {
    if (this.#closed || (this.#wanted && this.#isComplete())) return;
    if (isIdle() || isBuildPhase()) return;
    this.#wanted = true;
    this.#lookUntil = Math.max(this.#lookUntil, Date.now() + LOOK_AFTER_WRITE_MS);
    void this.#look();
    void this.#attach();
  }

  /** Takes no more work, and waits briefly for what is under way. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.#started = false;
    this.#closed = true;
    clearTimeout(this.#autostart);
    this.#autostart = undefined;
    this.#stopped.abort();
    this.#stopped = new AbortController();
    // What goes on in the background sees the signal; a World that is away must not hold us here.
    this.#attaching = undefined;
    this.#looking = undefined;
    const consumers = [...this.#consumers.values()];
    this.#consumers.clear();
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  }

  #startSoon(): void {
    if (this.#closed || this.#autostart !== undefined || isIdle() || isBuildPhase()) return;
    const delay = process.env.WORLDWIRE_WORKER === '1' ? 0 : AUTOSTART_MS;
    this.#autostart = setTimeout(() => {
      this.#autostart = undefined;
      // Only now is it sure that this is no build which sets its phase after loading the route.
      if (this.#hasWorkflows() && !isBuildPhase()) void this.start();
    }, delay);
    this.#autostart.unref();
  }

  #hasWorkflows(): boolean {
    return [...this.#handlers.keys()].some((prefix) => kindOf(prefix) === 'workflow');
  }

  /** The prefixes whose messages this process can execute now. */
  #ready(): string[] {
    if (!this.#hasWorkflows()) return [];
    return [...this.#handlers.keys()].filter(
      (prefix) => kindOf(prefix) === 'workflow' || this.#stepRouteLoaded || hasLoadedSteps(),
    );
  }

  #isComplete(): boolean {
    const ready = this.#ready();
    return ready.length > 0 && ready.length === this.#handlers.size;
  }

  /** Attaches a consumer for each prefix that is ready and has none. */
  #attach(): Promise<void> {
    if (this.#attaching === undefined) {
      const attaching = this.#attachReady().finally(() => {
        if (this.#attaching === attaching) this.#attaching = undefined;
      });
      this.#attaching = attaching;
    }
    return this.#attaching;
  }

  async #attachReady(): Promise<void> {
    const { signal } = this.#stopped;
    let told: string | undefined;
    const missing = () => this.#ready().filter((prefix) => !this.#consumers.has(prefix));
    while (missing().length > 0 && !signal.aborted) {
      let session: Session;
      try {
        session = await this.#connect();
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        if (message !== told) console.warn(`worldwire: cannot take work yet: ${message}`);
        told = message;
        await sleep(MAX_LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
        continue;
      }
      if (signal.aborted) return;
      for (const prefix of missing()) this.#consumers.set(prefix, this.#consume(session, prefix));
    }
  }

  #consume({ client, config }: Session, prefix: string): Consumer {
    return client.consume({
      queuePrefixes: [prefix],
      deploymentId: config.deploymentId,
      environment: config.environment ?? '',
      consumerId: `${hostname()}:${process.pid}`,
      maxInFlight: config.concurrency,
      graceMs: GRACE_MS,
      handler: (delivery, { signal }) => this.#handle(prefix, delivery, signal),
      onAttached: () => {
        if (kindOf(prefix) !== 'workflow') return;
        // A crash between a write and its message leaves a run that nothing wakes.
        client.queue
          .wakeRuns({ queuePrefix: prefix, deploymentId: config.deploymentId })
          .catch((error: Error) => {
            if (!this.#wanted) return;
            console.warn(`worldwire: active runs were not woken: ${error.message}`);
          });
      },
    });
  }

  async #handle(prefix: string, delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { queueName, messageId, attempt, body, contentType } = delivery;
    const message = { queueName, messageId, attempt, body, contentType };
    let result: HandlerResult;
    if (this.#postsMessages() && this.#baseUrl !== undefined) {
      const route: Route = kindOf(prefix) === 'step' ? 'step' : 'flow';
      const url = routeUrl(this.#baseUrl, route);
      const headers = { ...delivery.headers, [SECRET_HEADER]: this.#secret };
      result = await postMessage(url, message, headers, signal);
    } else {
      result = await runHandler(this.#handlers.get(prefix)!, message);
    }
    if (result.timeoutSeconds === undefined) return { ack: true };
    return { retryAfterMs: Math.round(result.timeoutSeconds * 1000) };
  }

  /**
   * Betas of SDK 5 before spec version 6 know deliveries at their routes only, and so do the applications that
   * count or trace them there; every other line is called in process.
   */
  #postsMessages(): boolean {
    const { delivery } = this.config();
    return delivery === 'http' || (delivery === undefined && this.#specVersion === ROUTE_ONLY_SPEC);
  }

  /** Loads the application's routes, as long as this process lacks handlers and is wanted to have them. */
  #look(): Promise<void> {
    if (this.#looking === undefined) {
      const looking = this.#lookForRoutes().finally(() => {
        if (this.#looking === looking) this.#looking = undefined;
      });
      this.#looking = looking;
    }
    return this.#looking;
  }

  async #lookForRoutes(): Promise<void> {
    const { signal } = this.#stopped;
    const needsAddress = this.#postsMessages();
    const done = () =>
      signal.aborted ||
      Date.now() > this.#lookUntil ||
      (this.#isComplete() && (!needsAddress || this.#baseUrl !== undefined));
    for (let delay = FIRST_LOOK_MS; !done(); delay = Math.min(delay * 2, MAX_LOOK_MS)) {
      for (const baseUrl of await ownBaseUrls()) {
        if (!(await loadRoute(routeUrl(baseUrl, 'flow'), signal))) continue;
        this.#baseUrl = baseUrl;
        if ([...this.#handlers.keys()].some((prefix) => kindOf(prefix) === 'step')) {
          this.#stepRouteLoaded = await loadRoute(routeUrl(baseUrl, 'step'), signal);
        }
        break;
      }
      if (done()) break;
      await sleep(delay, undefined, { signal, ref: false }).catch(() => {});
    }
    if (signal.aborted) return;
    if (!this.#hasWorkflows() && this.#started) {
      console.warn(
        'worldwire: this process takes no work, for its workflow route did not answer; ' +
          'set PORT or WORKFLOW_LOCAL_BASE_URL to where it serves /.well-known/workflow/v1/flow',
      );
    }
    await this.#attach();
  }
}

/** What the World may keep of an error that user code may have thrown: its class. */
function withoutMessage(error: unknown, { messageId }: UpstreamDelivery): Error {
  console.warn(`worldwire: message ${messageId} failed:`, error);
  const bare = new Error('the log of the consumer says more');
  const name = error instanceof Error ? error.name : typeof error;
  if (/^\w{1,100}$/.test(name)) bare.name = name;
  return bare;
}

function kindOf(prefix: string): string | undefined {
  return PREFIX.exec(prefix)?.[1];
}

/** SDK 4 registers its step handler before the steps; a message that came between would fail its step. */
function hasLoadedSteps(): boolean {
  const steps = (globalThis as { [REGISTERED_STEPS]?: Map<string, unknown> })[REGISTERED_STEPS];
  return steps !== undefined && steps.size > 0;
}

function isIdle(): boolean {
  return process.env.WORLDWIRE_WORKER === '0';
}
