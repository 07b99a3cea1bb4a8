import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  CancelRunsRequestSchema,
  type Event,
  EventSchema,
  RunStatus,
  type Step,
  StepStatus,
  WaitStatus,
} from '@worldwire/proto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RunCell } from '../testing/memory/store.js';
import { bytes, CREATION, type EventInit, ev, TestWorld } from '../testing/memory/world.js';
import { runRules } from './index.js';
import { Rejection } from './rejection.js';
import { millisOf } from './time.js';

const RUNS = ['wrun_a', 'wrun_b'];
const failure = { form: { case: 'payload' as const, value: bytes('e') } };
const START = 1_700_000_000_000;
/** Few, so that some logs are full. */
const MAX_EVENTS = 12;

const entity = fc.constantFrom('x', 'y');
const token = fc.constantFrom('t', 'u');
const time = fc.integer({ min: -5_000, max: 20_000 }).map((ms) => timestampFromMs(START + ms));
const value = fc.constantFrom(undefined, '0', '1');
const resume = fc.constantFrom<EventInit>(
  {},
  { resumeId: 'r1' },
  { resumeId: 'r1', resumePayloadDigest: 'a'.repeat(64) },
  { resumeId: 'r2' },
);

/** Every event type, over few ids, so that what meets meets often. */
const event: fc.Arbitrary<EventInit> = fc.oneof(
  fc.constant(ev('runCreated', CREATION)),
  {
    weight: 4,
    arbitrary: fc.constantFrom(ev('runStarted', {}), ev('runStarted', { create: CREATION })),
  },
  fc.constantFrom(
    ev('runCompleted', { output: bytes('o') }),
    ev('runFailed', { error: failure }),
    ev('runCancelled', {}),
  ),
  { weight: 4, arbitrary: entity.map((id) => ev('stepCreated', { stepName: 's' }, id)) },
  { weight: 4, arbitrary: entity.map((id) => ev('stepStarted', {}, id)) },
  {
    weight: 2,
    arbitrary: entity.map((id) => ev('stepStarted', { stepName: 's', input: bytes('i') }, id)),
  },
  { weight: 2, arbitrary: entity.map((id) => ev('stepCompleted', { result: bytes('r') }, id)) },
  entity.map((id) => ev('stepFailed', { error: failure }, id)),
  {
    weight: 2,
    arbitrary: fc.tuple(entity, time).map(([id, at]) => ev('stepRetrying', { retryAfter: at }, id)),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(entity, token, fc.option(time, { nil: undefined }))
      .map(([id, name, at]) =>
        ev('hookCreated', { token: name, ...(at && { tokenRetentionUntil: at }) }, id),
      ),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(entity, resume)
      .map(([id, r]) => ev('hookReceived', { payload: bytes('p') }, id, r)),
  },
  { weight: 2, arbitrary: entity.map((id) => ev('hookDisposed', {}, id)) },
  {
    weight: 2,
    arbitrary: entity.map((id) => ev('waitCreated', { resumeAt: timestampFromMs(START) }, id)),
  },
  { weight: 3, arbitrary: entity.map((id) => ev('waitCompleted', {}, id)) },
  fc.tuple(entity, value).map(([id, text]) =>
    ev(
      'attrSet',
      {
        changes: [{ key: '$retention', ...(text === undefined ? {} : { value: text }) }],
        writer: { writer: { case: 'workflow', value: {} } },
        allowReservedAttributes: true,
      },
      id,
    ),
  ),
);

const requestId = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  fc.constantFrom('q1', 'q2', 'q3', 'q4'),
);
type Command =
  | { kind: 'write'; run: string; event: EventInit; requestId: string }
  | { kind: 'batch'; run: string; events: EventInit[]; requestId: string }
  | { kind: 'cancel'; requestId: string }
  | { kind: 'wait'; ms: number };
const run = fc.constantFrom(...RUNS);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({ kind: fc.constant('write' as const), run, event, requestId }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('batch' as const),
      run,
      events: fc.array(event, { maxLength: 4 }),
      requestId,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), requestId }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: -3_000, max: 9_000 }),
    }),
  },
);

