import { createHook, sleep } from 'workflow';
import { record } from '../ledger.ts';

async function stamp(label: string): Promise<number> {
  'use step';
  record('stamp', { label });
  return Date.now();
}

/** Returns how long the sleep took by the clock of the steps around it. */
export async function nap(ms: number): Promise<number> {
  'use workflow';
  const before = await stamp('before');
  await sleep(ms);
  const after = await stamp('after');
  return after - before;
}

/** Sleeps for an hour, unless woken or cancelled. */
export async function longNap(): Promise<string> {
  'use workflow';
  await stamp('before');
  await sleep('1h');
  await stamp('after');
  return 'awake';
}

/** Several sleeps at once, of which the shortest decides. */
export async function manyNaps(count: number, ms: number): Promise<number> {
  'use workflow';
  await Promise.all(Array.from({ length: count }, () => sleep(ms)));
  return count;
}

/** A hook against a deadline. */
export async function deadline(token: string, ms: number): Promise<string> {
  'use workflow';
  using hook = createHook<{ answer: string }>({ token });
  const winner = await Promise.race([
    hook.then((payload) => payload.answer),
    sleep(ms).then(() => 'too late'),
  ]);
  await stamp(winner);
  return winner;
}
