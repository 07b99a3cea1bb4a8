import type { Migration } from './index.js';

/** When a run ended, for its removal by age. In a column of its own: an index on what each event moves would cost each. */
export const endings: Migration = {
  version: 2,
  sql: `
ALTER TABLE worldwire.runs ADD COLUMN ended_at bigint;
UPDATE worldwire.runs SET ended_at = last_event_at WHERE status NOT IN (1, 2);
CREATE INDEX runs_ended ON worldwire.runs (ended_at) WHERE ended_at IS NOT NULL;
`,
};
