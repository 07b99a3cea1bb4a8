import { ConnectError } from '@connectrpc/connect';

/** How a check ends other than by passing. */

/** The World departs from a requirement. */
export class Departure extends Error {
  override readonly name = 'Departure';

  /** `expected` and `actual` are for a person. */
  constructor(
    message: string,
    readonly expected = '',
    readonly actual = '',
  ) {
    super(message);
  }
}

/** A raw request got no answer: the World, or what lies before it, broke the connection. */
export class NoAnswer extends Departure {}

/** What the check stands on failed, so that nothing can be said of its requirements. */
export class NotTestable extends Error {
  override readonly name = 'NotTestable';
}

/** The check does not concern this World, which only became clear on the way. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/**
 * Whether an error is of a kind by which a check ends, a refused or broken call among them. Where it comes after the end
 * of its check, which left a call under way, it says nothing new.
 */
export function isOutcome(error: unknown): boolean {
  return [Departure, NotTestable, NotApplicable, ConnectError].some(
    (kind) => error instanceof kind,
  );
}
