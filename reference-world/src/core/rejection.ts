import type { ErrorReason } from '@worldwire/proto';

/** The name of an error reason, without its enum prefix. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/** A rule said no. Nothing was written. */
export class Rejection extends Error {
  override readonly name = 'Rejection';

  /**
   * @param reason the registry's name for why
   * @param message what a person should know, and do
   * @param metadata every dynamic part of the message
   * @param retryAfterMs when the same request may be tried again, where that is known
   */
  constructor(
    readonly reason: Reason,
    message: string,
    readonly metadata: Readonly<Record<string, string>> = {},
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** Refuses a field of a request. */
export function invalid(field: string, problem: string): Rejection {
  return new Rejection('INVALID_ARGUMENT', `${field} ${problem}`, { field, problem });
}
