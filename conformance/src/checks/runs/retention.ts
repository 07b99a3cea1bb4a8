import { type Event, ResolveData, type Run, type Step } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { atOf, runsOf, stepsOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

const RETENTION = '$retention';
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Payloads that go when their run ends. */
export const runRetentionChecks: readonly Check[] = [
  check(
    'runs/retention-removes-payloads',
    'A run with $retention=0 loses every payload at its end, and keeps its events and their names',
    {
      requirements: ['WW-RUN-039', 'WW-RUN-040', 'WW-RUN-041', 'WW-RUN-043'],
      capabilities: ['RUN_RETENTION', 'ATTRIBUTES'],
    },
    async (t) => {
      for (const end of ENDS) {
        const workflowName = t.unique('flow');
        const run = await t.startedRun({ create: { ...keeping('0'), workflowName } });
        await live(t, run);
        const before = (await run.log()).map(bare);
        const { steps: bareSteps } = await t.api.steps.listSteps({
          runId: run.id,
          resolveData: ResolveData.NONE,
        });
        await run.given(end(run));
        const record = await run.get();
        const expiredAt = atOf(t, 'expired_at', record.expiredAt);
        const last = await (await t.run()).get();
        t.ok(
          expiredAt <= atOf(t, 'created_at of a later run', last.createdAt),
          'expired_at is not ahead',
          last.createdAt,
          record.expiredAt,
        );
        for (const [how, value] of await everything(t, run, workflowName)) {
          const found = payloadsIn(value);
          t.equal(found, [], `payloads that ${how} returns`);
        }
        const after = await run.log();
        t.equal(after.map(bare).slice(0, before.length), before, 'the events, but for payloads');
        t.equal(after.length, before.length + 1, 'the number of events');
        const { steps } = await t.api.steps.listSteps({ runId: run.id });
        t.equal(
          steps.map(({ stepId, stepName, status, attempt }) => [stepId, stepName, status, attempt]),
          bareSteps.map(({ stepId, stepName, status, attempt }) => [
            stepId,
            stepName,
            status,
            attempt,
          ]),
          'the steps, but for payloads',
        );
        t.equal(record.workflowName, workflowName, 'workflow_name');
        t.equal(record.attributes[RETENTION], '0', 'the attribute itself');
      }
    },
  ),
  check(
    'runs/retention-set-later',
    'The attribute that counts is the one that the run carries at its end',
    {
      requirements: ['WW-RUN-039', 'WW-RUN-042'],
      capabilities: ['RUN_RETENTION', 'ATTRIBUTES'],
    },
    async (t) => {
      const set = await t.startedRun({ create: { input: utf8('devl"in"') } });
      await set.given(change('0'), events.runCompleted({ output: utf8('devl"out"') }));
      const gone = await set.get();
      t.equal([gone.input, gone.output], [undefined, undefined], 'payloads where it was set');
      const unset = await t.startedRun({ create: { ...keeping('0'), input: utf8('devl"in"') } });
      await unset.given(change(undefined), events.runCompleted({ output: utf8('devl"out"') }));
      const kept = await unset.get();
      t.equal(kept.input, utf8('devl"in"'), 'the input where it was removed');
      t.equal(kept.output, utf8('devl"out"'), 'the output where it was removed');
    },
  ),
  check(
    'runs/retention-keeps-the-rest',
    'A run without $retention=0 keeps its payloads, whatever else the attribute says',
    { requirements: ['WW-RUN-042'], capabilities: ['RUN_RETENTION', 'ATTRIBUTES'] },
    async (t) => {
      for (const value of [undefined, '', '00', '0 ', '1', 'false', '30d']) {
        const create = value === undefined ? {} : keeping(value);
        const run = await t.startedRun({ create: { ...create, input: utf8('devl"in"') } });
        const stepId = t.unique('step');
        await run.given(
          events.stepCreated(stepId, { input: utf8('devl"step"') }),
          events.stepCompleted(stepId, { result: utf8('devl"result"') }),
          events.runCompleted({ output: utf8('devl"out"') }),
        );
        const what =
          value === undefined ? 'without the attribute' : `with ${JSON.stringify(value)}`;
        const record = await run.get();
        t.equal(record.input, utf8('devl"in"'), `the input ${what}`);
        t.equal(record.output, utf8('devl"out"'), `the output ${what}`);
        const [step] = await stepsOf(run, t.api);
        t.equal(step?.output, utf8('devl"result"'), `the output of a step ${what}`);
        const found = (await run.log()).flatMap(payloadsIn).length;
        t.equal(found, 4, `payloads in the log ${what}`);
      }
    },
  ),
];

const ENDS: readonly ((run: RunHandle) => events.NewEventInit)[] = [
  () => events.runCompleted({ output: utf8('devl"out"') }),
  (run) => events.runFailed(run.failure('the secret error')),
  () => events.runCancelled('enough'),
];

function keeping(value: string) {
  return { attributes: { [RETENTION]: value }, allowReservedAttributes: true };
}

function change(value: string | undefined): events.NewEventInit {
  return events.attrSet('attr_retention', {
    changes: [value === undefined ? { key: RETENTION } : { key: RETENTION, value }],
    writer: { writer: { case: 'workflow', value: {} } },
    allowReservedAttributes: true,
  });
}

/** A payload in every place that has one. */
async function live(t: Context, run: RunHandle): Promise<void> {
  const [done, failed, retried] = [t.unique('step'), t.unique('step'), t.unique('step')];
  const hookId = t.unique('hook');
  await run.given(
    events.stepCreated(done),
    events.stepStarted(done),
    events.stepCompleted(done),
    events.stepCreated(failed),
    events.stepFailed(failed, run.failure('the secret of a step')),
    events.stepCreated(retried),
    events.stepStarted(retried),
    events.stepRetrying(retried, run.failure('the secret of a try')),
    events.hookCreated(hookId, t.unique('token'), { metadata: utf8('devl"meta"') }),
    events.hookReceived(hookId),
    events.waitCreated(t.unique('wait')),
  );
}

/** What each read of the run returns. */
async function everything(
  t: Context,
  run: RunHandle,
  workflowName: string,
): Promise<[how: string, value: Run | Step | Event][]> {
  const { runs, steps, events: log } = t.api;
  const all: [string, Run | Step | Event | undefined][] = [
    ['GetRun', await run.get()],
    ['WaitForRun', (await runs.waitForRun({ runId: run.id })).run],
  ];
  for (const { run: each } of (await runs.batchGetRuns({ runIds: [run.id] })).results)
    all.push(['BatchGetRuns', each]);
  for (const each of await runsOf(workflowName, t.api)) all.push(['ListRuns', each]);
  for (const each of await stepsOf(run, t.api)) {
    all.push(['ListSteps', each]);
    const { stepId } = each;
    all.push(['GetStep', (await steps.getStep({ runId: run.id, stepId })).step]);
  }
  for (const each of await run.log()) {
    all.push(['ListEvents', each]);
    const { eventId, correlationId } = each;
    all.push(['GetEvent', (await log.getEvent({ runId: run.id, eventId })).event]);
    if (correlationId === '') continue;
    const related = await log.listEventsByCorrelation({ runId: run.id, correlationId });
    for (const one of related.events) all.push(['ListEventsByCorrelation', one]);
  }
  return all.flatMap(([how, value]) => (value === undefined ? [] : [[how, value]]));
}

/** An event without its payload. */
function bare({ eventId, correlationId, createdAt, data }: Event) {
  const { case: type, value } = data;
  const names = Object.entries(value ?? {}).filter(
    ([key]) => !PAYLOADS.has(key) && !key.startsWith('$'),
  );
  return { eventId, correlationId, createdAt, type, names };
}

const PAYLOADS = new Set(['input', 'output', 'error', 'result', 'payload', 'metadata']);

/** The names of the payloads that a record or an event holds. */
function payloadsIn(value: Run | Step | Event): string[] {
  const record: object = 'data' in value ? (value.data.value ?? {}) : value;
  return Object.entries(record).flatMap(([name, held]) =>
    PAYLOADS.has(name) && held !== undefined ? [`${value.$typeName}.${name}`] : [],
  );
}
