import { DatabaseError } from 'pg';
import { Rejection } from '../../core/rejection.js';

/** Errors of the driver and of the system that say that a connection is gone or cannot be had. */
const LOST = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);
const LOST_MESSAGE =
  /connection terminated|timeout expired|query read timeout|timeout exceeded|not queryable|client was closed/i;
/** The server ends the session, starts, stops or has no session left. */
const LOST_STATE = /^(0800.|57P0[1235]|25P03|53300)$/;

function stateOf(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? '') : '';
}

/** Whether two transactions got into each other's way, so that one of them has to begin anew. */
export function isConflict(error: unknown): boolean {
  const state = stateOf(error);
  return state === '40001' || state === '40P01';
}

/** Whether a row stands already that was about to be inserted. */
export function isDuplicate(error: unknown): boolean {
  return stateOf(error) === '23505';
}

/** Whether the connection is lost, or the server does not serve. */
export function isLost(error: unknown): boolean {
  if (error instanceof DatabaseError) return LOST_STATE.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isLost);
  return LOST.has((error as NodeJS.ErrnoException).code ?? '') || LOST_MESSAGE.test(error.message);
}

/** What a caller is told of a fault of the engine. Anything else is passed on as it is. */
export function faultOf(error: unknown): unknown {
  const state = stateOf(error);
  if (state === '53100')
    return new Rejection('STORE_FULL', 'the store has no room left: give the database more disk');
  if (state === '55P03' || state === '57014')
    return new Rejection('UNAVAILABLE', 'the database is too slow: another change holds a lock');
  if (isConflict(error))
    return new Rejection('UNAVAILABLE', 'changes by others got in the way for too long');
  if (isLost(error)) return new Rejection('UNAVAILABLE', 'the database cannot be reached');
  return error;
}

/** What an operator is told of an error; several addresses of one host fail together, without words of their own. */
export function faultText(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(faultText).join('; ');
  const text = error instanceof Error ? error.message : String(error);
  return text.startsWith('unsupported startup parameter')
    ? `${text}: the pooler has to ignore it (ignore_startup_parameters of PgBouncer), and the role to set it`
    : text;
}
