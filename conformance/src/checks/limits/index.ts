import type { Check } from '../../check.js';
import { byteChecks } from './bytes.js';
import { countChecks } from './counts.js';
import { lengthChecks } from './lengths.js';

/** Every check of chapter 12. */
export const limitChecks: readonly Check[] = [...byteChecks, ...countChecks, ...lengthChecks];
