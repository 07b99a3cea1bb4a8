import type { Limits } from '@worldwire/proto';
import type { Context } from '../../context.js';

/** The names of the limits that are numbers. */
export type NumberedLimit = {
  [Name in keyof Limits]: Limits[Name] extends number | bigint ? Name : never;
}[keyof Limits] &
  string;

/** A limit that the World announces; the check does not apply where it announces none, or one too high to try. */
export function announced(t: Context, name: NumberedLimit, highest: number): number {
  const limit = Number(t.facts.limits[name]);
  if (limit <= 0) t.notApplicable(`the World announces no ${name}`);
  if (limit > highest)
    t.notApplicable(`${name} is ${limit}: only up to ${highest} is it tried how far it reaches`);
  return limit;
}
