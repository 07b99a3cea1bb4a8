import { expect } from 'vitest';
import { type AppClient, checkLedger, checkLog } from '../../../examples/scenarios/index.ts';

/**
 * What must hold of a run whatever was killed under it: its log is dense from 1, every entity was created
 * and ended once, and as many steps completed as the workflow has, all of which ran.
 */
export async function checkRun(app: AppClient, runId: string, steps: number): Promise<void> {
  await checkLedger(app, runId, steps);
  await checkDense(app, runId);
}

/** The log of a run that has ended, without a hole, a duplicate or an entity that ended twice. */
export async function checkDense(app: AppClient, runId: string): Promise<void> {
  await checkLog(app, runId);
  const ids = (await app.events(runId)).map(({ eventId }) => eventId);
  const dense = ids.map((_, i) => `evnt_${String(i + 1).padStart(26, '0')}`);
  expect(ids, `log of ${runId}`).toEqual(dense);
}
