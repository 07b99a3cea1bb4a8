import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CreateEventResponse, Event } from '@worldwire/proto';
import { RunStatus, StepStatus, WaitStatus } from '@worldwire/proto';
import type { Context } from '../context.js';
import * as events from '../fixtures/new-event.js';
import { RunHandle } from '../fixtures/run-handle.js';
import type {
  Accepted,
  EventsRead,
  LoggedEvent,
  RecordRead,
  RunInput,
  RunLogOptions,
  RunShape,
  WriteInput,
} from '../model/index.js';
import type { Api } from '../wire/api.js';
import type { Names } from './names.js';
import type { Perform } from './play.js';

type Answer = Accepted | EventsRead | RecordRead;

/** Beyond every history. */
const HOUR_MS = 3_600_000;

/** What the World's capabilities let a program on one run hold. */
export function runShapeFor(t: Context): RunShape {
  return {
    without: t.has('ATTRIBUTES') ? [] : ['attr'],
    lazy: t.has('LAZY_STEPS'),
    resumes: t.has('HOOK_RESUME_DEDUP'),
  };
}

/** Without positions a World promises no prefix reads, and its reasons may be coarser. */
export function runLogOptionsFor(t: Context): RunLogOptions {
  return t.has('POSITIONS') ? {} : { reads: 'subsequence', reasons: 'class' };
}

/** Actions on one run as requests. */
export function performOnRun(t: Context, names: Names): Perform<RunInput, Answer> {
  return async (api, action, { requestId }) => {
    switch (action.op) {
      case 'write':
        return accepted(names, await write(t, names, api, action, requestId), action);
      case 'list_events': {
        const log = await RunHandle.of(t, names.outer(action.run)).log({}, api);
        return { kind: 'events', events: log.map((event) => logged(names, event)) };
      }
      case 'get_run':
        return readRun(t, api, names.outer(action.run));
      case 'get_step': {
        const request = { runId: names.outer(action.run), stepId: names.outer(action.id ?? '') };
        const { step } = await api.steps.getStep(request);
        if (step === undefined) return t.fail('GetStep answered without a step', 'a step', 'none');
        return { kind: 'record', ...stateOf(StepStatus, step.status), attempt: step.attempt };
      }
    }
  };
}

async function write(
  t: Context,
  names: Names,
  api: Api,
  action: WriteInput,
  requestId: string,
): Promise<CreateEventResponse> {
  // The World chooses the id of a new run.
  const runId = action.type === 'run_created' ? '' : names.outer(action.run);
  const event = eventOf(t, names, action);
  const response = await api.events.createEvent({
    runId,
    event,
    ...(requestId === '' ? {} : { requestId: names.outer(requestId) }),
  });
  if (runId === '') names.is(action.run, response.run?.runId ?? '');
  return response;
}

function eventOf(t: Context, names: Names, action: WriteInput): events.NewEventInit {
  const { type, id = '', create, later, token = id, resumeId, changes, byStep } = action;
  const name = names.outer(id);
  const error = events.failure(t.specVersion);
  switch (type) {
    case 'run_created':
      return events.runCreated();
    case 'run_started':
      return events.runStarted(create ? events.createsRun() : undefined);
    case 'run_completed':
      return events.runCompleted();
    case 'run_failed':
      return events.runFailed(error);
    case 'run_cancelled':
      return events.runCancelled();
    case 'attr_set': {
      const entries = Object.entries(changes ?? {});
      const step = { stepId: names.outer('writer'), attempt: 1 };
      // Whether a step's write keeps the workflow from the same id is left open.
      return events.attrSet(byStep ? names.variant(id, 'step') : name, {
        changes: entries.map(([key, value]) => (value === null ? { key } : { key, value })),
        writer: {
          writer: byStep ? { case: 'step', value: step } : { case: 'workflow', value: {} },
        },
      });
    }
    case 'step_created':
      return events.stepCreated(name);
    case 'step_started':
      return create ? events.stepStartedLazily(name) : events.stepStarted(name);
    case 'step_completed':
      return events.stepCompleted(name);
    case 'step_failed':
      return events.stepFailed(name, error);
    case 'step_retrying':
      return events.stepRetrying(
        name,
        error,
        later ? timestampFromMs(Date.now() + HOUR_MS) : undefined,
      );
    case 'hook_created':
      return events.hookCreated(name, names.outer(`token-${token}`));
    case 'hook_received': {
      const received = events.hookReceived(name);
      return resumeId === undefined ? received : { ...received, resumeId: names.outer(resumeId) };
    }
    case 'hook_disposed':
      return events.hookDisposed(name);
    case 'wait_created':
      return events.waitCreated(name);
    case 'wait_completed':
      return events.waitCompleted(name);
  }
}

function accepted(
  names: Names,
  { event, run, step, wait }: CreateEventResponse,
  { type }: WriteInput,
): Accepted {
  const [kind] = type.split('_');
  return {
    kind: 'accepted',
    event: event === undefined ? null : logged(names, event),
    ...(kind === 'step' && step !== undefined
      ? { ...stateOf(StepStatus, step.status), attempt: step.attempt }
      : {}),
    ...(kind === 'wait' && wait !== undefined ? stateOf(WaitStatus, wait.status) : {}),
    ...(['run', 'attr'].includes(kind ?? '') && run !== undefined
      ? stateOf(RunStatus, run.status)
      : {}),
  };
}

async function readRun(t: Context, api: Api, runId: string): Promise<RecordRead> {
  const { run } = await api.runs.getRun({ runId });
  if (run === undefined) return t.fail('GetRun answered without a run', 'a run', 'none');
  return {
    kind: 'record',
    ...stateOf(RunStatus, run.status),
    ...(t.has('ATTRIBUTES') ? { attributes: run.attributes } : {}),
    ...(t.has('POSITIONS') ? { lastPosition: Number(run.lastPosition) } : {}),
  };
}

function logged(names: Names, { data, correlationId, eventId, position }: Event): LoggedEvent {
  const type = (data.case ?? 'none').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    type,
    ...(type.startsWith('run_') || type === 'noop' ? {} : { id: names.inner(correlationId) }),
    eventId,
    ...(position === 0n ? {} : { position: Number(position) }),
  };
}

/** The name of a state, such as "pending". */
function stateOf(states: Readonly<Record<number, string>>, status: number): { status: string } {
  return { status: (states[status] ?? String(status)).toLowerCase() };
}
