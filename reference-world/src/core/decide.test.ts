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
import { type Cell, cells, type Outcome } from '../testing/memory/transitions.js';
import { bytes, CREATION, type EventInit, ev } from '../testing/memory/world.js';
import { decide } from './decide.js';
import { defaultLimits } from './limits.js';
import { Rejection } from './rejection.js';
import type { Decision, EventState, NewData } from './state.js';

const NOW = 1_700_000_000_000;
const LATER = timestampFromMs(NOW + 60_000);
const PAST = timestampFromMs(NOW - 60_000);
const DIGEST = 'a'.repeat(64);

const FINISHED = [row(RunStatus.COMPLETED), row(RunStatus.FAILED)];

/** The runs that a column of the tables stands for. */
const RUNS: Readonly<Record<string, readonly (RunRow | undefined)[]>> = {
  absent: [undefined],
  pending: [row(RunStatus.PENDING)],
  running: [row(RunStatus.RUNNING)],
  active: [row(RunStatus.PENDING), row(RunStatus.RUNNING)],
  finished: FINISHED,
  cancelled: [row(RunStatus.CANCELLED)],
  ended: [...FINISHED, row(RunStatus.CANCELLED)],
  purged: [row(RunStatus.COMPLETED, true), row(RunStatus.FAILED, true)],
  expiring: [row(RunStatus.RUNNING, false, { $retention: '0' })],
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
  'its own': { runId: 'wrun_1', hookId: 'hook_1', retainedUntil: 0, runStatus: RunStatus.RUNNING },
  held: { runId: 'wrun_2', hookId: 'h', retainedUntil: 0, runStatus: RunStatus.RUNNING },
  sibling: { runId: 'wrun_1', hookId: 'h', retainedUntil: 0, runStatus: RunStatus.RUNNING },
  retained: { runId: 'wrun_2', hookId: 'h', retainedUntil: NOW + 1, runStatus: RunStatus.FAILED },
  lapsed: { runId: 'wrun_2', hookId: 'h', retainedUntil: NOW, runStatus: RunStatus.FAILED },
  released: { runId: 'wrun_2', hookId: 'h', retainedUntil: 0, runStatus: RunStatus.COMPLETED },
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
  'run_started, create': ev('runStarted', { create: CREATION }),
  run_completed: ev('runCompleted', { output: bytes('out') }),
  run_failed: ev('runFailed', { error: failure }),
  run_cancelled: ev('runCancelled', {}),
  'attr_set, by workflow': ev('attrSet', { changes, writer: workflow }, 'attr_1'),
  'attr_set, again': ev('attrSet', { changes, writer: workflow }, 'attr_1'),
  'attr_set, by step': ev('attrSet', { changes, writer: step }),
  'attr_set, $key': ev('attrSet', { changes: [{ key: '$x', value: '' }], writer: step }),
  step_created: ev('stepCreated', { stepName: 's' }, 'step_1'),
  step_started: ev('stepStarted', { attempt: 99 }, 'step_1'),
  'step_started, input': ev('stepStarted', { stepName: 's', input: bytes('') }, 'step_1'),
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

describe.each(['run', 'step', 'hook', 'wait', 'attr'])(
  "the specification's table of %s events",
  (table) => {
    for (const cell of cells.filter((each) => each.table === table))
      it(`${cell.id}: ${nameOf(cell)} | ${cell.state} | run ${cell.run}`, () => {
        for (const run of RUNS[cell.run]!) {
          const init = EVENTS[nameOf(cell)] ?? EVENTS[cell.event]!;
          expect(outcomeOf(init, stateOf(cell, run))).toEqual(cell.expected);
        }
      });
  },
);

it('finds every event type in the tables', () => {
  const told = new Set(cells.map(({ event }) => event));
  for (const { localName } of NewEventSchema.oneofs[0]!.fields)
    expect(told).toContain(snakeCase(localName));
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
    const records = decided('step_started, input', { row: running }).records;
    expect(records[0]).toMatchObject({ case: 'stepCreated', value: { input: bytes('') } });
    expect(records[1]).toMatchObject({ case: 'stepStarted', value: { attempt: 1 } });
    expect(records[1]!.value).not.toHaveProperty('input');
  });

  it('stores no creation with the start of a run', () => {
    const records = decided('run_started, create', { row: undefined }).records;
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
    const purged = decided('run_completed', { row: RUNS.expiring![0] });
    expect(purged.run!.next.expiredAt).toEqual(timestampFromMs(NOW));
  });

  it('leaves what it was given as it was', () => {
    const state = { row: running, step: stepOf('due') };
    const before = structuredClone(state);
    decided('step_started', state);
    decided('run_failed', state);
    decided('attr_set, by step', state);
    expect(state).toEqual(before);
  });
});

