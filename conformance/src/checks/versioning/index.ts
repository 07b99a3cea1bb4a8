import type { Check } from '../../check.js';
import { enumValueChecks } from './enum-values.js';
import { toleranceChecks } from './tolerance.js';

/** Checks of chapter 16. */
export const versioningChecks: readonly Check[] = [...toleranceChecks, ...enumValueChecks];
