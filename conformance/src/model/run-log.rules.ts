import { drop, isEnded, put, type RunState, type StepState } from './run-log.state.js';
import type { RunLogOptions, WriteInput } from './run-log.types.js';

/** An event to be found in the log. */
export interface Written {
  readonly type: string;
  readonly id?: string;
}

/** The request may be refused, with one of these reasons. */
export interface Refusal {
  readonly kind: 'refuse';
  readonly reasons: readonly string[];
  /** What it would break otherwise: a clause. */
  readonly rule: string;
}

/** The request may be accepted. */
export interface Acceptance {
  readonly kind: 'accept';
  /** What is written; the last one is the request's own event. */
  readonly events: readonly Written[];
  readonly state: RunState;
  /** What a record in the answer says. */
  readonly status?: string;
  readonly attempt?: number;
  /** The resume id whose first event is answered again. */
  readonly repeats?: string;
}

/** What the rules allow. */
export type Alternative = Refusal | Acceptance;

type Rule = (state: RunState, input: WriteInput, options: RunLogOptions) => readonly Alternative[];

const ONE_RUN = 'a run is created once';
const NO_RUN = 'nothing is written to a run that does not exist';
const ONE_RUN_END = 'a run ends once';
const ONE_STEP = 'a step is created once';
const ONE_STEP_END = 'a step ends once';
const NO_STEP = 'only a step that was created can change';
const AFTER_RUN = 'nothing new begins after the end of a run';
const LIVE_HOOK = 'only a live hook receives payloads or is disposed of';
const ONE_HOOK = 'a hook is created once';
const ONE_WAIT = 'a wait is created once';
const ONE_WAIT_END = 'a wait completes once';
const ONE_ATTR_SET = 'the workflow writes an attr_set once';

/** What may become of an event in a state. */
export function alternatives(
  state: RunState,
  input: WriteInput,
  options: RunLogOptions,
): readonly Alternative[] {
  return RULES[input.type](state, input, options);
}

const endRun: Rule = (state, input, options) => {
  if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND')];
  const status = input.type.slice('run_'.length) as 'completed' | 'failed' | 'cancelled';
  if (status === 'cancelled' && state.status === 'cancelled') {
    const choice = options.repeatedCancel ?? 'either';
    return [
      ...(choice === 'written' ? [] : [accept([], state, { status })]),
      ...(choice === 'unwritten' ? [] : [accept([{ type: input.type }], state, { status })]),
    ];
  }
  if (isEnded(state)) return [refuse(ONE_RUN_END, 'RUN_ALREADY_ENDED', 'RUN_GONE')];
  const released = { ...state, status, hooks: {}, tokens: {}, waits: {} } as const;
  return [accept([{ type: input.type }], released, { status })];
};

