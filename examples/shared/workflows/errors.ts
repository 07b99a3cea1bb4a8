import { FatalError, getStepMetadata, RetryableError } from 'workflow';
import { record } from '../ledger.ts';

async function flaky(failures: number): Promise<number> {
  'use step';
  const { attempt } = getStepMetadata();
  record('flaky', { attempt });
  if (attempt <= failures) throw new Error(`flaky failed on attempt ${attempt}`);
  return attempt;
}
flaky.maxRetries = 5;

/** Plain errors, retried until the step succeeds; returns the attempt that did. */
export async function retried(failures: number): Promise<number> {
  'use workflow';
  return await flaky(failures);
}

async function busy(failures: number, retryAfterMs: number): Promise<number> {
  'use step';
  const { attempt } = getStepMetadata();
  record('busy', { attempt });
  if (attempt <= failures) throw new RetryableError('busy', { retryAfter: retryAfterMs });
  return attempt;
}

/** RetryableError: no attempt may start before `retryAfterMs` have passed. */
export async function retriedLater(failures: number, retryAfterMs: number): Promise<number> {
  'use workflow';
  return await busy(failures, retryAfterMs);
}

async function hopeless(): Promise<never> {
  'use step';
  const { attempt } = getStepMetadata();
  record('hopeless', { attempt });
  throw new Error(`hopeless failed on attempt ${attempt}`);
}
hopeless.maxRetries = 2;

/** Every attempt fails: the workflow sees one error, after maxRetries + 1 attempts. */
export async function exhausted(): Promise<{ caught: string }> {
  'use workflow';
  try {
    await hopeless();
  } catch (error) {
    return { caught: (error as Error).message };
  }
  return { caught: '' };
}

async function refuse(reason: string): Promise<never> {
  'use step';
  record('refuse', { reason });
  throw new FatalError(reason);
}

async function compensate(reason: string): Promise<string> {
  'use step';
  record('compensate', { reason });
  return `compensated: ${reason}`;
}

/** A FatalError that the workflow catches and answers with another step. */
export async function fatalCaught(reason: string): Promise<{ fatal: boolean; answer: string }> {
  'use workflow';
  try {
    await refuse(reason);
  } catch (error) {
    const answer = await compensate((error as Error).message);
    return { fatal: FatalError.is(error), answer };
  }
  return { fatal: false, answer: '' };
}

/** A FatalError that nobody catches: the run fails. */
export async function fatalUncaught(reason: string): Promise<void> {
  'use workflow';
  await refuse(reason);
}