/** Most histories begin with runs that are under way; otherwise little would ever happen in them. */
const history = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.array(command, { minLength: 20, maxLength: 80, size: 'max' }),
  )
  .map(([chance, commands]): Command[] => (chance === 0 ? commands : [...BEGINNING, ...commands]));
const BEGINNING = RUNS.map(
  (id): Command => ({
    kind: 'write',
    run: id,
    event: ev('runStarted', { create: CREATION }),
    requestId: '',
  }),
);

it('keeps its promises over any sequence of commands', () => {
  const landed = new Set<string>();
  const refused = new Set<string>();
  fc.assert(
    fc.property(history, (commands) => {
      const world = new TestWorld({ maxEvents: MAX_EVENTS });
      for (const one of commands) {
        try {
          apply(world, one);
        } catch (error) {
          // The world itself has checked that a refusal left nothing.
          if (!(error instanceof Rejection)) throw error;
          refused.add(error.reason);
        }
      }
      for (const cell of world.store.runs.values()) {
        checkRun(cell);
        for (const { data } of cell.events) landed.add(data.case!);
      }
      checkTokens(world);
    }),
    { numRuns: 300 },
  );
  // A property that never meets its cases proves nothing.
  expect([...landed].sort()).toEqual(EVERY_TYPE);
  for (const reason of EXPECTED_REFUSALS) expect(refused).toContain(reason);
}, 120_000);

const EXPECTED_REFUSALS = [
  'RUN_NOT_FOUND',
  'RUN_ALREADY_EXISTS',
  'RUN_ALREADY_ENDED',
  'RUN_GONE',
  'STEP_NOT_FOUND',
  'STEP_ALREADY_EXISTS',
  'STEP_ALREADY_ENDED',
  'TOO_EARLY',
  'HOOK_NOT_FOUND',
  'HOOK_ALREADY_EXISTS',
  'RESUME_CONFLICT',
  'WAIT_NOT_FOUND',
  'WAIT_ALREADY_EXISTS',
  'WAIT_ALREADY_COMPLETED',
  'ATTRIBUTES_ALREADY_SET',
  'EVENT_LIMIT_EXCEEDED',
  'REQUEST_ID_REUSED',
  'BATCH_INVALID',
];
const EVERY_TYPE = EventSchema.oneofs[0]!.fields.map(({ localName }) => localName)
  .filter((name) => name !== 'noop')
  .sort();

function apply(world: TestWorld, one: Command): void {
  if (one.kind === 'wait') world.now += one.ms;
  else if (one.kind === 'write') world.write(one.run, one.event, { requestId: one.requestId });
  else if (one.kind === 'batch') world.batch(one.run, one.events, one.requestId);
  else
    world.call(
      runRules.cancelRuns,
      create(CancelRunsRequestSchema, { runIds: RUNS, requestId: one.requestId }),
    );
}

