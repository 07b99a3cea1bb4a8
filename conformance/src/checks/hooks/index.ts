import type { Check } from '../../check.js';
import { hookDisposalChecks } from './disposal.js';
import { hookPayloadChecks } from './payloads.js';
import { hookRecordChecks } from './records.js';
import { resumeChecks } from './resumes.js';
import { retentionChecks } from './retention.js';
import { tokenRaceChecks } from './token-races.js';
import { tokenChecks } from './tokens.js';

/** Hooks and their tokens. */
export const hookChecks: readonly Check[] = [
  ...hookRecordChecks,
  ...tokenChecks,
  ...tokenRaceChecks,
  ...hookPayloadChecks,
  ...hookDisposalChecks,
  ...resumeChecks,
  ...retentionChecks,
];
