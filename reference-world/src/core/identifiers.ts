import type { CoreLimits } from './limits.js';
import { invalid, Rejection } from './rejection.js';

/** Letters, digits and a few marks: nothing that a path, a shell or a log would read as more than an id. */
const ID = /^[A-Za-z0-9_](?:[A-Za-z0-9_:@~+=-]|\.(?!\.))*$/;
/** C0 and C1 controls, and the separators that end a line in a log. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const EVENT_ID = /^evnt_0{10}(\d{16})$/;
const RUN_ULID = /^wrun_([0-7][0-9A-HJKMNP-TV-Z]{25})$/;
/** Half of a character: nothing that UTF-8, and so no store, could carry. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const RUN_ID_PAST_MS = 24 * 3_600_000;
const RUN_ID_FUTURE_MS = 5 * 60_000;
/** The top bit of a ULID's time, by which some run ids say that they carry a region. The SDK reads past it as well. */
const RUN_ID_TAG = 2 ** 47;

/** Returns an id that may be used as one, or refuses it with INVALID_ID. */
export function checkId(field: string, value: string, limits: CoreLimits): string {
  if (value === '') throw invalid(field, 'is required');
  if (value.length > limits.maxIdLength)
    throw new Rejection('INVALID_ID', `${field} is longer than ${limits.maxIdLength} characters`, {
      field,
    });
  if (!ID.test(value))
    throw new Rejection(
      'INVALID_ID',
      `${field} holds characters that ids may not hold: use letters, digits and _ - . : @ ~ + =`,
      { field },
    );
  return value;
}

/** Returns a free-form name (workflow, step, queue, deployment, token), or refuses it with INVALID_ID. */
export function checkName(field: string, value: string, maxLength: number): string {
  if (value === '') throw invalid(field, 'is required');
  if (value.length > maxLength)
    throw new Rejection('INVALID_ID', `${field} is longer than ${maxLength} characters`, { field });
  if (CONTROL.test(value) || !isWellFormed(value))
    throw new Rejection('INVALID_ID', `${field} holds control characters or broken Unicode`, {
      field,
    });
  return value;
}

/** Refuses free text that no store and no JSON could carry unchanged. */
export function checkText(field: string, value: string, maxLength: number): string {
  if (value.length > maxLength) throw invalid(field, `is longer than ${maxLength} characters`);
  if (value.includes('\0') || !isWellFormed(value))
    throw invalid(field, 'holds a NUL character or broken Unicode');
  return value;
}

/** Whether every surrogate of a text has its pair. */
export function isWellFormed(value: string): boolean {
  return !LONE_SURROGATE.test(value);
}

/** Refuses a client-made run id whose time is more than a day old or five minutes ahead. Ids that hold no time pass. */
export function checkRunIdTime(runId: string, now: number): void {
  const ulid = RUN_ULID.exec(runId)?.[1];
  if (ulid === undefined) return;
  let time = 0;
  for (const digit of ulid.slice(0, 10)) time = time * 32 + CROCKFORD.indexOf(digit);
  if (time >= RUN_ID_TAG) time -= RUN_ID_TAG;
  if (time < now - RUN_ID_PAST_MS || time > now + RUN_ID_FUTURE_MS)
    throw new Rejection(
      'RUN_ID_TIME_OUT_OF_RANGE',
      'the time within run_id is more than 24 h old or 5 min ahead of the World: check the clock of the client',
      { run_id: runId },
    );
}

/** The id of the event at a position. */
export function eventIdOf(position: number): string {
  return `evnt_${String(position).padStart(26, '0')}`;
}

/** The position that an event id names, or undefined for anything that is not one. */
export function positionOf(eventId: string): number | undefined {
  const digits = EVENT_ID.exec(eventId)?.[1];
  if (digits === undefined) return undefined;
  const position = Number(digits);
  return Number.isSafeInteger(position) && position > 0 ? position : undefined;
}