/** What the log of a run makes of it, told independently of the rules. */
function checkRun({ record, payloads, events, end, steps, hooks, waits }: RunCell): void {
  expect(events.map((e) => Number(e.position))).toEqual(events.map((_, i) => i + 1));
  expect(end.lastPosition).toBe(events.length);
  expect(events[0]!.data.case).toBe('runCreated');
  const times = events.map((e) => millisOf(e.createdAt!));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(end.lastEventAt).toBe(times.at(-1));

  const endings = events.filter((e) => /^run(Completed|Failed|Cancelled)$/.test(e.data.case!));
  expect(endings.length).toBeLessThanOrEqual(1);
  checkUnique(events);

  const [ending] = endings;
  const started = events.find((e) => e.data.case === 'runStarted');
  expect(record.status).toBe(
    ending ? ENDED[ending.data.case!] : started ? RunStatus.RUNNING : RunStatus.PENDING,
  );
  expect(record.startedAt).toEqual(started?.createdAt);
  expect(record.completedAt).toEqual(ending?.createdAt);
  expect(payloads.output === undefined).toBe(
    ending?.data.case !== 'runCompleted' || record.expiredAt !== undefined,
  );
  expect(events.length).toBeLessThanOrEqual(MAX_EVENTS + endings.length);

  const attributes = new Map<string, string>();
  for (const { data } of events)
    if (data.case === 'attrSet')
      for (const { key, value: text } of data.value.changes)
        if (text === undefined) attributes.delete(key);
        else attributes.set(key, text);
  expect(record.attributes).toEqual(Object.fromEntries(attributes));
  expect(record.expiredAt !== undefined).toBe(!!ending && attributes.get('$retention') === '0');

  const folded = foldSteps(events);
  expect(new Set(steps.keys())).toEqual(new Set(folded.keys()));
  for (const [id, { value: step }] of steps) expect(step).toMatchObject(folded.get(id)!);
  if (ending !== undefined) {
    expect(waits.size).toBe(0);
    const after = events.slice(Number(ending.position)).map((e) => e.data.case!);
    for (const kind of after) expect(kind).toMatch(/^step(Completed|Failed|Retrying)$/);
  } else {
    for (const [id, { value: wait }] of waits) {
      const completed = events.some(
        (e) => e.data.case === 'waitCompleted' && e.correlationId === id,
      );
      expect(wait.status).toBe(completed ? WaitStatus.COMPLETED : WaitStatus.WAITING);
    }
    for (const [id, { state }] of hooks) {
      const kinds = events.filter((e) => e.correlationId === id).map((e) => e.data.case);
      const expected = kinds.includes('hookConflict')
        ? 'conflicted'
        : kinds.includes('hookDisposed')
          ? 'disposed'
          : 'live';
      expect(state).toBe(expected);
    }
  }
}

const ENDED: Readonly<Record<string, RunStatus>> = {
  runCompleted: RunStatus.COMPLETED,
  runFailed: RunStatus.FAILED,
  runCancelled: RunStatus.CANCELLED,
};

/** What an entity has once, by the kinds of event of which one excludes the others. */
const ONCE = [
  /^runCreated$/,
  /^runStarted$/,
  /^stepCreated$/,
  /^step(Completed|Failed)$/,
  /^hook(Created|Conflict)$/,
  /^hookDisposed$/,
  /^waitCreated$/,
  /^waitCompleted$/,
  /^attrSet$/,
];

function checkUnique(events: readonly Event[]): void {
  for (const kinds of ONCE) {
    const ids = events.filter((e) => kinds.test(e.data.case!)).map((e) => e.correlationId);
    expect(new Set(ids).size).toBe(ids.length);
  }
  const resumes = events.flatMap((e) => (e.resumeId === undefined ? [] : [e.resumeId]));
  expect(new Set(resumes).size).toBe(resumes.length);
  const over = new Set<string>();
  for (const { data, correlationId } of events) {
    const step = data.case!.startsWith('step');
    if (step || data.case === 'hookReceived') expect(over).not.toContain(correlationId + step);
    if (/^(step(Completed|Failed)|hookDisposed)$/.test(data.case!)) over.add(correlationId + step);
  }
}

function foldSteps(events: readonly Event[]): Map<string, Partial<Step>> {
  const steps = new Map<string, Partial<Step>>();
  for (const { data, correlationId: id, createdAt } of events) {
    const step = steps.get(id);
    if (data.case === 'stepCreated')
      steps.set(id, { status: StepStatus.PENDING, attempt: 0, createdAt: createdAt! });
    if (step === undefined) continue;
    if (data.case === 'stepStarted') {
      step.attempt = (step.attempt ?? 0) + 1;
      step.status = StepStatus.RUNNING;
      step.startedAt ??= createdAt!;
      expect(data.value.attempt).toBe(step.attempt);
    } else if (data.case === 'stepRetrying') step.status = StepStatus.PENDING;
    else if (data.case === 'stepCompleted') step.status = StepStatus.COMPLETED;
    else if (data.case === 'stepFailed') step.status = StepStatus.FAILED;
  }
  return steps;
}

function checkTokens({ store }: TestWorld): void {
  const live = [...store.runs.values()].flatMap(({ hooks }) =>
    [...hooks.values()].filter(({ state }) => state === 'live').map(({ hook }) => hook.token),
  );
  expect(new Set(live).size).toBe(live.length);
  expect(store.tokens.size).toBe(live.length);
}
