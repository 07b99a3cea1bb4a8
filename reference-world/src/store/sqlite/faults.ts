import Database from 'better-sqlite3';
import { Rejection } from '../../core/rejection.js';

function codeOf(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : '';
}

/** Whether another process holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_BUSY') || code === 'SQLITE_LOCKED';
}

/** Whether the disk, or the size that the file may have, is used up. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_FULL';
}

/** What a caller is told of a fault of the engine. Anything else is passed on as it is. */
export function faultOf(error: unknown): unknown {
  if (isFull(error))
    return new Rejection(
      'STORE_FULL',
      'the store has no room left: free disk space or raise its limit',
    );
  if (isBusy(error))
    return new Rejection('UNAVAILABLE', 'another process holds the lock of the store for too long');
  return error;
}
