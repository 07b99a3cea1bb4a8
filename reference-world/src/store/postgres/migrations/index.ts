import { initial } from './0001-initial.js';
import { endings } from './0002-endings.js';

/** One step of the schema. Never changed after a release. */
export interface Migration {
  /** The schema's version after it. */
  readonly version: number;
  readonly sql: string;
}

/** Every migration, in order. */
export const migrations: readonly Migration[] = [initial, endings];
