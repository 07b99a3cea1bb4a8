import type { Histogram, Registry } from 'prom-client';

/** Counts what the World does. */
export interface Meter {
  /** A call has ended, with a code in Connect's spelling or "ok"; a unary one after so many seconds. */
  called(method: string, code: string, seconds?: number): void;
  /** A live call began (1) or ended (-1). */
  live(method: string, change: 1 | -1): void;
}

/** Counts nothing. */
export const noMeter: Meter = { called: () => {}, live: () => {} };

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10, 60];

let processMetrics: Promise<Registry> | undefined;

/** Metrics of this process, collected once however many servers run in it. */
function ofProcess(): Promise<Registry> {
  processMetrics ??= import('prom-client').then(({ default: prom }) => {
    const registry = new prom.Registry();
    prom.collectDefaultMetrics({ register: registry });
    return registry;
  });
  return processMetrics;
}

/** Counts for Prometheus. */
export class PrometheusMeter implements Meter {
  readonly #calls = new Map<string, Map<string, number>>();
  readonly #live = new Map<string, number>();
  readonly #commits = { count: 0, commands: 0, seconds: 0 };

  private constructor(
    private readonly registries: Promise<Registry>[],
    private readonly seconds: Histogram<'method'>,
  ) {}

  /** Makes a meter of its own registry. */
  static async create(facts: { readonly version: string }): Promise<PrometheusMeter> {
    // Loaded here, so that an embedded World does without.
    const { default: prom } = await import('prom-client');
    const registry = new prom.Registry();
    const registers = [registry];
    const seconds = new prom.Histogram({
      name: 'worldwire_request_duration_seconds',
      help: 'Time from the end of a unary request to the start of its answer.',
      labelNames: ['method'],
      buckets: BUCKETS,
      registers,
    });
    const meter = new PrometheusMeter([Promise.resolve(registry), ofProcess()], seconds);
    new prom.Gauge({
      name: 'worldwire_info',
      help: 'The version of the server.',
      labelNames: ['version'],
      registers,
    }).set({ version: facts.version }, 1);
    // Plain maps are counted up on the hot path; Prometheus' own objects are filled when they are asked for.
    new prom.Counter({
      name: 'worldwire_requests_total',
      help: 'Calls that have ended, by method and code.',
      labelNames: ['method', 'code'],
      registers,
      collect() {
        this.reset();
        for (const [method, codes] of meter.#calls)
          for (const [code, count] of codes) this.inc({ method, code }, count);
      },
    });
    const commits = meter.#commits;
    for (const [name, help, key] of [
      ['worldwire_commits_total', 'Commits of the store.', 'count'],
      ['worldwire_commands_total', 'Commands that these commits carried.', 'commands'],
      ['worldwire_commit_seconds_total', 'Time that these commits took.', 'seconds'],
    ] as const)
      new prom.Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(commits[key]);
        },
      });
    new prom.Gauge({
      name: 'worldwire_live_calls',
      help: 'Live calls that are open: streams read, events watched, consumers attached.',
      labelNames: ['method'],
      registers,
      collect() {
        for (const [method, count] of meter.#live) this.set({ method }, count);
      },
    });
    return meter;
  }

  called(method: string, code: string, seconds?: number): void {
    let codes = this.#calls.get(method);
    if (codes === undefined) {
      codes = new Map();
      this.#calls.set(method, codes);
    }
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (seconds !== undefined) this.seconds.observe({ method }, seconds);
  }

  /** The store made so many commands durable by one commit. */
  readonly committed = (report: { readonly commands: number; readonly milliseconds: number }) => {
    this.#commits.count += 1;
    this.#commits.commands += report.commands;
    this.#commits.seconds += report.milliseconds / 1_000;
  };

  live(method: string, change: 1 | -1): void {
    this.#live.set(method, (this.#live.get(method) ?? 0) + change);
  }

  /** The exposition format, and its media type. */
  async exposition(): Promise<{ readonly contentType: string; readonly text: string }> {
    const { default: prom } = await import('prom-client');
    const merged = prom.Registry.merge(await Promise.all(this.registries));
    return { contentType: merged.contentType, text: await merged.metrics() };
  }
}
