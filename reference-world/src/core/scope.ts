import type { CoreLimits } from './limits.js';
import type { Context, Program } from './program.js';

/** For whom a rule decides, and within which limits. */
export interface Scope {
  readonly project: string;
  readonly limits: CoreLimits;
}

/** What becomes of a request: a program that ends with the response, or rejects and leaves nothing. */
export type Rule<Req, Res> = (scope: Scope, request: Req, context: Context) => Program<Res>;
