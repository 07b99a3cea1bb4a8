import { expect } from 'vitest';
import type { LedgerLine } from '../../../examples/scenarios/client.ts';
import type { App } from './app.js';
import { checkRun } from './log.js';
import { until } from './until.js';

const STEPS = 8;
const STEP_MS = 400;
const SUM = (STEPS * (STEPS + 1)) / 2;

/** Runs of a dozen slow steps each, whose result is known. */
export class Load {
  readonly runIds: string[];
  readonly #app: App;

  private constructor(app: App, runIds: string[]) {
    this.#app = app;
    this.runIds = runIds;
  }

  static async start(app: App, runs: number): Promise<Load> {
    const starts = Array.from({ length: runs }, () =>
      app.client.start('sequence', [STEPS, STEP_MS]),
    );
    return new Load(app, await Promise.all(starts));
  }

  /** Waits until every run is at work and none can have ended. */
  async underWay(): Promise<void> {
    await until('every run is under way', async () => {
      const response = await this.#app.client.fetch('/ledger');
      const ran = new Map<string, number>();
      for (const { runId } of (await response.json()) as LedgerLine[]) {
        ran.set(runId, (ran.get(runId) ?? 0) + 1);
      }
      return this.runIds.every((runId) => (ran.get(runId) ?? 0) >= 2) || undefined;
    });
    const statuses = await Promise.all(this.runIds.map((runId) => this.#status(runId)));
    const open = statuses.filter((status) => status === 'running');
    expect(open.length, `runs under way of ${statuses}`).toBeGreaterThan(this.runIds.length / 2);
  }

  /** Waits until every run has ended, and checks its result and its log. */
  async check(): Promise<void> {
    for (const runId of this.runIds) {
      await until(
        `${runId} ends`,
        async () => {
          const status = await this.#status(runId);
          return status !== 'pending' && status !== 'running' ? status : undefined;
        },
        { withinMs: 240_000, everyMs: 500 },
      );
      expect(await this.#app.client.value(runId), `result of ${runId}`).toBe(SUM);
      await checkRun(this.#app.client, runId, STEPS);
    }
  }

  async #status(runId: string): Promise<string> {
    return (await this.#app.client.run(runId)).status;
  }
}
