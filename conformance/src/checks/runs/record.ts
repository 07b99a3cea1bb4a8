import { ResolveData, type Run, RunStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import {
  attrSet,
  createsRun,
  runCompleted,
  runStarted,
  stepCreated,
} from '../../fixtures/new-event.js';
import { absentRun, atOf, dataOf, runsOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';

const INPUT = new TextEncoder().encode('devl["the input"]');

/** A JSON value with every kind of member. */
const EXECUTION_CONTEXT = {
  text: 'ü 日本 \u{1f600} \n "quoted"',
  empty: '',
  number: -0.25,
  large: 9_007_199_254_740_991,
  yes: true,
  no: false,
  nothing: null,
  list: [1, 'two', [], { three: [null] }],
  nested: { 'a.b/c': { $type: 'x' }, '': 'empty key' },
};

/** What a run says of itself, and that it goes on saying so. */
export const runRecordChecks: readonly Check[] = [
  check(
    'runs/record-as-created',
    'Name, deployment, spec version, context and input of a run are those of its creation, through its whole life',
    {
      requirements: ['WW-RUN-001', 'WW-RUN-002', 'WW-RUN-003', 'WW-RUN-004', 'WW-RUN-005'],
    },
    async (t: Context) => {
      const { minSpecVersion, maxSpecVersion } = t.facts.info;
      const create = {
        workflowName: `workflow//./src/flow.ts//${t.unique('flow')}`,
        deploymentId: t.unique('dpl'),
        input: INPUT,
        executionContext: EXECUTION_CONTEXT,
      };
      const run = await t.run({ create, specVersion: minSpecVersion });
      const judge = async (when: string) => {
        for (const [how, record] of await everyRead(t, run, create.workflowName)) {
          const what = `of ${how} ${when}`;
          t.equal(record.workflowName, create.workflowName, `workflow_name ${what}`);
          t.equal(record.deploymentId, create.deploymentId, `deployment_id ${what}`);
          t.equal(record.specVersion, minSpecVersion, `spec_version ${what}`);
          t.equal(record.executionContext, EXECUTION_CONTEXT, `execution_context ${what}`);
          t.equal(record.input, INPUT, `input ${what}`);
        }
      };
      await judge('when pending');
      await run.given(
        { ...runStarted(), specVersion: minSpecVersion },
        { ...stepCreated(t.unique('step')), specVersion: maxSpecVersion },
      );
      await judge('when running');
      await run.given({ ...runCompleted(), specVersion: minSpecVersion });
      await judge('when completed');
    },
  ),
  check(
    'runs/created-by-start-alike',
    'A run that a start created carries what the start gave, as one that run_created created',
    { requirements: ['WW-RUN-001', 'WW-RUN-002', 'WW-RUN-004', 'WW-RUN-005', 'WW-RUN-016'] },
    async (t: Context) => {
      const create = {
        workflowName: t.unique('flow'),
        deploymentId: t.unique('dpl'),
        input: INPUT,
        executionContext: EXECUTION_CONTEXT,
      };
      const run = absentRun(t);
      await t.accepted('run_started with create', () => run.write(runStarted(createsRun(create))));
      for (const [how, record] of await everyRead(t, run, create.workflowName)) {
        t.equal(record.workflowName, create.workflowName, `workflow_name of ${how}`);
        t.equal(record.deploymentId, create.deploymentId, `deployment_id of ${how}`);
        t.equal(record.executionContext, EXECUTION_CONTEXT, `execution_context of ${how}`);
        t.equal(record.input, INPUT, `input of ${how}`);
      }
      const [created] = await run.log();
      t.equal(dataOf(t, created, 'runCreated').input, INPUT, 'input of run_created');
      t.equal(
        dataOf(t, created, 'runCreated').workflowName,
        create.workflowName,
        'its workflow_name',
      );
      t.equal(
        dataOf(t, created, 'runCreated').executionContext,
        EXECUTION_CONTEXT,
        'its execution_context',
      );
    },
  ),
  check(
    'runs/public-key',
    'The public key of a run is returned as it was published',
    { requirements: ['WW-RUN-006'], capabilities: ['PUBLIC_KEYS'] },
    async (t: Context) => {
      const encryptionPublicKey = Buffer.from(t.random.bytes(32)).toString('base64');
      const byCreation = await t.run({ create: { encryptionPublicKey } });
      const byStart = absentRun(t);
      await byStart.given(runStarted(createsRun({ encryptionPublicKey })));
      for (const run of [byCreation, byStart]) {
        t.equal((await run.get()).encryptionPublicKey, encryptionPublicKey, 'the key');
        await run.given(runStarted(), runCompleted());
        t.equal((await run.get()).encryptionPublicKey, encryptionPublicKey, 'the key at the end');
      }
      const without = await (await t.run()).get();
      t.ok(!without.encryptionPublicKey, 'a run without a key has none');
    },
  ),
  check(
    'runs/times-stand',
    'created_at, started_at and completed_at of a run never change, and updated_at is never behind them',
    { requirements: ['WW-RUN-007', 'WW-RUN-008', 'WW-RUN-019', 'WW-RUN-026'] },
    async (t: Context) => {
      const run = await t.run();
      const seen = new Map<string, number>();
      const judge = async (when: string) => {
        for (const [how, record] of await everyRead(t, run)) {
          const updated = atOf(t, `updated_at of ${how}`, record.updatedAt);
          for (const name of ['createdAt', 'startedAt', 'completedAt'] as const) {
            if (record[name] === undefined) {
              t.ok(!seen.has(name), `${name} of ${how} ${when} is gone`);
              continue;
            }
            const at = atOf(t, name, record[name]);
            t.equal(at, seen.get(name) ?? at, `${name} of ${how} ${when}`);
            seen.set(name, at);
            t.ok(updated >= at, `updated_at of ${how} ${when} is behind ${name}`, at, updated);
          }
        }
      };
      await judge('when pending');
      t.equal([...seen.keys()], ['createdAt'], 'the times of a pending run');
      await t.sleep(5);
      await run.given(runStarted());
      await judge('when running');
      t.ok(seen.has('startedAt'), 'a started run has started_at');
      await t.sleep(5);
      // A second start, a step, and a change of attributes set no time of the run anew.
      await run.given(runStarted(), stepCreated(t.unique('step')));
      if (t.has('ATTRIBUTES')) await run.given(colour('blue'));
      await judge('after further events');
      t.ok(!seen.has('completedAt'), 'a running run has no completed_at');
      await run.given(runCompleted());
      await judge('when completed');
      t.ok(seen.has('completedAt'), 'a completed run has completed_at');
      await t.sleep(5);
      await t.outcome(() => run.write(runStarted()));
      await t.outcome(() => run.write(runCompleted()));
      await judge('after refused events');
    },
  ),
  check(
    'runs/last-position',
    'last_position of a run is the position of the last event in its log, whatever kind it is',
    { requirements: ['WW-RUN-009'], capabilities: ['POSITIONS'] },
    async (t: Context) => {
      const run = await t.run();
      const judge = async (when: string) => {
        const last = (await run.log()).at(-1)?.position;
        for (const [how, record] of await everyRead(t, run))
          t.equal(record.lastPosition, last, `last_position of ${how} ${when}`);
      };
      await judge('when pending');
      await run.given(runStarted(), stepCreated(t.unique('step')));
      await judge('after a step was created');
      await t.outcome(() => run.write(runStarted()));
      await judge('after a start that changed nothing');
      await run.given(runCompleted());
      await judge('when completed');
      await t.outcome(() => run.write(runCompleted()));
      await judge('after a refused event');
    },
  ),
  check(
    'runs/state-on-every-read',
    'Every read and the answer to every event show a run in the state that its log leads to',
    { requirements: ['WW-RUN-010', 'WW-RUN-037'] },
    async (t: Context) => {
      const { PENDING, RUNNING, COMPLETED, FAILED, CANCELLED } = RunStatus;
      for (const [status, end] of [
        [COMPLETED, () => runCompleted()],
        [FAILED, (run: RunHandle) => failing(run)],
        [CANCELLED, () => ({ data: { case: 'runCancelled', value: {} } }) as const],
      ] as const) {
        const workflowName = t.unique('flow');
        const run = await t.run({ create: { workflowName } });
        const judge = async (wanted: RunStatus) => {
          for (const [how, record] of await everyRead(t, run, workflowName))
            t.equal(RunStatus[record.status], RunStatus[wanted], `the state by ${how}`);
        };
        await judge(PENDING);
        for (const [event, wanted] of [
          [runStarted(), RUNNING],
          [runStarted(), RUNNING],
          [end(run), status],
        ] as const) {
          const { run: answered } = await t.accepted('the event', () => run.write(event));
          t.equal(answered?.runId, run.id, 'the run of the answer');
          t.equal(RunStatus[answered?.status ?? 0], RunStatus[wanted], 'the state by the answer');
          t.equal(
            answered?.completedAt !== undefined,
            status === wanted,
            'whether the answer has completed_at',
          );
          await judge(wanted);
        }
      }
    },
  ),
];

function failing(run: RunHandle) {
  return { data: { case: 'runFailed', value: { error: run.failure() } } } as const;
}

function colour(value: string) {
  return attrSet(`attr_${value}`, {
    changes: [{ key: 'colour', value }],
    writer: { writer: { case: 'workflow', value: {} } },
  });
}

/** The run by each read that returns runs. */
async function everyRead(
  t: Context,
  run: RunHandle,
  workflowName?: string,
): Promise<[how: string, run: Run][]> {
  const { runs } = t.api;
  const resolveData = ResolveData.ALL;
  const batch = await runs.batchGetRuns({ runIds: [run.id], resolveData });
  const got = await run.get();
  const reads: [string, Run | undefined][] = [
    ['GetRun', got],
    ['BatchGetRuns', batch.results[0]?.run],
  ];
  if (got.completedAt !== undefined)
    reads.push(['WaitForRun', (await runs.waitForRun({ runId: run.id, resolveData })).run]);
  if (workflowName !== undefined) {
    const listed = await runsOf(workflowName, t.api);
    reads.push(['ListRuns', listed.find(({ runId }) => runId === run.id)]);
  }
  return reads.map(([how, record]): [string, Run] => {
    if (record === undefined) return t.fail(`${how} does not return the run`);
    return [how, record];
  });
}
