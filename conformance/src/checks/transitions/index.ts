import { type Check, check } from '../../check.js';
import { describe, observe } from './observation.js';
import { setScene } from './scene.js';
import { type Cell, cells } from './table.js';
import { judge } from './verdict.js';

/** One check for each cell of the transition tables. */
export const transitionChecks: readonly Check[] = cells.map((cell) =>
  check(
    idOf(cell),
    titleOf(cell),
    { requirements: [cell.requirement], capabilities: cell.capabilities },
    async (t) => {
      for (const state of cell.runStates) {
        const scene = await setScene(t, cell, state);
        const observation = await observe(t, scene);
        const what = `${cell.event} in a run that is ${state}`;
        await judge(t, cell.outcomes, scene, observation, what, describe(observation));
      }
    },
  ),
);

/** Such as "transitions/step-started-input-of-pending-in-ended". */
export function idOf({ event, given, state, run }: Cell): string {
  const words = [
    event,
    given.replace('$', 'reserved '),
    state === '' ? '' : `of ${state}`,
    `in ${run}`,
  ];
  return `transitions/${words
    .filter(Boolean)
    .join(' ')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')}`;
}

function titleOf({ event, given, state, run, table, outcomes }: Cell): string {
  const [first] = outcomes;
  const outcome =
    first?.refuse !== undefined
      ? `is refused with ${first.refuse}`
      : first?.append !== undefined
        ? `appends ${first.append.join(' and ')}`
        : first?.repeat !== undefined
          ? 'repeats the first answer'
          : 'changes nothing';
  const about = state === '' ? '' : `, ${table} ${state}`;
  return `${event}${given === '' ? '' : ` (${given})`}${about}, run ${run}: ${outcome}`;
}
