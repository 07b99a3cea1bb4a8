import { getRun, start } from 'workflow/api';
import { record } from '../ledger.ts';

async function double(n: number): Promise<number> {
  'use step';
  record('double', { n });
  return n * 2;
}

export async function child(n: number): Promise<number> {
  'use workflow';
  if (n < 0) throw new Error(`child got ${n}`);
  return await double(n);
}

async function startChild(n: number): Promise<string> {
  'use step';
  const run = await start(child, [n]);
  record('startChild', { n, child: run.runId });
  return run.runId;
}

async function awaitChild(runId: string): Promise<number> {
  'use step';
  return await getRun<number>(runId).returnValue;
}
awaitChild.maxRetries = 0;

/** Starts `count` runs and waits for what they return. */
export async function parent(count: number): Promise<number[]> {
  'use workflow';
  const ids = await Promise.all(Array.from({ length: count }, (_, n) => startChild(n)));
  return await Promise.all(ids.map((id) => awaitChild(id)));
}

/** A child that fails is an error in its parent. */
export async function parentOfFailure(): Promise<string> {
  'use workflow';
  const id = await startChild(-1);
  try {
    await awaitChild(id);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

async function startNext(left: number): Promise<string> {
  'use step';
  const run = await start(chain, [left]);
  record('startNext', { left, next: run.runId });
  return run.runId;
}

/** Starts its own successor and ends, until none is left. */
export async function chain(left: number): Promise<{ left: number; next: string | null }> {
  'use workflow';
  if (left === 0) return { left, next: null };
  return { left, next: await startNext(left - 1) };
}
