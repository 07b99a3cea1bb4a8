import type { Check } from '../../check.js';
import { filterChecks } from './filters.js';
import { pageChecks } from './pages.js';
import { payloadChecks } from './payloads.js';
import { readChecks } from './reads.js';
import { severalChecks } from './several.js';
import { waitForRunChecks } from './wait-for-run.js';

/** Reads of records, and pages of lists. */
export const pagingChecks: readonly Check[] = [
  ...readChecks,
  ...pageChecks,
  ...filterChecks,
  ...payloadChecks,
  ...severalChecks,
  ...waitForRunChecks,
];
