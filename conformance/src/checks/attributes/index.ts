import type { Check } from '../../check.js';
import { attributeChangeChecks } from './changes.js';
import { attributeRaceChecks } from './races.js';
import { attributeValidityChecks } from './validity.js';

/** Attributes. */
export const attributeChecks: readonly Check[] = [
  ...attributeChangeChecks,
  ...attributeValidityChecks,
  ...attributeRaceChecks,
];
