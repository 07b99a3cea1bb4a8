import { getWritable } from 'workflow';
import { record } from '../ledger.ts';

export interface Tick {
  n: number;
  text: string;
}

async function tick(from: number, count: number, delayMs: number): Promise<void> {
  'use step';
  record('tick', { from, count });
  const writer = getWritable<Tick>().getWriter();
  for (let n = from; n < from + count; n++) {
    await writer.write({ n, text: `tick ${n} ${'·'.repeat(n % 7)}` });
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
  writer.releaseLock();
}

async function tickBytes(count: number, bytes: number): Promise<void> {
  'use step';
  record('tickBytes', { count, bytes });
  const writer = getWritable<Uint8Array>({ namespace: 'bytes' }).getWriter();
  for (let n = 0; n < count; n++) await writer.write(new Uint8Array(bytes).fill(n));
  await writer.close();
}

async function end(): Promise<void> {
  'use step';
  await getWritable<Tick>().close();
}

/** Several steps, one after the other, write one stream and the last one closes it. */
export async function ticker(steps: number, perStep: number, delayMs: number): Promise<number> {
  'use workflow';
  for (let i = 0; i < steps; i++) await tick(i * perStep, perStep, delayMs);
  await end();
  return steps * perStep;
}

/** A second stream of the run, beside the default one, that carries raw bytes. */
export async function byteStream(count: number, bytes: number): Promise<number> {
  'use workflow';
  await tickBytes(count, bytes);
  return count * bytes;
}
