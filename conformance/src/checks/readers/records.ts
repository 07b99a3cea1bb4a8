import { ResolveData, type Run, type Step } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { type ReaderInit, readsOfOne } from '../../fixtures/readers.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { NOT_READ, olderVersion, otherForm, ownForm } from './support.js';

/** Records that the reader does not read. */
export const recordChecks: readonly Check[] = [
  check(
    'readers/newer-records',
    'A run above the spec versions that the reader reads, and its step, are refused with payloads',
    { requirements: ['WW-VER-018', 'WW-VER-022'], capabilities: ['READERS'] },
    async (t) => {
      const maxSpecVersion = olderVersion(t);
      const run = await failedRun(t);
      const lack = { run_id: run.id, feature: `spec_version:${run.specVersion}` };
      for (const [name, read] of Object.entries(readsOfOne)) {
        await t.refused(name, () => read(t, run.id, { maxSpecVersion }), NOT_READ, lack);
        await t.accepted(`${name} by a newer reader`, () =>
          read(t, run.id, { maxSpecVersion: t.specVersion }),
        );
      }
      await servedWithoutPayloads(t, run, { maxSpecVersion });
    },
  ),
  check(
    'readers/errors-of-records',
    'A run and a step with an error in a form that the reader does not read are refused with payloads',
    { requirements: ['WW-VER-018', 'WW-VER-022'], capabilities: ['READERS'] },
    async (t) => {
      const run = await failedRun(t);
      const reader = { errorForms: [otherForm(run)] };
      const lack = { run_id: run.id, feature: `error_form:${ownForm(run)}` };
      for (const [name, read] of Object.entries(readsOfOne)) {
        await t.refused(name, () => read(t, run.id, reader), NOT_READ, lack);
        t.equal(
          await read(t, run.id, { errorForms: [ownForm(run)] }),
          await read(t, run.id),
          `${name} by a reader of the form`,
        );
      }
      await servedWithoutPayloads(t, run, reader);
    },
  ),
  check(
    'readers/lists-of-records',
    'A list returns each record without what the reader does not read of it',
    { requirements: ['WW-VER-019'], capabilities: ['READERS'] },
    async (t) => {
      const workflowName = t.unique('workflow');
      const run = await failedRun(t, workflowName);
      const whole = await recordsOf(t, run, workflowName, {});
      t.equal(whole, await recordsOf(t, run, workflowName), 'the records for any reader');
      const unread = await t.accepted('lists with an error that is not read', () =>
        recordsOf(t, run, workflowName, { errorForms: [otherForm(run)] }),
      );
      t.equal(unread, whole.map(withoutError), 'the records without their errors');
      const maxSpecVersion = olderVersion(t);
      const newer = await t.accepted('lists of newer runs', () =>
        recordsOf(t, run, workflowName, { maxSpecVersion }),
      );
      const bare = await recordsOf(t, run, workflowName, undefined, ResolveData.NONE);
      t.equal(newer, bare, 'the records of a newer run');
    },
  ),
];

/** A failed run with a failed step. */
async function failedRun(t: Context, workflowName = 'conformance'): Promise<RunHandle> {
  const run = await t.startedRun({ create: { workflowName } });
  await run.given(
    events.stepCreated('step_1'),
    events.stepFailed('step_1', run.failure('of the step')),
    events.runFailed(run.failure('of the run')),
  );
  return run;
}

async function servedWithoutPayloads(
  t: Context,
  { id: runId }: RunHandle,
  reader: ReaderInit,
): Promise<void> {
  const resolveData = ResolveData.NONE;
  const without = { runId, resolveData };
  const { run } = await t.accepted('GetRun without payloads', () =>
    t.api.runs.getRun({ ...without, reader }),
  );
  t.equal(run, (await t.api.runs.getRun(without)).run, 'the run without payloads');
  const stepId = 'step_1';
  const { step } = await t.accepted('GetStep without payloads', () =>
    t.api.steps.getStep({ ...without, stepId, reader }),
  );
  t.equal(step, (await t.api.steps.getStep({ ...without, stepId })).step, 'the step without');
}

/** The run and its step as each list has them. */
async function recordsOf(
  t: Context,
  { id: runId }: RunHandle,
  workflowName: string,
  reader?: ReaderInit,
  resolveData = ResolveData.ALL,
): Promise<(Run | Step | undefined)[]> {
  const asked = { reader, resolveData };
  const { runs } = await t.api.runs.listRuns({ ...asked, workflowName });
  const { results } = await t.api.runs.batchGetRuns({ ...asked, runIds: [runId] });
  const { steps } = await t.api.steps.listSteps({ ...asked, runId });
  return [runs[0], results[0]?.run, steps[0]];
}

function withoutError<T extends Run | Step | undefined>(record: T): T {
  if (record === undefined) return record;
  const { error: _error, ...rest } = record;
  return rest as T;
}
