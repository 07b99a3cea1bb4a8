import {
  type Hook,
  type Run,
  RunStatus,
  type Step,
  StepStatus,
  type Wait,
  WaitStatus,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Api } from '../wire/api.js';
import type { Judge, Oracle } from './oracle.js';
import { msOf, showTime } from './parts/events.js';
import { type PayloadMember, payloadsOf } from './parts/payloads.js';
import {
  isEnded,
  type Replay,
  type ReplayedHook,
  type ReplayedRun,
  type ReplayedStep,
  type ReplayedWait,
  replay,
} from './parts/replay.js';
import { type Snapshot, snapshotOf } from './parts/snapshot.js';

/** Records are what their log makes of them. */
export const recordsFollowLog: Oracle = {
  id: 'oracle/records-follow-log',
  title: 'Runs, steps, hooks and waits are what the log of the run makes of them',
  requirements: [
    'WW-LOG-024',
    'WW-LOG-021',
    'WW-RUN-010',
    'WW-STEP-006',
    'WW-STEP-023',
    'WW-HOOK-035',
    'WW-RUN-032',
  ],
  capabilities: [],
  judge: (facts) => new RecordsFollowLog(facts),
};

class RecordsFollowLog implements Judge {
  seen = 0;

  constructor(private readonly facts: WorldFacts) {}

  async audit(api: Api, runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const snapshot = await snapshotOf(api, runId, this.facts);
      // What was appended in between may be in a record or not.
      if (snapshot?.still !== true) continue;
      const made = replay(snapshot.log);
      if (made === undefined) continue;
      this.seen += 1;
      this.#compare(snapshot, made);
    }
  }

  #compare(snapshot: Snapshot, made: Replay): void {
    const { run, steps, hooks, waits } = snapshot;
    const purged = run.expiredAt !== undefined;
    compareRun(run, made.run, this.facts, purged);
    sameIds(
      run,
      'step',
      steps.map(({ stepId }) => stepId),
      made.steps.keys(),
    );
    for (const step of steps) compareStep(step, made.steps.get(step.stepId)!, purged);
    const ended = isEnded(made.run.status);
    const live = [...made.hooks].filter(([, { retained }]) => !(ended && retained));
    const shown = hooks.filter(({ hookId }) => !(ended && made.hooks.get(hookId)?.retained));
    sameIds(
      run,
      'hook',
      shown.map(({ hookId }) => hookId),
      ended ? [] : live.map(([id]) => id),
    );
    for (const hook of hooks) compareHook(hook, made.hooks.get(hook.hookId)!, purged);
    if (waits === undefined) return;
    sameIds(
      run,
      'wait',
      waits.map(({ waitId }) => waitId),
      ended ? [] : made.waits.keys(),
    );
    for (const wait of waits) compareWait(wait, made.waits.get(wait.waitId)!);
  }
}

function compareRun(run: Run, made: ReplayedRun, facts: WorldFacts, purged: boolean): void {
  const same = comparer(`run ${run.runId}`);
  same('status', RunStatus[run.status], RunStatus[made.status]);
  same('workflow_name', run.workflowName, made.workflowName);
  same('deployment_id', run.deploymentId, made.deploymentId);
  same('spec_version', String(run.specVersion), String(made.specVersion));
  if (made.status === RunStatus.FAILED)
    same('error_code', run.errorCode ?? '', made.errorCode ?? '');
  if (facts.has('POSITIONS'))
    same('last_position', String(run.lastPosition), String(made.lastPosition));
  if (facts.has('ATTRIBUTES'))
    same(
      'attributes',
      showAttributes(Object.entries(run.attributes)),
      showAttributes(made.attributes),
    );
  if (purged) return;
  samePayload(`run ${run.runId}`, run, 'input', made.input);
  samePayload(`run ${run.runId}`, run, 'output', made.output);
  samePayload(`run ${run.runId}`, run, 'error', made.error);
}

function compareStep(step: Step, made: ReplayedStep, purged: boolean): void {
  const what = `step ${step.stepId} of ${step.runId}`;
  const same = comparer(what);
  same('status', StepStatus[step.status], StepStatus[made.status]);
  same('step_name', step.stepName, made.stepName);
  same('attempt', String(step.attempt), String(made.attempt));
  const { retryAfter } = made;
  if (retryAfter === 'none') same('retry_after', showTime(step.retryAfter), 'none');
  else if (retryAfter !== undefined)
    same('retry_after', showTime(msOf(step.retryAfter)), showTime(retryAfter));
  if (purged) return;
  samePayload(what, step, 'input', made.input);
  samePayload(what, step, 'output', made.output);
  samePayload(what, step, 'error', made.error);
}

function compareHook(hook: Hook, made: ReplayedHook, purged: boolean): void {
  const what = `hook ${hook.hookId} of ${hook.runId}`;
  const same = comparer(what);
  same('token', hook.token, made.token);
  if (made.isWebhook !== undefined)
    same('is_webhook', String(hook.isWebhook), String(made.isWebhook));
  if (!purged) samePayload(what, hook, 'metadata', made.metadata);
}

function compareWait(wait: Wait, made: ReplayedWait): void {
  const same = comparer(`wait ${wait.waitId} of ${wait.runId}`);
  same('status', WaitStatus[wait.status], WaitStatus[made.status]);
  if (made.resumeAt !== undefined)
    same('resume_at', showTime(msOf(wait.resumeAt)), showTime(made.resumeAt));
}

function comparer(what: string) {
  return (member: string, actual: string | undefined, expected: string | undefined): void => {
    if (actual !== expected)
      throw new Departure(
        `the ${member} of ${what} is not what its log says`,
        expected ?? 'none',
        actual ?? 'none',
      );
  };
}

/** What the log does not show, such as what retention removed, is not compared. */
function samePayload(
  what: string,
  record: Run | Step | Hook,
  member: PayloadMember,
  expected: string | undefined,
): void {
  if (expected === undefined) return;
  const actual = payloadsOf(record)?.get(member);
  if (actual !== expected)
    throw new Departure(
      `the ${member} of ${what} is not that of its event`,
      'the bytes of the event',
      actual === undefined ? 'none' : 'other bytes',
    );
}

function sameIds(
  { runId }: Run,
  kind: string,
  actual: readonly string[],
  expected: Iterable<string>,
): void {
  const wanted = new Set(expected);
  const extra = actual.find((id) => !wanted.has(id));
  if (extra !== undefined)
    throw new Departure(
      `${runId} has a ${kind} that its log does not make`,
      `no ${kind} ${extra}`,
      `${kind} ${extra}`,
    );
  const there = new Set(actual);
  const missing = [...wanted].find((id) => !there.has(id));
  if (missing !== undefined)
    throw new Departure(
      `${runId} lacks a ${kind} that its log makes`,
      `${kind} ${missing}`,
      `${actual.length} of ${wanted.size}`,
    );
}

function showAttributes(attributes: Iterable<[string, string]>): string {
  // The runtime's maps cannot hold this key.
  const told = [...attributes].filter(([key]) => key !== '__proto__');
  return JSON.stringify(told.sort(([a], [b]) => (a < b ? -1 : 1)));
}