const RULES: Readonly<Record<WriteInput['type'], Rule>> = {
  run_created: (state, { type }) =>
    state.status === 'absent'
      ? [accept([{ type }], { ...state, status: 'pending' }, { status: 'pending' })]
      : [refuse(ONE_RUN, 'RUN_ALREADY_EXISTS')],

  run_started: (state, { type, create }) => {
    const status = 'running';
    if (state.status === 'absent')
      return create
        ? [accept([{ type: 'run_created' }, { type }], { ...state, status }, { status })]
        : [refuse(NO_RUN, 'RUN_NOT_FOUND')];
    if (isEnded(state))
      return [refuse('an ended run does not start', 'RUN_GONE', 'RUN_ALREADY_ENDED')];
    if (state.status === 'running') return [accept([], state, { status })];
    return [accept([{ type }], { ...state, status }, { status })];
  },

  run_completed: endRun,
  run_failed: endRun,
  run_cancelled: endRun,

  attr_set: (state, { type, id = '', changes = {}, byStep }) => {
    if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND')];
    if (isEnded(state))
      return [refuse(AFTER_RUN, 'RUN_ALREADY_ENDED', 'RUN_GONE', 'ATTRIBUTES_ALREADY_SET')];
    if (!byStep && state.writes[id]) return [refuse(ONE_ATTR_SET, 'ATTRIBUTES_ALREADY_SET')];
    let attributes = state.attributes;
    for (const [key, value] of Object.entries(changes))
      attributes = value === null ? drop(attributes, key) : put(attributes, key, value);
    const writes = byStep ? state.writes : put(state.writes, id, true as const);
    return [accept([{ type, id }], { ...state, attributes, writes }, { status: state.status })];
  },

  step_created: (state, { type, id = '' }) => {
    if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND', 'STEP_NOT_FOUND')];
    const exists = state.steps[id] !== undefined;
    if (isEnded(state)) return [refuseAfterRun(exists, 'STEP_ALREADY_EXISTS')];
    if (exists) return [refuse(ONE_STEP, 'STEP_ALREADY_EXISTS')];
    return [withStep(state, [{ type, id }], id, { status: 'pending', attempt: 0, later: false })];
  },

  step_started: (state, input, options) => {
    const { type, id = '' } = input;
    const step = state.steps[id];
    if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND', 'STEP_NOT_FOUND')];
    if (input.create) {
      if (isEnded(state)) return [refuseAfterRun(step !== undefined, 'STEP_ALREADY_EXISTS')];
      if (step !== undefined) return [refuse(ONE_STEP, 'STEP_ALREADY_EXISTS')];
      const events = [
        { type: 'step_created', id },
        { type, id },
      ];
      return [withStep(state, events, id, { status: 'running', attempt: 1, later: false })];
    }
    if (step === undefined)
      return [refuse(NO_STEP, 'STEP_NOT_FOUND', ...(isEnded(state) ? GONE : []))];
    if (hasEnded(step))
      return [
        refuse(
          'an ended step does not start again',
          'STEP_ALREADY_ENDED',
          ...(isEnded(state) ? GONE : []),
        ),
      ];
    const start = withStep(state, [{ type, id }], id, {
      status: 'running',
      attempt: step.attempt + 1,
      later: false,
    });
    if (isEnded(state)) {
      const gone = refuse('nothing is executed after the end of a run', ...GONE);
      const lenient = options.startAfterEnd !== 'refused' && step.status === 'running';
      return lenient ? [gone, start] : [gone];
    }
    if (step.status === 'pending' && step.later)
      return [refuse('a step does not start before its retry time', 'TOO_EARLY')];
    return [start];
  },

  step_completed: (state, input) => changeStep(state, input, { status: 'completed' }),

  step_failed: (state, input, options) => {
    const step = state.steps[input.id ?? ''];
    const change = changeStep(state, input, { status: 'failed' });
    if (!isEnded(state) || step?.status !== 'pending') return change;
    const gone = refuse(
      'a step that is not running does not fail after the end of its run',
      ...GONE,
    );
    return options.failPendingAfterEnd === 'refused' ? [gone] : [gone, ...change];
  },

  step_retrying: (state, input) =>
    changeStep(state, input, { status: 'pending', later: input.later === true }),

  hook_created: (state, { type, id = '', token = id }, options) => {
    if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND')];
    const hook = state.hooks[id];
    if (isEnded(state)) return [refuseAfterRun(true, 'HOOK_ALREADY_EXISTS')];
    const taken = state.tokens[token] !== undefined;
    const hooks = put(state.hooks, id, taken ? ('conflicted' as const) : ('live' as const));
    const tokens = taken ? state.tokens : put(state.tokens, token, id);
    const creation = accept([{ type: taken ? 'hook_conflict' : type, id }], {
      ...state,
      hooks,
      tokens,
    });
    if (hook === undefined) return [creation];
    const once = refuse(ONE_HOOK, 'HOOK_ALREADY_EXISTS');
    return hook === 'live' || options.recreatedHook === 'refused' ? [once] : [once, creation];
  },

  hook_received: (state, { type, id = '', resumeId, digest = '' }) => {
    const resume = resumeId === undefined ? undefined : state.resumes[resumeId];
    if (resume !== undefined && resumeId !== undefined)
      return resume.hook === id && resume.digest === digest
        ? [accept([], state, { repeats: resumeId })]
        : [refuse('a resume id is for one payload of one hook', 'RESUME_CONFLICT')];
    if (isEnded(state))
      return [refuse('nothing is received after the end of a run', 'HOOK_NOT_FOUND', ...GONE)];
    if (state.status === 'absent') return [refuse(NO_RUN, 'HOOK_NOT_FOUND', 'RUN_NOT_FOUND')];
    if (state.hooks[id] !== 'live') return [refuse(LIVE_HOOK, 'HOOK_NOT_FOUND')];
    const resumes =
      resumeId === undefined ? state.resumes : put(state.resumes, resumeId, { hook: id, digest });
    return [accept([{ type, id }], { ...state, resumes })];
  },

  hook_disposed: (state, { type, id = '' }) => {
    if (isEnded(state)) return [refuse(LIVE_HOOK, 'HOOK_NOT_FOUND', ...GONE)];
    if (state.status === 'absent') return [refuse(NO_RUN, 'HOOK_NOT_FOUND', 'RUN_NOT_FOUND')];
    if (state.hooks[id] !== 'live') return [refuse(LIVE_HOOK, 'HOOK_NOT_FOUND')];
    const held = Object.entries(state.tokens).find(([, hook]) => hook === id)?.[0];
    const tokens = held === undefined ? state.tokens : drop(state.tokens, held);
    const hooks = put(state.hooks, id, 'disposed' as const);
    return [accept([{ type, id }], { ...state, hooks, tokens })];
  },

  wait_created: (state, { type, id = '' }) => {
    if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND', 'WAIT_NOT_FOUND')];
    if (isEnded(state)) return [refuseAfterRun(true, 'WAIT_ALREADY_EXISTS')];
    if (state.waits[id] !== undefined) return [refuse(ONE_WAIT, 'WAIT_ALREADY_EXISTS')];
    const waits = put(state.waits, id, 'waiting' as const);
    return [accept([{ type, id }], { ...state, waits }, { status: 'waiting' })];
  },

  wait_completed: (state, { type, id = '' }) => {
    if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND', 'WAIT_NOT_FOUND')];
    if (isEnded(state))
      return [
        refuse(
          'the end of a run removes its waits',
          'WAIT_NOT_FOUND',
          'WAIT_ALREADY_COMPLETED',
          ...GONE,
        ),
      ];
    const wait = state.waits[id];
    if (wait === undefined)
      return [refuse('only a wait that was created completes', 'WAIT_NOT_FOUND')];
    if (wait === 'completed') return [refuse(ONE_WAIT_END, 'WAIT_ALREADY_COMPLETED')];
    const waits = put(state.waits, id, 'completed' as const);
    return [accept([{ type, id }], { ...state, waits }, { status: 'completed' })];
  },
};

