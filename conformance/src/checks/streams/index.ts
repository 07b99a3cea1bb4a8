import type { Check } from '../../check.js';
import { chunkChecks } from './chunks.js';
import { closingChecks } from './closing.js';
import { cutChecks } from './cuts.js';
import { durabilityChecks } from './durability.js';
import { inspectionChecks } from './inspection.js';
import { liveChecks } from './live.js';
import { removalChecks } from './removal.js';
import { resumeChecks } from './resumes.js';
import { startChecks } from './starts.js';
import { whichStreamChecks } from './which.js';
import { writerChecks } from './writers.js';

/** Every check of chapter 10. */
export const streamChecks: readonly Check[] = [
  ...chunkChecks,
  ...whichStreamChecks,
  ...closingChecks,
  ...startChecks,
  ...liveChecks,
  ...cutChecks,
  ...resumeChecks,
  ...inspectionChecks,
  ...writerChecks,
  ...durabilityChecks,
  ...removalChecks,
];
