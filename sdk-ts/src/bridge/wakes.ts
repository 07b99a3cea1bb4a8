import type { WakeRunsRequest } from '@worldwire/proto';
import type { Opened } from './envelope.js';
import { everyRun } from './every-run.js';
import { resolveQueuePrefix } from './queue-names.js';
import type { Loose, UpstreamWorld } from './upstream-world.js';

/** How long wakes are awaited that the World has said it sent. */
const ARRIVE_MS = 3_000;

/**
 * Wakes for active runs. Worlds send them when they are started: for every active run, whatever its deployment and
 * whether or not a message would wake it. WakeRuns counts those that the start of the bridge brought, and starts the
 * World once more where an active run of the deployment has none.
 */
export class Wakes {
  /** The queue prefix that WakeRuns named for a deployment. */
  readonly #prefixes = new Map<string, string>();
  /** Runs with a wake that waits for its consumer, and whether a WakeRuns has told of it. */
  readonly #open = new Map<string, { told: boolean }>();
  readonly #awaited = new Map<string, () => void>();
  /** The ids of wakes that are not acknowledged. */
  readonly #sent = new Set<string>();
  #startedAgain = false;
  #last: Promise<unknown> = Promise.resolve();

  /** @param onPrefix Called when wakes that are held already have come to belong to another queue. */
  constructor(
    private readonly world: UpstreamWorld,
    private readonly onPrefix: () => void,
  ) {}

  /**
   * Says how many runs of the deployment have a wake that no earlier call told of. One call after the other: each start
   * of the World wakes every run.
   */
  wake(request: WakeRunsRequest): Promise<number> {
    const woken = this.#last.then(() => this.#wake(request));
    this.#last = woken.catch(() => undefined);
    return woken;
  }

  async #wake({ queuePrefix, deploymentId }: WakeRunsRequest): Promise<number> {
    this.#prefixes.set(deploymentId, queuePrefix);
    this.onPrefix();
    let woken = 0;
    const without: string[] = [];
    for (const runId of await this.#activeRuns(deploymentId)) {
      const open = this.#open.get(runId);
      if (open === undefined) without.push(runId);
      else if (!open.told) woken++;
      if (open !== undefined) open.told = true;
    }
    return without.length === 0 ? woken : woken + (await this.#startAgain(without));
  }

  /** Whether a wake was asked for by nobody: one that a further start of the World sent for another run. */
  isSurplus({ wakes: runId }: Opened, messageId: string): boolean {
    if (runId === undefined || this.#sent.has(messageId)) return false;
    if (this.#startedAgain && !this.#awaited.has(runId)) return true;
    this.#sent.add(messageId);
    return false;
  }

  /** A wake as clients know it: for the run's deployment, in the queue that WakeRuns named for it. */
  async addressed(message: Opened): Promise<Opened> {
    const runId = message.wakes;
    if (runId === undefined) return message;
    // A delivery that fails for want of its run comes again.
    const run: Loose = await this.world.runs.get(runId, { resolveData: 'none' });
    const deploymentId = String(run?.deploymentId ?? '');
    const own = resolveQueuePrefix();
    const prefixes = this.#prefixes;
    this.#open.set(runId, { told: this.#awaited.has(runId) });
    this.#awaited.get(runId)?.();
    return {
      ...message,
      deploymentId,
      body: Uint8Array.from(Buffer.from(JSON.stringify({ runId }))),
      get queueName() {
        return (prefixes.get(deploymentId) ?? own) + message.queueName.slice(own.length);
      },
    };
  }

  /** A delivery is over. */
  closed({ wakes }: Opened): void {
    if (wakes !== undefined) this.#open.delete(wakes);
  }

  /** A message was acknowledged. */
  acknowledged(messageId: string): void {
    this.#sent.delete(messageId);
  }

  async #startAgain(runIds: readonly string[]): Promise<number> {
    let woken = 0;
    const arrivals = runIds.map(
      (runId) =>
        new Promise<void>((resolve) =>
          this.#awaited.set(runId, () => {
            this.#awaited.delete(runId);
            woken++;
            resolve();
          }),
        ),
    );
    this.#startedAgain = true;
    await this.world.start?.();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ARRIVE_MS);
    });
    await Promise.race([Promise.all(arrivals), late]);
    clearTimeout(timer);
    for (const runId of runIds) this.#awaited.delete(runId);
    return woken;
  }

  async #activeRuns(deploymentId: string): Promise<string[]> {
    const found: string[] = [];
    for (const status of ['pending', 'running'])
      for await (const runs of everyRun(this.world, { status }))
        for (const run of runs) if (run.deploymentId === deploymentId) found.push(run.runId);
    return found;
  }
}
