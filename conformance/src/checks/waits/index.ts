import type { Check } from '../../check.js';
import { waitRaceChecks } from './races.js';
import { waitChecks as single } from './waits.js';

/** Waits. */
export const waitChecks: readonly Check[] = [...single, ...waitRaceChecks];
