import type { Check } from '../../check.js';
import { characterChecks } from './characters.js';
import { exactnessChecks } from './exactness.js';
import { runIdChecks } from './run-ids.js';
import { timeChecks } from './times.js';

/** Every check of chapter 13. */
export const identifierChecks: readonly Check[] = [
  ...characterChecks,
  ...exactnessChecks,
  ...runIdChecks,
  ...timeChecks,
];
