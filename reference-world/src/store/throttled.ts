import { Rejection } from '../core/rejection.js';

const RETRY_MS = 100;

/** What a command is refused with that would wait behind too many others for the `medium`, such as the disk. */
export function throttled(medium: string): Rejection {
  return new Rejection(
    'THROTTLED',
    `too many changes wait for the ${medium}: try again later`,
    { retry_after_ms: String(RETRY_MS) },
    RETRY_MS,
  );
}
