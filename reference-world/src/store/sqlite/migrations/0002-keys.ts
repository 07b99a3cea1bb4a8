import type { Migration } from './index.js';

/** Deployment keys in escrow, and the log of who asked for keys: a chain for each project. */
export const keys: Migration = {
  version: 2,
  sql: `
CREATE TABLE deployment_keys (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  key_id TEXT NOT NULL,
  deployment_id TEXT NOT NULL,
  escrowed_at INTEGER NOT NULL,
  wrapped BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX deployment_keys_by_id ON deployment_keys (project, key_id, deployment_id);
CREATE INDEX deployment_keys_by_project ON deployment_keys (project, key);
CREATE INDEX deployment_keys_by_deployment ON deployment_keys (project, deployment_id, key);

CREATE TABLE key_access (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  method TEXT NOT NULL,
  run_id TEXT NOT NULL,
  deployment_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  caller TEXT NOT NULL,
  reason TEXT NOT NULL,
  outcome TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX key_access_by_sequence ON key_access (project, sequence);
CREATE INDEX key_access_by_run ON key_access (project, run_id, sequence) WHERE run_id <> '';
`,
};
