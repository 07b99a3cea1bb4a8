/** The payload columns of runs and steps, and which of them a read wants. */
import type { PayloadChoice } from '../operations.js';
import { wants } from '../records.js';

export const PAYLOADS = ['input', 'output', 'error'] as const;

/** The payload columns of a choice. */
export function wantedPayloads(choice: PayloadChoice): readonly string[] {
  return PAYLOADS.filter((name) => wants(choice, name));
}

/** The payload columns of a choice, NULL for those that are not wanted. */
export function payloadsOf(choice: PayloadChoice): string {
  return PAYLOADS.map((name) => (wants(choice, name) ? name : `NULL::bytea AS ${name}`)).join(', ');
}

/** The places of the calls of each choice. */
export function placesByChoice(
  choices: readonly PayloadChoice[],
): ReadonlyMap<PayloadChoice, readonly number[]> {
  const places = new Map<PayloadChoice, number[]>();
  for (const [place, choice] of choices.entries()) {
    const same = places.get(choice);
    if (same === undefined) places.set(choice, [place]);
    else same.push(place);
  }
  return places;
}
