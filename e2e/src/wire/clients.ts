import { randomUUID } from 'node:crypto';
import { createWorldClient, type WorldClient, type WorldClientOptions } from '@worldwire/sdk';
import { onTestFinished } from 'vitest';

/** A client that says nothing on the console and is closed with the test. */
export function connect(url: string, options: WorldClientOptions = {}): WorldClient {
  const client = openClient(url, options);
  onTestFinished(() => client.close());
  return client;
}

/** A client that its user closes. */
export function openClient(url: string, options: WorldClientOptions = {}): WorldClient {
  return createWorldClient({ url, project: 'wire', token: '', onStatus: () => {}, ...options });
}

/** An id that nobody else has. */
export function newId(prefix: string): string {
  return `${prefix}_${randomUUID()}`;
}

/** Creates a run, and starts it. */
export async function startRun(client: WorldClient, runId = newId('run')): Promise<string> {
  const value = { deploymentId: 'd', workflowName: 'w' };
  await client.events.createEvent({
    runId,
    event: { data: { case: 'runStarted', value: { create: value } } },
  });
  return runId;
}

/** The positions of a run's log, read by pages. */
export async function positions(client: WorldClient, runId: string): Promise<number[]> {
  const all: number[] = [];
  for await (const event of client.listEvents({ runId })) all.push(Number(event.position));
  return all;
}

/** 1 to n. */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}
