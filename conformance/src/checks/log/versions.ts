import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import { unchanged } from './support.js';

/** Spec versions of events. */
export const specVersionChecks: readonly Check[] = [
  check(
    'log/spec-version-default',
    'An event without a spec version has that of its run, and a creation the highest',
    { requirements: ['WW-LOG-013'] },
    async (t) => {
      const { minSpecVersion: low, maxSpecVersion: high } = t.facts.info;
      for (const [given, wanted] of [
        [0, high],
        [low, low],
        [high, high],
      ] as const) {
        const run = await t.run({ specVersion: given });
        await run.given(events.runStarted(), events.stepCreated('step_1'));
        t.equal((await run.get()).specVersion, wanted, 'the spec version of the run');
        t.equal(
          (await run.log()).map(({ specVersion }) => specVersion),
          [wanted, wanted, wanted],
          `the spec versions of the log of a run of version ${given}`,
        );
      }
    },
  ),
  check(
    'log/spec-version-outside',
    'An event of a spec version that the World does not serve is refused and leaves nothing',
    { requirements: ['WW-LOG-014'] },
    async (t) => {
      const { minSpecVersion: low, maxSpecVersion: high } = t.facts.info;
      const outside = [high + 1, high + 1000, ...(low > 1 ? [low - 1] : [])];
      const run = await t.startedRun();
      for (const specVersion of outside) {
        const other = absentRun(t);
        await t.refused(
          `run_created of version ${specVersion}`,
          () => other.write({ ...events.runCreated(), specVersion }),
          'RUN_NOT_SUPPORTED',
        );
        await t.refused('GetRun', () => other.get(), 'RUN_NOT_FOUND');
        await unchanged(t, run, 'the refusal', () =>
          t.refused(
            `step_created of version ${specVersion}`,
            () => run.write({ ...events.stepCreated('step_1'), specVersion }),
            'RUN_NOT_SUPPORTED',
          ),
        );
      }
      for (const specVersion of [low, high])
        await t.accepted(`step_created of version ${specVersion}`, () =>
          run.write({ ...events.stepCreated(`step_${specVersion}`), specVersion }),
        );
    },
  ),
  check(
    'log/spec-versions-side-by-side',
    'Runs of every spec version live side by side, each with the form of errors that it uses',
    { requirements: ['WW-LOG-015'] },
    async (t) => {
      const { minSpecVersion: low, maxSpecVersion: high } = t.facts.info;
      for (let specVersion = Math.max(2, low); specVersion <= high; specVersion++) {
        const run = await t.startedRun({ specVersion });
        const [first, second] = [run.failure('first'), run.failure('second')];
        await run.given(
          events.stepCreated('step_1'),
          events.stepStarted('step_1'),
          events.stepFailed('step_1', first),
          events.runFailed(second),
        );
        const log = await run.log();
        for (const { data } of log) {
          if (data.case === 'stepFailed')
            t.equal(data.value.error?.form as unknown, first.form, `step_failed of ${specVersion}`);
          if (data.case === 'runFailed')
            t.equal(data.value.error?.form as unknown, second.form, `run_failed of ${specVersion}`);
        }
        t.equal((await run.get()).error?.form as unknown, second.form, `the run of ${specVersion}`);
        const { step } = await t.api.steps.getStep({ runId: run.id, stepId: 'step_1' });
        t.equal(step?.error?.form as unknown, first.form, `the step of ${specVersion}`);
        t.equal((await run.get()).specVersion, specVersion, 'the spec version');
      }
    },
  ),
];
