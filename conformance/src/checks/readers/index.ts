import type { Check } from '../../check.js';
import { cutChecks } from './cuts.js';
import { liveChecks } from './live.js';
import { logChecks } from './logs.js';
import { recordChecks } from './records.js';
import { writeChecks } from './writes.js';

/** Checks of chapter 16 on readers. */
export const readerChecks: readonly Check[] = [
  ...logChecks,
  ...cutChecks,
  ...liveChecks,
  ...recordChecks,
  ...writeChecks,
];
