import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  HookSchema,
  NewEventSchema,
  RunSchema,
  RunStatus,
  StepSchema,
  StepStatus,
  WaitSchema,
  WaitStatus,
} from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import type { HookState, RunRow, TokenRow } from '../store/operations.js';
import {
  type Cell,
  cellsOf,
  HOOK_EVENTS,
  RUN_EVENTS,
  STEP_EVENTS,
  WAIT_EVENTS,
} from '../testing/memory/transitions.js';
import { bytes, CREATION, type EventInit, ev } from '../testing/memory/world.js';
import { decide } from './decide.js';
import { defaultLimits } from './limits.js';
import { Rejection } from './rejection.js';
import type { Decision, EventState, NewData } from './state.js';

const NOW = 1_700_000_000_000;
const LATER = timestampFromMs(NOW + 60_000);
const PAST = timestampFromMs(NOW - 60_000);
const DIGEST = 'a'.repeat(64);

/** The runs that a column of the tables stands for. */
const RUNS: Readonly<Record<string, readonly (RunRow | undefined)[]>> = {
  absent: [undefined],
  pending: [row(RunStatus.PENDING)],
  running: [row(RunStatus.RUNNING)],
  active: [row(RunStatus.PENDING), row(RunStatus.RUNNING)],
  ended: [row(RunStatus.COMPLETED), row(RunStatus.FAILED)],
  cancelled: [row(RunStatus.CANCELLED)],
  purged: [row(RunStatus.COMPLETED, true), row(RunStatus.FAILED, true)],
  'retention 0': [row(RunStatus.RUNNING, false, { $retention: '0' })],
};

const STEPS = {
  pending: { status: StepStatus.PENDING },
  delayed: { status: StepStatus.PENDING, attempt: 1, retryAfter: LATER },
  due: { status: StepStatus.PENDING, attempt: 1, retryAfter: timestampFromMs(NOW) },
  running: { status: StepStatus.RUNNING, attempt: 1 },
  completed: { status: StepStatus.COMPLETED, attempt: 1 },
  failed: { status: StepStatus.FAILED, attempt: 1 },
  cancelled: { status: StepStatus.CANCELLED, attempt: 1 },
};

const TOKENS: Readonly<Record<string, TokenRow>> = {
  held: { runId: 'wrun_2', hookId: 'h', retainedUntil: 0, runStatus: RunStatus.RUNNING },
  own: { runId: 'wrun_1', hookId: 'h', retainedUntil: 0, runStatus: RunStatus.RUNNING },
  retained: { runId: 'wrun_2', hookId: 'h', retainedUntil: NOW + 1, runStatus: RunStatus.FAILED },
  lapsed: { runId: 'wrun_2', hookId: 'h', retainedUntil: NOW, runStatus: RunStatus.FAILED },
  unretained: { runId: 'wrun_2', hookId: 'h', retainedUntil: 0, runStatus: RunStatus.COMPLETED },
};

const failure = { form: { case: 'payload' as const, value: bytes('boom') } };
const token = { token: 'a token/with ✓' };
const changes = [{ key: 'color', value: 'red' }];
const workflow = { writer: { case: 'workflow' as const, value: {} } };
const step = { writer: { case: 'step' as const, value: { stepId: 'step_1', attempt: 1 } } };
const resume = { resumeId: 'resume_1', resumePayloadDigest: DIGEST };

const EVENTS: Readonly<Record<string, EventInit>> = {
  run_created: ev('runCreated', CREATION),
  run_started: ev('runStarted', {}),
  'run_started with create': ev('runStarted', { create: CREATION }),
  run_completed: ev('runCompleted', { output: bytes('out') }),
  run_failed: ev('runFailed', { error: failure }),
  run_cancelled: ev('runCancelled', {}),
  'attr_set by workflow': ev('attrSet', { changes, writer: workflow }, 'attr_1'),
  'attr_set again': ev('attrSet', { changes, writer: workflow }, 'attr_1'),
  'attr_set by step': ev('attrSet', { changes, writer: step }),
  'attr_set of a $key': ev('attrSet', { changes: [{ key: '$x', value: '' }], writer: step }),
  step_created: ev('stepCreated', { stepName: 's' }, 'step_1'),
  step_started: ev('stepStarted', { attempt: 99 }, 'step_1'),
  'step_started lazy': ev('stepStarted', { stepName: 's', input: bytes('') }, 'step_1'),
  step_completed: ev('stepCompleted', { result: bytes('r') }, 'step_1'),
  step_failed: ev('stepFailed', { error: failure }, 'step_1'),
  step_retrying: ev('stepRetrying', { error: failure, retryAfter: LATER }, 'step_1'),
  hook_created: ev('hookCreated', { ...token, metadata: bytes('m') }, 'hook_1'),
  'hook_created, long retention': ev(
    'hookCreated',
    { ...token, tokenRetentionUntil: timestampFromMs(NOW + 31 * 86_400_000) },
    'hook_1',
  ),
  hook_received: ev('hookReceived', token, 'hook_1'),
  'hook_received, new resume': ev('hookReceived', token, 'hook_1', resume),
  'hook_received, same resume': ev('hookReceived', token, 'hook_1', resume),
  'hook_received, other digest': ev('hookReceived', token, 'hook_1', {
    ...resume,
    resumePayloadDigest: 'b'.repeat(64),
  }),
  'hook_received, other hook': ev('hookReceived', token, 'hook_1', resume),
  hook_disposed: ev('hookDisposed', token, 'hook_1'),
  wait_created: ev('waitCreated', { resumeAt: LATER }, 'wait_1'),
  wait_completed: ev('waitCompleted', { resumeAt: PAST }, 'wait_1'),
};

