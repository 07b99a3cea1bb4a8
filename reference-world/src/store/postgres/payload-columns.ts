/** The payload columns of runs and steps, and which of them a read wants. */
import type { PayloadChoice } from '../operations.js';
import { wants } from '../records.js';

export const PAYLOADS = ['input', 'output', 'error'] as const;

const CHOICES: readonly PayloadChoice[] = ['none', 'input', 'all'];

/** The payload columns of a choice. */
export function wantedPayloads(choice: PayloadChoice): readonly string[] {
  return PAYLOADS.filter((name) => wants(choice, name));
}

/** The payload columns of a choice, NULL for those that are not wanted. */
export function payloadsOf(choice: PayloadChoice): string {
  return PAYLOADS.map((name) => (wants(choice, name) ? name : `NULL::bytea AS ${name}`)).join(', ');
}

/** The payload columns where each row has a choice of its own, in this column. */
export function payloadsByChoice(column: string): string {
  const choicesOf = (name: (typeof PAYLOADS)[number]) =>
    CHOICES.filter((choice) => wants(choice, name)).map((choice) => `'${choice}'`);
  return PAYLOADS.map(
    (name) => `CASE WHEN ${column} IN (${choicesOf(name).join(', ')}) THEN ${name} END AS ${name}`,
  ).join(', ');
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
