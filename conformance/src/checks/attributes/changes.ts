import { type Event, ResolveData, RunStatus } from '@worldwire/proto';
import { type Check, type CheckOptions, check } from '../../check.js';
import type { Context } from '../../context.js';
import { runCompleted, runStarted } from '../../fixtures/new-event.js';
import { about, dataOf, runsOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { byStep, byWorkflow } from './writes.js';

const of = (...requirements: string[]): CheckOptions => ({
  requirements,
  capabilities: ['ATTRIBUTES'],
});

/** What an attr_set does. */
export const attributeChangeChecks: readonly Check[] = [
  check(
    'attributes/applied-in-order',
    'A run carries the attributes of its creation with every change applied in the order of the log',
    of('WW-ATTR-001', 'WW-ATTR-002', 'WW-ATTR-003', 'WW-ATTR-005'),
    async (t: Context) => {
      const workflowName = t.unique('flow');
      const attributes = { stays: 'as it is', changes: 'first', goes: 'away', empty: '' };
      const run = await t.run({ create: { attributes, workflowName } });
      const expected: Record<string, string> = { ...attributes };
      await judge(t, run, workflowName, expected);
      await run.given(runStarted());
      for (const changes of [
        { changes: 'second', goes: undefined, added: 'ü 日本 \u{1f600}' },
        { changes: 'third', goes: 'back', stays: undefined },
        { stays: '', empty: undefined, unknown: undefined },
        { Stays: 'another key', 'dots.and/slashes': ' spaces ', constructor: 'a key like others' },
      ]) {
        const answer = await t.accepted('attr_set', () =>
          run.write(byWorkflow(t.unique('attr'), changes)),
        );
        for (const [key, value] of Object.entries(changes) as [string, string | undefined][])
          if (value === undefined) delete expected[key];
          else expected[key] = value;
        t.equal({ ...answer.run?.attributes }, expected, 'attributes of the answer');
        t.equal(answer.run?.status, RunStatus.RUNNING, 'the state of the run of the answer');
        await judge(t, run, workflowName, expected);
      }
    },
  ),
  check(
    'attributes/all-or-nothing',
    'An attr_set with one bad change applies none, wherever the bad one stands',
    of('WW-ATTR-004', 'WW-ATTR-011'),
    async (t: Context) => {
      const run = await t.startedRun({ create: { attributes: { kept: 'yes' } } });
      for (const changes of [
        { '': 'empty key', good: 'one', kept: undefined },
        { good: 'one', kept: undefined, '': 'empty key' },
        { good: 'one', $reserved: 'x', kept: 'no' },
      ]) {
        await t.refused(
          'attr_set with a bad change',
          () => run.write(byWorkflow(t.unique('attr'), changes)),
          'ATTRIBUTE_INVALID',
        );
        t.equal({ ...(await run.get()).attributes }, { kept: 'yes' }, 'attributes');
      }
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await t.accepted('the good changes alone', () =>
        run.write(byWorkflow(t.unique('attr'), { good: 'one', kept: undefined })),
      );
      t.equal({ ...(await run.get()).attributes }, { good: 'one' }, 'attributes');
    },
  ),
  check(
    'attributes/event-as-written',
    'Changes and writer of an attr_set are returned as they were written, with and without data',
    of('WW-ATTR-006'),
    async (t: Context) => {
      const run = await t.startedRun({ create: { attributes: { goes: 'x' } } });
      const changes = { set: 'blue', empty: '', goes: undefined };
      for (const [isStep, event] of [
        [false, byWorkflow(t.unique('attr'), changes)],
        [true, byStep(t.unique('attr'), changes, 'step_that_writes')],
      ] as const) {
        const wanted = event.data?.value as { changes: { key: string; value?: string }[] };
        const { event: answered } = await run.write(event);
        const id = event.correlationId!;
        const stored: [how: string, event: Event | undefined][] = [['the answer', answered]];
        for (const resolveData of [ResolveData.ALL, ResolveData.NONE])
          stored.push([
            ResolveData[resolveData]!,
            about(await run.log({ resolveData }), id).at(-1),
          ]);
        for (const [how, each] of stored) {
          const got = dataOf(t, each, 'attrSet').changes.map(({ key, value }) => [key, value]);
          const given = wanted.changes.map(({ key, value }) => [key, value]);
          t.equal(got.sort(), given.sort(), `changes by ${how}`);
          const { writer } = dataOf(t, each, 'attrSet').writer ?? {};
          t.equal(writer?.case, isStep ? 'step' : 'workflow', `the writer by ${how}`);
          if (writer?.case === 'step')
            t.equal(
              [writer.value.stepId, writer.value.attempt],
              ['step_that_writes', 1],
              `the step by ${how}`,
            );
        }
      }
    },
  ),
  check(
    'attributes/workflow-writes-once',
    'A workflow writer lands once for each correlation id, whatever it writes the second time',
    of('WW-ATTR-007'),
    async (t: Context) => {
      const run = await t.startedRun();
      const other = await t.startedRun();
      const [first, second] = [t.unique('attr'), t.unique('attr')];
      await t.accepted('attr_set', () => run.write(byWorkflow(first, { colour: 'blue' })));
      for (const colour of ['blue', 'red'])
        await t.refused(
          'attr_set with the same correlation id',
          () => run.write(byWorkflow(first, { colour })),
          'ATTRIBUTES_ALREADY_SET',
          { run_id: run.id, correlation_id: first },
        );
      await t.accepted('attr_set with another correlation id', () =>
        run.write(byWorkflow(second, { colour: 'green' })),
      );
      await t.refused(
        'attr_set with the first correlation id, after others',
        () => run.write(byWorkflow(first, { colour: 'blue' })),
        'ATTRIBUTES_ALREADY_SET',
      );
      await t.accepted('the same correlation id in another run', () =>
        other.write(byWorkflow(first, { colour: 'red' })),
      );
      t.equal({ ...(await run.get()).attributes }, { colour: 'green' }, 'attributes');
      t.equal((await run.types()).slice(2), ['attrSet', 'attrSet'], 'the log');
    },
  ),
  check(
    'attributes/step-writes-always',
    'Every attr_set of a step writer lands, also with the same correlation id again',
    of('WW-ATTR-008', 'WW-ATTR-001'),
    async (t: Context) => {
      const run = await t.startedRun();
      const id = t.unique('attr');
      for (const [at, correlationId] of [id, id, t.unique('attr'), id].entries()) {
        const answer = await t.accepted(`attr_set ${at + 1} of a step`, () =>
          run.write(byStep(correlationId, { count: String(at) })),
        );
        t.equal({ ...answer.run?.attributes }, { count: String(at) }, 'attributes of the answer');
      }
      t.equal((await run.types()).slice(2).length, 4, 'attr_set events');
      t.equal({ ...(await run.get()).attributes }, { count: '3' }, 'attributes');
    },
  ),
  check(
    'attributes/step-writes-without-id',
    'An attr_set of a step writer needs no correlation id',
    of('WW-ATTR-008'),
    async (t: Context) => {
      const run = await t.startedRun();
      for (const count of ['1', '2']) {
        await t.accepted('attr_set of a step without a correlation id', () =>
          run.write(byStep('', { count })),
        );
        t.equal({ ...(await run.get()).attributes }, { count }, 'attributes');
      }
      t.equal((await run.types()).slice(2), ['attrSet', 'attrSet'], 'the log');
    },
  ),
  check(
    'attributes/kept-after-the-end',
    'An ended run keeps its attributes, and takes no more',
    of('WW-ATTR-010', 'WW-RUN-036'),
    async (t: Context) => {
      const workflowName = t.unique('flow');
      const run = await t.startedRun({ create: { workflowName, attributes: { first: '1' } } });
      await run.given(byWorkflow(t.unique('attr'), { second: '2' }), runCompleted());
      for (const event of [
        byWorkflow(t.unique('attr'), { third: '3' }),
        byStep(t.unique('attr'), { third: '3' }),
      ])
        await t.refused('attr_set of an ended run', () => run.write(event), 'RUN_ALREADY_ENDED');
      await judge(t, run, workflowName, { first: '1', second: '2' });
    },
  ),
];

/** Expects the attributes by each read that returns runs, also without payloads. */
async function judge(
  t: Context,
  run: RunHandle,
  workflowName: string,
  expected: Readonly<Record<string, string>>,
): Promise<void> {
  const { runs } = t.api;
  const resolveData = ResolveData.NONE;
  const listed = await runsOf(workflowName, t.api);
  const reads = {
    GetRun: await run.get(),
    'GetRun without data': (await runs.getRun({ runId: run.id, resolveData })).run,
    BatchGetRuns: (await runs.batchGetRuns({ runIds: [run.id] })).results[0]?.run,
    ListRuns: listed.find(({ runId }) => runId === run.id),
  };
  for (const [how, record] of Object.entries(reads))
    t.equal({ ...record?.attributes }, { ...expected }, `attributes by ${how}`);
}