describe('run events', () => check(RUN_EVENTS, false));
describe('step events', () => check(STEP_EVENTS, true));
describe('hook events', () => check(HOOK_EVENTS, true));
describe('wait events', () => check(WAIT_EVENTS, true));

it('asks for every event type in its tables', () => {
  const tables = [RUN_EVENTS, STEP_EVENTS, HOOK_EVENTS, WAIT_EVENTS].join();
  for (const { localName } of NewEventSchema.oneofs[0]!.fields)
    expect(tables).toContain(snakeCase(localName));
});

describe('what the tables leave out', () => {
  const running = row(RunStatus.RUNNING);

  it('clears the retry time and keeps the first start when a step starts again', () => {
    const before = { ...stepOf('due'), startedAt: PAST, computeInstanceId: 'old' };
    const { next } = decided('step_started', { row: running, step: before }).step!;
    expect(next).toMatchObject({ attempt: 2, startedAt: PAST });
    expect(next).not.toHaveProperty('retryAfter');
    expect(next).not.toHaveProperty('computeInstanceId');
  });

  it("stores the World's count and no input with a start", () => {
    const records = decided('step_started lazy', { row: running }).records;
    expect(records[0]).toMatchObject({ case: 'stepCreated', value: { input: bytes('') } });
    expect(records[1]).toMatchObject({ case: 'stepStarted', value: { attempt: 1 } });
    expect(records[1]!.value).not.toHaveProperty('input');
  });

  it('stores no creation with the start of a run', () => {
    const records = decided('run_started with create', { row: undefined }).records;
    expect(records[1]!.value).not.toHaveProperty('create');
  });

  it('says when a step may start again', () => {
    const state = { row: running, step: stepOf('delayed') };
    expect(rejection('step_started', state)).toMatchObject({
      reason: 'TOO_EARLY',
      retryAfterMs: 60_000,
      metadata: { run_id: 'wrun_1', step_id: 'step_1', retry_after_ms: '60000' },
    });
  });

  it('names the run that holds a token, and keeps no metadata of a hook that never was', () => {
    const decision = decided('hook_created', { row: running, token: TOKENS.held });
    expect(decision.records[0]!.value).toMatchObject({ ...token, conflictingRunId: 'wrun_2' });
    expect(decision.hook!.next).not.toHaveProperty('metadata');
  });

  it('wants a name with the input of a step that it creates, and a time with a wait', () => {
    const nameless = ev('stepStarted', { input: bytes('x') }, 'step_1');
    expect(rejectionOf(nameless, { row: running }).reason).toBe('INVALID_ARGUMENT');
    expect(rejectionOf(ev('waitCreated', {}, 'w'), { row: running }).reason).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('purges on "0" alone, and says when it did', () => {
    for (const value of ['default', '00', '1', ' 0', '0.0', '']) {
      const state = { row: row(RunStatus.RUNNING, false, { $retention: value }) };
      expect(decided('run_completed', state).purge).toBe(false);
    }
    const purged = decided('run_completed', { row: RUNS['retention 0']![0] });
    expect(purged.run!.next.expiredAt).toEqual(timestampFromMs(NOW));
  });

  it('leaves what it was given as it was', () => {
    const state = { row: running, step: stepOf('due') };
    const before = structuredClone(state);
    decided('step_started', state);
    decided('run_failed', state);
    decided('attr_set by step', state);
    expect(state).toEqual(before);
  });
});

function check(table: string, hasEntity: boolean): void {
  for (const cell of cellsOf(table, hasEntity))
    it(`${cell.event} | ${cell.entity} | run ${cell.run} → ${cell.expected}`, () => {
      for (const run of RUNS[cell.run]!) {
        const state = stateOf(cell, run);
        const init = EVENTS[cell.event] ?? EVENTS[cell.event.split(',')[0]!]!;
        expect(outcomeOf(init, state)).toBe(cell.expected);
      }
    });
}

function stateOf({ event, entity }: Cell, run: RunRow | undefined): EventState {
  if (run === undefined) return { row: run };
  const base = { row: run };
  if (event.startsWith('attr_set')) return { ...base, attributesWritten: event.endsWith('again') };
  if (event.startsWith('step'))
    return entity === 'absent' ? base : { ...base, step: stepOf(entity as keyof typeof STEPS) };
  if (event.startsWith('wait'))
    return entity === 'absent' ? base : { ...base, wait: waitOf(entity === 'completed') };
  if (!event.startsWith('hook')) return base;
  const hook =
    entity === 'absent'
      ? undefined
      : { hook: create(HookSchema, { hookId: 'hook_1' }), state: entity as HookState };
  const [, special = ''] = event.split(', ');
  const landed = { hookId: special === 'other hook' ? 'hook_2' : 'hook_1', digest: DIGEST };
  const resumed = /same|other/.test(special) ? { ...landed, position: 7 } : undefined;
  return { ...base, hook, token: TOKENS[special.split(' ')[0]!], resume: resumed };
}

function run(init: EventInit, state: EventState): Decision {
  const event = create(NewEventSchema, init);
  return decide(state, {
    runId: 'wrun_1',
    correlationId: event.correlationId,
    data: event.data as NewData,
    specVersion: 6,
    resumeId: event.resumeId,
    resumePayloadDigest: event.resumePayloadDigest,
    computeInstanceId: undefined,
    now: NOW,
    at: timestampFromMs(NOW),
    limits: defaultLimits,
  });
}

const decided = (event: string, state: EventState): Decision => run(EVENTS[event]!, state);
const rejection = (event: string, state: EventState): Rejection =>
  rejectionOf(EVENTS[event]!, state);

function rejectionOf(init: EventInit, state: EventState): Rejection {
  try {
    run(init, state);
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** A decision in the words of the tables. */
function outcomeOf(init: EventInit, state: EventState): string {
  let decision: Decision;
  try {
    decision = run(init, state);
  } catch (error) {
    if (error instanceof Rejection) return error.reason;
    throw error;
  }
  if (decision.repeated !== undefined) return `repeats ${decision.repeated}`;
  if (decision.records.length === 0) {
    expect(decision).toEqual({ records: [] });
    return 'nothing';
  }
  const { step, hook, wait } = decision;
  const nextRun = decision.newRun?.run ?? decision.run?.next;
  const effects = [
    nextRun && `run:${RunStatus[nextRun.status].toLowerCase()}`,
    step && `step:${StepStatus[step.next.status].toLowerCase()}#${step.next.attempt}`,
    decision.stepCreated && 'created',
    step?.next.retryAfter && 'delayed',
    hook && `hook:${hook.state}`,
    decision.dropToken !== undefined && 'takeover',
    decision.disposeHook && 'disposed',
    decision.resume && 'resume',
    wait && `wait:${WaitStatus[wait.next.status].toLowerCase()}`,
    decision.ended && 'released',
    decision.purge && 'purged',
  ];
  const names = decision.records.map((record) => snakeCase(record.case)).join('+');
  return `${names} → ${effects.filter(Boolean).join(' ')}`.trim();
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function row(status: RunStatus, purged = false, attributes: Record<string, string> = {}): RunRow {
  const expired = purged ? { expiredAt: PAST } : {};
  const record = create(RunSchema, {
    ...CREATION,
    runId: 'wrun_1',
    status,
    attributes,
    ...expired,
  });
  return { key: 1, run: { ...record, lastPosition: 9n }, lastEventAt: NOW - 1, bytes: 0 };
}

function stepOf(state: keyof typeof STEPS) {
  return create(StepSchema, { runId: 'wrun_1', stepId: 'step_1', ...STEPS[state] });
}

function waitOf(completed: boolean) {
  const status = completed ? WaitStatus.COMPLETED : WaitStatus.WAITING;
  return create(WaitSchema, { runId: 'wrun_1', waitId: 'wait_1', status, resumeAt: LATER });
}
