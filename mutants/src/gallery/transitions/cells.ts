import { idOf } from '@worldwire/conformance/dist/checks/transitions/index.js';
import { type Cell, cells } from '@worldwire/conformance/dist/checks/transitions/table.js';

/** The checks of the cells that a condition names. */
export function cellsWhere(holds: (cell: Cell) => boolean): string[] {
  return cells.filter(holds).map(idOf);
}

/** Whether a World must refuse. */
export const refuses = ({ outcomes }: Cell) => outcomes.every(({ refuse }) => refuse !== undefined);

/** Whether a World must write. */
export const writes = ({ outcomes }: Cell) => outcomes.every(({ append }) => append !== undefined);

/** Whether the run of a cell has ended. */
export const isOver = ({ run }: Cell) => ['ended', 'purged', 'finished', 'cancelled'].includes(run);

/** Whether the event makes a step where there is none. */
export const createsStep = ({ event, given }: Cell) =>
  event === 'step_created' || given === 'input';
