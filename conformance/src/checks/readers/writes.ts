import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { readerWithout, readsOfLogs, readsOfMany, readsOfOne } from '../../fixtures/readers.js';
import { unchanged } from '../log/support.js';
import { NOT_READ, olderVersion, otherForm } from './support.js';

/** Writes by whoever does not read everything. */
export const writeChecks: readonly Check[] = [
  check(
    'readers/starts',
    'Nobody starts what it could not read',
    { requirements: ['WW-VER-020', 'WW-VER-022'], capabilities: ['READERS'] },
    async (t) => {
      const maxSpecVersion = olderVersion(t);
      const reader = { maxSpecVersion };
      const feature = `spec_version:${t.specVersion}`;
      const run = await t.run();
      await run.given(events.stepCreated('step_1'));
      const starts = [
        ['run_started of a pending run', events.runStarted()],
        ['step_started', events.stepStarted('step_1')],
        ['run_started of a running run', events.runStarted()],
      ] as const;
      for (const [what, event] of starts) {
        await unchanged(t, run, what, () =>
          t.refused(what, () => run.write(event, { reader }), NOT_READ, {
            run_id: run.id,
            feature,
          }),
        );
        await t.accepted(`${what} by a newer reader`, () =>
          run.write(event, { reader: { maxSpecVersion: t.specVersion } }),
        );
      }
      if (maxSpecVersion < t.facts.info.minSpecVersion) return;
      const older = await t.run({ specVersion: maxSpecVersion });
      await t.accepted('run_started of an older run', () =>
        older.write(events.runStarted(), { reader }),
      );
    },
  ),
  check(
    'readers/starts-of-ended-runs',
    'A start of an ended run is refused for its end, whoever reads',
    { requirements: ['WW-VER-020'], capabilities: ['READERS'] },
    async (t) => {
      const reader = { maxSpecVersion: olderVersion(t) };
      const run = await t.startedRun();
      await run.given(events.runCancelled());
      await t.refused(
        'run_started of a cancelled run',
        () => run.write(events.runStarted(), { reader }),
        'RUN_GONE',
      );
    },
  ),
  check(
    'readers/other-writes',
    "Every other write succeeds whatever its reader does not read, and its answer is in the reader's terms",
    { requirements: ['WW-VER-019', 'WW-VER-021'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      const reader = {
        ...readerWithout('hook_received', 'step_failed', 'run_cancelled'),
        maxSpecVersion: olderVersion(t),
        errorForms: [otherForm(run)],
      };
      const token = t.unique('token');
      const written: string[] = [];
      for (const event of [
        events.stepCreated('step_1'),
        events.stepFailed('step_1', run.failure()),
        events.hookCreated('hook_1', token),
        events.hookReceived('hook_1'),
        events.waitCreated('wait_1'),
        events.runCancelled('enough'),
      ]) {
        const answer = await t.accepted(`${event.data?.case}`, () => run.write(event, { reader }));
        const log = await run.log();
        t.equal(answer.event, log.at(-1), `the event ${event.data?.case} in its answer`);
        written.push(answer.event?.data.case ?? 'none');
        for (const record of [answer.run, answer.step])
          t.equal(
            [record?.input, record?.error],
            [undefined, undefined],
            `the payloads of a record in the answer to ${event.data?.case}`,
          );
      }
      t.equal((await run.types()).slice(2), written, 'the log');
    },
  ),
  check(
    'readers/starts-with-errors',
    'A step that is tried again comes without an error that its executor does not read, and with its input',
    { requirements: ['WW-VER-019', 'WW-VER-021'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_1'),
        events.stepStarted('step_1'),
        events.stepRetrying('step_1', run.failure()),
      );
      const { step: before } = await t.api.steps.getStep({ runId: run.id, stepId: 'step_1' });
      const { step } = await t.accepted('step_started', () =>
        run.write(events.stepStarted('step_1'), { reader: { errorForms: [otherForm(run)] } }),
      );
      t.equal([step?.input, step?.error], [before?.input, undefined], 'the step in the answer');
    },
  ),
  check(
    'readers/negative-version',
    'A negative max_spec_version is refused wherever a reader may be named',
    { requirements: ['WW-VER-025'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'));
      const reader = { maxSpecVersion: -1 };
      const reads = Object.entries({ ...readsOfOne, ...readsOfMany, ...readsOfLogs });
      for (const [name, read] of reads) {
        await t.refused(name, () => read(t, run.id, reader), 'INVALID_ARGUMENT');
        await t.accepted(`${name} without a bound`, () => read(t, run.id, { maxSpecVersion: 0 }));
      }
      await unchanged(t, run, 'a write with a negative version', () =>
        t.refused(
          'step_completed',
          () => run.write(events.stepCompleted('step_1'), { reader }),
          'INVALID_ARGUMENT',
        ),
      );
    },
  ),
];
