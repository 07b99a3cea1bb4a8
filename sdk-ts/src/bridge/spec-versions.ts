import type { NewEvent } from '@worldwire/proto';
import type { Bridged } from './bridged.js';
import { runIfAny } from './errors.js';

/**
 * The spec version of those of a run's new events that give none: that of the run, as it is or as one of them creates
 * it, and the highest that the World serves where there is neither. Reads the run where that has to be known.
 */
export async function specVersionOf(
  { world, traits }: Bridged,
  runId: string,
  events: readonly NewEvent[],
): Promise<number> {
  const creation = events.find(isCreation);
  const ofCreation = creation?.specVersion || traits.specVersion;
  if (creation?.data.case === 'runCreated' || runId === '') return ofCreation;
  if (events.every(({ specVersion }) => specVersion !== 0)) return ofCreation;
  return (await runIfAny(world, runId))?.specVersion || ofCreation;
}

function isCreation({ data }: NewEvent): boolean {
  return (
    data.case === 'runCreated' || (data.case === 'runStarted' && data.value.create !== undefined)
  );
}
