import type { Migration } from './index.js';

/**
 * Rowids grow in the order of the commits. A commit of many runs' events therefore writes to the end of each table and
 * touches few pages, which a table clustered by run would not.
 *
 * Columns of type ANY hold a small payload itself, or the id of a row in `payloads` that holds a large one: SQLite
 * rewrites a row whole when it changes, and a changed state must not rewrite megabytes.
 */
export const initial: Migration = {
  version: 1,
  sql: `
CREATE TABLE payloads (
  id INTEGER PRIMARY KEY,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE runs (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  run_id TEXT NOT NULL,
  workflow_name TEXT NOT NULL,
  deployment_id TEXT NOT NULL,
  status INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  last_event_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  data BLOB NOT NULL,
  input ANY,
  output ANY,
  error ANY
) STRICT;
CREATE UNIQUE INDEX runs_by_id ON runs (project, run_id);
CREATE INDEX runs_by_project ON runs (project, key, created_at, status);
CREATE INDEX runs_by_workflow ON runs (project, workflow_name, key, created_at, status);
CREATE INDEX runs_by_status ON runs (project, status, key, created_at);
CREATE INDEX runs_active ON runs (project, deployment_id, key) WHERE status IN (1, 2);

CREATE TABLE run_attributes (
  run_key INTEGER NOT NULL REFERENCES runs (key),
  name TEXT NOT NULL,
  project TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_key, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_attributes_by_value ON run_attributes (project, name, value, run_key);

CREATE TABLE events (
  key INTEGER PRIMARY KEY,
  run_key INTEGER NOT NULL REFERENCES runs (key),
  position INTEGER NOT NULL,
  type INTEGER NOT NULL,
  correlation_id TEXT NOT NULL,
  data BLOB NOT NULL,
  payload BLOB
) STRICT;
CREATE UNIQUE INDEX events_by_position ON events (run_key, position);
CREATE INDEX events_by_correlation ON events (correlation_id, run_key) WHERE correlation_id <> '';

CREATE TABLE steps (
  key INTEGER PRIMARY KEY,
  run_key INTEGER NOT NULL REFERENCES runs (key),
  step_id TEXT NOT NULL,
  data BLOB NOT NULL,
  input ANY,
  output ANY,
  error ANY
) STRICT;
CREATE UNIQUE INDEX steps_by_id ON steps (run_key, step_id);

CREATE TABLE hooks (
  key INTEGER PRIMARY KEY,
  run_key INTEGER NOT NULL REFERENCES runs (key),
  project TEXT NOT NULL,
  hook_id TEXT NOT NULL,
  token TEXT NOT NULL,
  state INTEGER NOT NULL,
  retained_until INTEGER NOT NULL,
  data BLOB NOT NULL,
  metadata BLOB
) STRICT;
CREATE UNIQUE INDEX hooks_by_id ON hooks (run_key, hook_id);
CREATE UNIQUE INDEX hooks_by_token ON hooks (project, token) WHERE state = 1;
CREATE INDEX hooks_live_by_id ON hooks (project, hook_id, key) WHERE state = 1;
CREATE INDEX hooks_live_by_project ON hooks (project, key) WHERE state = 1;
CREATE INDEX hooks_live_by_run ON hooks (run_key, key) WHERE state = 1;
CREATE INDEX hooks_retained ON hooks (retained_until) WHERE state = 1 AND retained_until > 0;

CREATE TABLE resumes (
  run_key INTEGER NOT NULL REFERENCES runs (key),
  resume_id TEXT NOT NULL,
  hook_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (run_key, resume_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE waits (
  key INTEGER PRIMARY KEY,
  run_key INTEGER NOT NULL REFERENCES runs (key),
  wait_id TEXT NOT NULL,
  status INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX waits_by_id ON waits (run_key, wait_id);

CREATE TABLE outcomes (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  request_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  response BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX outcomes_by_id ON outcomes (project, request_id);

CREATE TABLE queues (
  id INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  name TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX queues_by_name ON queues (project, name);
CREATE INDEX queues_by_project ON queues (project, id);

-- visible_at: when the message may be delivered; the end of its lease while it has one; NULL when it is dead.
CREATE TABLE messages (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  queue_id INTEGER NOT NULL REFERENCES queues (id),
  message_id TEXT NOT NULL,
  deployment_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  idempotency_key TEXT,
  visible_at INTEGER,
  attempt INTEGER NOT NULL,
  lease_id TEXT,
  consumer_id TEXT,
  enqueued_at INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  content_type TEXT NOT NULL,
  headers TEXT NOT NULL,
  body ANY NOT NULL
) STRICT;
CREATE INDEX messages_due ON messages (queue_id, deployment_id, visible_at, key) WHERE visible_at IS NOT NULL;
CREATE UNIQUE INDEX messages_by_idempotency ON messages (queue_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_by_run ON messages (project, run_id) WHERE run_id <> '' AND visible_at IS NOT NULL;
CREATE UNIQUE INDEX messages_by_lease ON messages (lease_id) WHERE lease_id IS NOT NULL;
CREATE INDEX messages_by_consumer ON messages (project, consumer_id) WHERE consumer_id IS NOT NULL;
CREATE UNIQUE INDEX messages_dead ON messages (project, message_id) WHERE visible_at IS NULL;

-- The order of deaths. AUTOINCREMENT, because a cursor must not meet a number twice.
CREATE TABLE deaths (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL,
  queue_id INTEGER NOT NULL,
  message_key INTEGER NOT NULL REFERENCES messages (key),
  died_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX deaths_by_message ON deaths (message_key);
CREATE INDEX deaths_by_project ON deaths (project, key);
CREATE INDEX deaths_by_queue ON deaths (queue_id, key);

CREATE TABLE deployments (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  environment TEXT NOT NULL,
  deployment_id TEXT NOT NULL,
  attached_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX deployments_by_id ON deployments (project, environment, deployment_id);
CREATE INDEX deployments_by_environment ON deployments (project, environment, key);

CREATE TABLE streams (
  key INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  run_id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  length INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  expired INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX streams_by_name ON streams (project, run_id, name);
CREATE INDEX streams_newest ON streams (project, name, key);
CREATE INDEX streams_by_run ON streams (project, run_id, key);

-- id = stream key << 31 | index: a stream's chunks lie together, in order.
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE writers (
  stream_key INTEGER NOT NULL REFERENCES streams (key),
  writer_id TEXT NOT NULL,
  appended INTEGER NOT NULL,
  PRIMARY KEY (stream_key, writer_id)
) STRICT, WITHOUT ROWID;
`,
};