/** Both say that the run has ended. */
const GONE = ['RUN_GONE', 'RUN_ALREADY_ENDED'] as const;

/** Ends a step, or sends it back: after the end of its run where the World keeps such results. */
function changeStep(
  state: RunState,
  { type, id = '' }: WriteInput,
  change: Partial<StepState>,
): readonly Alternative[] {
  if (state.status === 'absent') return [refuse(NO_RUN, 'RUN_NOT_FOUND', 'STEP_NOT_FOUND')];
  const step = state.steps[id];
  const gone = isEnded(state) ? GONE : [];
  if (step === undefined) return [refuse(NO_STEP, 'STEP_NOT_FOUND', ...gone)];
  if (hasEnded(step)) return [refuse(ONE_STEP_END, 'STEP_ALREADY_ENDED', ...gone)];
  const changed = withStep(state, [{ type, id }], id, { ...step, later: false, ...change });
  return isEnded(state)
    ? [changed, refuse('a World may leave the steps of an ended run as they are', ...GONE)]
    : [changed];
}

function withStep(
  state: RunState,
  events: readonly Written[],
  id: string,
  step: StepState,
): Acceptance {
  const { status, attempt } = step;
  return accept(events, { ...state, steps: put(state.steps, id, step) }, { status, attempt });
}

function hasEnded({ status }: StepState): boolean {
  return status === 'completed' || status === 'failed';
}

function refuseAfterRun(exists: boolean, ...also: string[]): Refusal {
  return refuse(AFTER_RUN, 'RUN_ALREADY_ENDED', 'RUN_GONE', ...(exists ? also : []));
}

function refuse(rule: string, ...reasons: string[]): Refusal {
  return { kind: 'refuse', reasons, rule };
}

function accept(
  events: readonly Written[],
  state: RunState,
  shown: { readonly status?: string; readonly attempt?: number; readonly repeats?: string } = {},
): Acceptance {
  return { kind: 'accept', events, state, ...shown };
}
