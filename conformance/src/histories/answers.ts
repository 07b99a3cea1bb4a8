import { ConnectError } from '@connectrpc/connect';
import { type Refused, refused } from '../model/index.js';
import { refusalOf } from '../wire/refusal.js';

/** Codes that a cut, a dead process or a fault leaves behind: without a reason they say nothing of the request. */
const SILENT = new Set([
  'unavailable',
  'deadline_exceeded',
  'canceled',
  'aborted',
  'internal',
  'unknown',
]);

/** What came of a call: its answer, its refusal, or undefined where nobody can tell. */
export async function answerTo<O>(call: () => Promise<O>): Promise<O | Refused | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { reason, code } = refusalOf(error);
    if (reason !== '') return refused(reason);
    return SILENT.has(code) ? undefined : refused(code);
  }
}