function nameOf({ event, given }: Cell): string {
  return given === '' ? event : `${event}, ${given}`;
}

function stateOf({ table, given, state, run: column }: Cell, run: RunRow | undefined): EventState {
  if (run === undefined) return { row: run };
  const base = { row: run };
  if (table === 'attr') return { ...base, attributesWritten: given === 'again' };
  if (state === 'absent' && table !== 'hook') return base;
  if (table === 'step') return { ...base, step: stepOf(state as keyof typeof STEPS) };
  if (table === 'wait') return { ...base, wait: waitOf(state === 'completed') };
  if (table === 'run') return base;
  const landed = { hookId: given === 'other hook' ? 'hook_2' : 'hook_1', digest: DIGEST };
  const resume = /^(same|other)/.test(given) ? { ...landed, position: 7 } : undefined;
  const token = TOKENS[given.replace(/ token$/, '')];
  return { ...base, hook: hookOf(state, column), token, resume };
}

/** The hook as a store has it: the end of a run removes those whose token is not retained. */
function hookOf(state: string, column: string): EventState['hook'] {
  const released = state === 'live' && (column === 'ended' || column === 'purged');
  if (state === 'absent' || released) return undefined;
  const known = state === 'retained' ? 'live' : (state as HookState);
  return { hook: create(HookSchema, { hookId: 'hook_1' }), state: known };
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

/** A decision in the form of the tables. */
function outcomeOf(init: EventInit, state: EventState): Outcome {
  let decision: Decision;
  try {
    decision = run(init, state);
  } catch (error) {
    if (error instanceof Rejection) return { refuse: error.reason };
    throw error;
  }
  if (decision.repeated !== undefined) {
    expect(decision).toEqual({ records: [], repeated: 7 });
    return { repeat: true };
  }
  if (decision.records.length === 0) {
    expect(decision).toEqual({ records: [] });
    return { nothing: true };
  }
  return {
    append: decision.records.map((record) => snakeCase(record.case)),
    becomes: becomesOf(decision, state),
  };
}

function becomesOf(decision: Decision, state: EventState): NonNullable<Outcome['becomes']> {
  const { step, hook, wait } = decision;
  const nextRun = decision.newRun?.run ?? decision.run?.next;
  const nextHook = decision.disposeHook ? 'disposed' : (hook ?? state.hook)?.state;
  return {
    ...(nextRun && { run: RunStatus[nextRun.status].toLowerCase() }),
    ...(step && {
      step: StepStatus[step.next.status].toLowerCase(),
      attempt: step.next.attempt,
    }),
    ...(decision.stepCreated && { created: true }),
    ...(step?.next.retryAfter && { delayed: true }),
    ...(nextHook && { hook: nextHook }),
    ...(decision.dropToken !== undefined && { takes_over: true }),
    ...(decision.resume && { resume: true }),
    ...(wait && { wait: WaitStatus[wait.next.status].toLowerCase() }),
    ...(decision.ended && { released: true }),
    ...(decision.purge && { purged: true }),
  };
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
