import type { Event, Failure, Run, Step } from '@worldwire/proto';
import { EnvelopeError, open, RunKeys, seal } from '../envelope/index.js';
import { OPAQUE_ERROR } from './convert.js';
import { decodeError, encodeError, type PlainError } from './error-value.js';
import { isKeyError } from './errors.js';
import type { NewEventInit } from './events.js';
import type { Session } from './session.js';

type ErrorEvent = { readonly error?: { form?: Failure['form'] } | undefined };

/**
 * Seals the error of an event that SDK 4 writes, which seals everything but errors. What SDK 5 writes is sealed already.
 *
 * @throws WorkflowWorldError where the key of the run is not here.
 */
export async function sealError(
  { keys }: Session,
  runId: string,
  event: NewEventInit,
): Promise<NewEventInit> {
  const { error } = (event.data?.value ?? {}) as ErrorEvent;
  if (error?.form?.case !== 'structured') return event;
  const held = await keys.of(runId);
  if (held === undefined) return event;
  const value = seal(encodeError(error.form.value), held.keys);
  const payload = { form: { case: 'payload', value } };
  return {
    ...event,
    data: { ...event.data, value: { ...event.data?.value, error: payload } },
  } as NewEventInit;
}

/** What of an answer may hold errors. */
interface Records {
  readonly runs?: readonly (Run | undefined)[];
  readonly steps?: readonly (Step | undefined)[];
  readonly events?: readonly (Event | undefined)[];
}

/**
 * Opens, in place, the errors of an answer for SDK 4, which knows them by message and stack only. Where the key is not
 * here, the message says so.
 */
export async function openErrors(session: Session, records: Records): Promise<void> {
  if (session.reader !== 'v4') return;
  const { runs = [], steps = [], events = [] } = records;
  for (const record of [...runs, ...steps]) {
    if (record !== undefined) await openOne(session, record.runId, record.error);
  }
  for (const event of events) {
    if (event !== undefined) {
      await openOne(session, event.runId, ((event.data.value ?? {}) as { error?: Failure }).error);
    }
  }
}

async function openOne(
  session: Session,
  runId: string,
  failure: Failure | undefined,
): Promise<void> {
  if (failure?.form.case !== 'payload') return;
  const { message, stack, code } = await reveal(session, runId, failure.form.value);
  failure.form = {
    case: 'structured',
    value: { $typeName: 'worldwire.v1.StructuredError', message, stack, code },
  } as Failure['form'];
}

async function reveal({ keys }: Session, runId: string, payload: Uint8Array): Promise<PlainError> {
  try {
    const held = await keys.of(runId);
    return decodeError(open(payload, held?.keys ?? new RunKeys({ runId })).payload);
  } catch (error) {
    if (
      !isKeyError(error) &&
      !(error instanceof EnvelopeError) &&
      !(error instanceof SyntaxError)
    ) {
      throw error;
    }
    const why = error instanceof SyntaxError ? 'in a form that is unknown here' : error.message;
    return { message: `${OPAQUE_ERROR}: ${why}` };
  }
}
