import type { WorldClient } from '@worldwire/sdk';
import { expect } from 'vitest';
import { newId } from '../../wire/clients.js';
import type { Lane } from '../traffic.js';

/** One run to whose log several writers append. */
export class Log {
  readonly #runId = newId('run');
  /** By the step that it creates: the position that was acknowledged. */
  readonly #positions = new Map<string, number>();
  readonly #created: Promise<unknown>;

  constructor(private readonly connect: () => WorldClient) {
    const value = { deploymentId: 'd', workflowName: 'shared' };
    this.#created = connect().events.createEvent({
      runId: this.#runId,
      event: { data: { case: 'runStarted', value: { create: value } } },
    });
    this.#created.catch(() => {});
  }

  writer(): Lane {
    const client = this.connect();
    const lane = {
      acknowledged: 0,
      step: async () => {
        await this.#created;
        const correlationId = newId('step');
        const data = { case: 'stepCreated', value: { stepName: 'x' } } as const;
        const { event } = await client.events.createEvent({
          runId: this.#runId,
          requestId: newId('request'),
          event: { correlationId, data },
        });
        this.#positions.set(correlationId, Number(event!.position));
        lane.acknowledged++;
      },
      audit: (judge: WorldClient) => this.#audit(judge),
    };
    return lane;
  }

  async #audit(judge: WorldClient): Promise<void> {
    const stored = new Map<string, number>();
    let position = 0;
    for await (const event of judge.listEvents({ runId: this.#runId })) {
      expect(Number(event.position)).toBe(++position);
      if (event.data.case === 'stepCreated') stored.set(event.correlationId, position);
    }
    expect(stored).toEqual(this.#positions);
    const { run } = await judge.runs.getRun({ runId: this.#runId });
    expect(Number(run!.lastPosition)).toBe(position);
  }
}
