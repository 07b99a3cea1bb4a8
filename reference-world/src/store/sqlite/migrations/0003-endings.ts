import type { Migration } from './index.js';

/** When a run ended, for its removal by age. */
export const endings: Migration = {
  version: 3,
  sql: `
ALTER TABLE runs ADD COLUMN ended_at INTEGER;
UPDATE runs SET ended_at = last_event_at WHERE status NOT IN (1, 2);
CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL;
`,
};
