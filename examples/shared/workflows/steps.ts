import { createHash } from 'node:crypto';
import { blobOf } from '../blob.ts';
import { record } from '../ledger.ts';

async function add(total: number, by: number, delayMs: number): Promise<number> {
  'use step';
  record('add', { total, by });
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  return total + by;
}

/** `count` steps, each of which needs the result of the one before it. */
export async function sequence(count: number, delayMs = 0): Promise<number> {
  'use workflow';
  let total = 0;
  for (let i = 1; i <= count; i++) total = await add(total, i, delayMs);
  return total;
}

async function square(n: number, delayMs: number): Promise<number> {
  'use step';
  record('square', { n });
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  return n * n;
}

/** `count` steps at once; the results come back in the order of the calls. */
export async function parallel(count: number, delayMs = 0): Promise<number[]> {
  'use workflow';
  return await Promise.all(Array.from({ length: count }, (_, n) => square(n, delayMs)));
}

async function inspectPart(part: string): Promise<{ part: string; weight: number }> {
  'use step';
  record('inspectPart', { part });
  return { part, weight: part.length };
}

async function handle(part: string, how: 'heavy' | 'light'): Promise<string> {
  'use step';
  record('handle', { part, how });
  return `${how}:${part}`;
}

async function inspectAndHandle(part: string): Promise<string> {
  const { weight } = await inspectPart(part);
  return weight > 4 ? await handle(part, 'heavy') : await handle(part, 'light');
}

/** Plain helper functions between workflow and steps, branches on results, loops within loops. */
export async function nested(orders: string[][]): Promise<string[][]> {
  'use workflow';
  const out: string[][] = [];
  for (const order of orders) {
    if (order.length === 0) continue;
    if (order.length === 1) out.push([await inspectAndHandle(order[0] as string)]);
    else out.push(await Promise.all(order.map((part) => inspectAndHandle(part))));
  }
  return out;
}

async function makeBlob(bytes: number, seed: number): Promise<Uint8Array> {
  'use step';
  record('makeBlob', { bytes, seed });
  return blobOf(bytes, seed);
}

async function digest(blob: Uint8Array): Promise<{ bytes: number; sha256: string }> {
  'use step';
  record('digest', { bytes: blob.byteLength });
  return {
    bytes: blob.byteLength,
    sha256: createHash('sha256').update(blob).digest('hex'),
  };
}

/** A step result of `bytes` bytes, which the next step takes as its argument. */
export async function large(
  bytes: number,
  seed: number,
): Promise<{ bytes: number; sha256: string }> {
  'use workflow';
  const blob = await makeBlob(bytes, seed);
  return await digest(blob);
}
