import { create } from '@bufbuild/protobuf';
import { errorRules, type ItemError, ItemErrorSchema, type NewEvent } from '@worldwire/proto';
import type { CoreLimits } from './limits.js';
import { checkCount } from './outcomes.js';
import { Rejection } from './rejection.js';
import type { NewData } from './state.js';
import { validateNewEvent } from './validate-event.js';

/** An item of a batch that may be tried. */
export interface BatchItem {
  readonly event: NewEvent;
  readonly data: NewData;
  /** The index of the step_created that this step_started builds on: refused together with it. */
  readonly follows?: number;
}

const ALLOWED: ReadonlySet<NewData['case']> = new Set([
  'stepCreated',
  'stepStarted',
  'stepCompleted',
  'stepFailed',
  'stepRetrying',
  'hookReceived',
  'waitCreated',
  'waitCompleted',
]);
const ENDINGS: ReadonlySet<NewData['case']> = new Set(['runCompleted', 'runFailed']);

/** Reads the events of a batch, or refuses all of it: with the item's own reason where one is malformed. */
export function validateBatch(events: readonly NewEvent[], limits: CoreLimits): BatchItem[] {
  checkCount('events', events.length, limits.maxEventBatch);
  const seen = new Map<string, number>();
  return events.map((event, index) => {
    const data = validateNewEvent(event, limits);
    if (ENDINGS.has(data.case)) {
      if (index < events.length - 1) throw refuse(index, 'a run may end with the last item only');
      return { event, data };
    }
    if (!ALLOWED.has(data.case)) throw refuse(index, `${data.case} cannot be part of a batch`);
    const earlier = seen.get(event.correlationId);
    seen.set(event.correlationId, index);
    if (earlier === undefined) return { event, data };
    const isPair =
      data.case === 'stepStarted' &&
      data.value.input === undefined &&
      events[earlier]?.data.case === 'stepCreated' &&
      earlier === index - 1;
    if (!isPair)
      throw refuse(
        index,
        `a batch holds one event for an entity, and ${event.correlationId} has two`,
      );
    return { event, data, follows: earlier };
  });
}

/** A rejection as the outcome of one item. */
export function itemError(rejection: Rejection): ItemError {
  const error = create(ItemErrorSchema, {
    code: errorRules.get(rejection.reason)?.code ?? 'unknown',
    reason: rejection.reason,
    message: rejection.message,
    metadata: { ...rejection.metadata },
  });
  if (rejection.retryAfterMs !== undefined) error.retryAfterMs = BigInt(rejection.retryAfterMs);
  return error;
}

function refuse(index: number, problem: string): Rejection {
  return new Rejection('BATCH_INVALID', `item ${index}: ${problem}`, {
    index: String(index),
    problem,
  });
}
