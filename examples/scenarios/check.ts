import { isDeepStrictEqual } from 'node:util';

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
}

export function same(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
  }
}

export function holds(what: string, condition: boolean, actual: unknown): void {
  if (!condition) throw new Error(`${what}: got ${show(actual)}`);
}

const POLL_MS = 50;

/** Asks until the answer is not undefined; gives up as a hang. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  hangAfterMs = 60_000,
): Promise<T> {
  const giveUpAt = Date.now() + hangAfterMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within ${hangAfterMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
