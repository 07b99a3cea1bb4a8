import type { Check } from '../../check.js';
import { escrowChecks } from './escrow.js';
import { logChecks } from './log.js';
import { nameChecks } from './names.js';
import { permissionChecks } from './permissions.js';
import { runKeyChecks } from './run-keys.js';

/** Names of keys, keys in escrow, and who asked for them. */
export const keyChecks: readonly Check[] = [
  ...nameChecks,
  ...escrowChecks,
  ...runKeyChecks,
  ...permissionChecks,
  ...logChecks,
];
