import { type Event, RunStatus, StepStatus } from '@worldwire/proto';
import type { WorldClient } from '@worldwire/sdk';
import pLimit from 'p-limit';
import { expect } from 'vitest';
import { newId, upTo } from '../../wire/clients.js';
import type { Lane } from '../traffic.js';

const STEPS = 2;
const AUDITS_AT_ONCE = 8;
const CREATE = { deploymentId: 'd', workflowName: 'short' };

type Data = Exclude<Event['data'], { case: undefined }>['case'];

/** Short runs, one after the other, each of which others watch and wait for. */
export class Runs implements Lane {
  acknowledged = 0;
  readonly #runIds: string[] = [];
  readonly #client: WorldClient;
  readonly #watcher: WorldClient;

  constructor(connect: () => WorldClient) {
    this.#client = connect();
    this.#watcher = connect();
  }

  async step(): Promise<void> {
    const runId = newId('run');
    await this.#write(runId, 'runCreated', '', CREATE);
    const watched = this.#watch(runId);
    const waited = this.#watcher.runs.waitForRun({ runId });
    await Promise.all([this.#live(runId), watched, waited]);
    expect(await watched).toEqual(typesOf(STEPS));
    expect((await waited).run?.status).toBe(RunStatus.COMPLETED);
    this.#runIds.push(runId);
  }

  async audit(judge: WorldClient): Promise<void> {
    const limit = pLimit(AUDITS_AT_ONCE);
    await Promise.all(this.#runIds.map((runId) => limit(() => this.#auditOne(judge, runId))));
  }

  async #live(runId: string): Promise<void> {
    await this.#write(runId, 'runStarted');
    for (const i of upTo(STEPS)) {
      await this.#write(runId, 'stepCreated', `s${i}`, { stepName: 'x' });
      await this.#write(runId, 'stepStarted', `s${i}`);
      await this.#write(runId, 'stepCompleted', `s${i}`, { result: Uint8Array.of(i) });
    }
    await this.#write(runId, 'runCompleted', '', { output: Uint8Array.of(STEPS) });
  }

  async #write(runId: string, type: Data, correlationId = '', value: object = {}): Promise<void> {
    await this.#client.events.createEvent({
      runId,
      requestId: newId('request'),
      event: { correlationId, data: { case: type, value } as never },
    });
    this.acknowledged++;
  }

  async #watch(runId: string): Promise<string[]> {
    const types: string[] = [];
    for await (const { data } of this.#watcher.watchEvents({ runId })) types.push(data.case ?? '');
    return types;
  }

  async #auditOne(judge: WorldClient, runId: string): Promise<void> {
    const types: string[] = [];
    for await (const { position, data } of judge.listEvents({ runId })) {
      types.push(data.case ?? '');
      expect(Number(position)).toBe(types.length);
    }
    expect(types).toEqual(typesOf(STEPS));
    const { run } = await judge.runs.getRun({ runId });
    expect(run).toMatchObject({
      status: RunStatus.COMPLETED,
      lastPosition: BigInt(types.length),
      output: Uint8Array.of(STEPS),
    });
    const { steps } = await judge.steps.listSteps({ runId });
    expect(steps).toHaveLength(STEPS);
    for (const step of steps)
      expect(step).toMatchObject({ status: StepStatus.COMPLETED, attempt: 1 });
  }
}

function typesOf(steps: number): Data[] {
  const ofStep: Data[] = ['stepCreated', 'stepStarted', 'stepCompleted'];
  return ['runCreated', 'runStarted', ...upTo(steps).flatMap(() => ofStep), 'runCompleted'];
}
