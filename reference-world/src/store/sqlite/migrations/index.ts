import { initial } from './0001-initial.js';
import { keys } from './0002-keys.js';
import { endings } from './0003-endings.js';

/** One step of the schema. Never changed after a release. */
export interface Migration {
  /** The schema's version after it. */
  readonly version: number;
  readonly sql: string;
}

/** Every migration, in order. */
export const migrations: readonly Migration[] = [initial, keys, endings];
