import type { Migration } from './index.js';

/**
 * Names of free length are looked up by their digests: an index on them would refuse those of more than 2,700 bytes.
 * Keys come from sequences, in the order of commits as far as a reader can tell (see fence.ts). Lists of a run's steps
 * and waits have indexes on `run_key + 0`: by one on `run_key` a planner that knows runs of one step would look for a
 * step among all of its run.
 */
export const initial: Migration = {
  version: 1,
  sql: `
CREATE TABLE worldwire.outcomes (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  request_id text NOT NULL,
  created_at bigint NOT NULL,
  fingerprint text NOT NULL,
  response bytea NOT NULL
);
CREATE UNIQUE INDEX outcomes_by_id ON worldwire.outcomes (project, request_id);

CREATE TABLE worldwire.runs (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  run_id text NOT NULL,
  workflow_name text NOT NULL,
  workflow uuid NOT NULL,
  deployment uuid NOT NULL,
  status smallint NOT NULL,
  created_at bigint NOT NULL,
  last_position bigint NOT NULL,
  last_event_at bigint NOT NULL,
  bytes bigint NOT NULL,
  data bytea NOT NULL,
  input bytea,
  output bytea,
  error bytea
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX runs_by_id ON worldwire.runs (project, run_id);
CREATE INDEX runs_by_project ON worldwire.runs (project, key);
CREATE INDEX runs_by_status ON worldwire.runs (project, status, key);
CREATE INDEX runs_by_workflow ON worldwire.runs (project, workflow, key);
CREATE INDEX runs_active ON worldwire.runs (project, deployment, key) WHERE status IN (1, 2);

CREATE TABLE worldwire.run_attributes (
  run_key bigint NOT NULL REFERENCES worldwire.runs (key),
  name text COLLATE "C" NOT NULL,
  project text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (run_key, name)
);
CREATE INDEX run_attributes_by_value ON worldwire.run_attributes (project, name, value, run_key);

CREATE TABLE worldwire.events (
  key bigint GENERATED ALWAYS AS IDENTITY,
  run_key bigint NOT NULL REFERENCES worldwire.runs (key),
  position bigint NOT NULL,
  type smallint NOT NULL,
  correlation_id text NOT NULL,
  data bytea NOT NULL,
  payload bytea,
  PRIMARY KEY (run_key, position)
);
CREATE INDEX events_by_entity ON worldwire.events (run_key, correlation_id, position) WHERE correlation_id <> '';
CREATE INDEX events_by_correlation ON worldwire.events (correlation_id, key) WHERE correlation_id <> '';

CREATE TABLE worldwire.steps (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_key bigint NOT NULL REFERENCES worldwire.runs (key),
  step_id text NOT NULL,
  data bytea NOT NULL,
  input bytea,
  output bytea,
  error bytea
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX steps_by_id ON worldwire.steps (run_key, step_id);
CREATE INDEX steps_by_run ON worldwire.steps ((run_key + 0), key);

CREATE TABLE worldwire.hooks (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_key bigint NOT NULL REFERENCES worldwire.runs (key),
  project text NOT NULL,
  hook_id text NOT NULL,
  token uuid NOT NULL,
  state smallint NOT NULL,
  retained_until bigint NOT NULL,
  data bytea NOT NULL,
  metadata bytea
);
CREATE UNIQUE INDEX hooks_by_id ON worldwire.hooks (run_key, hook_id);
CREATE UNIQUE INDEX hooks_by_token ON worldwire.hooks (token) WHERE state = 1;
CREATE INDEX hooks_live_by_id ON worldwire.hooks (project, hook_id, key) WHERE state = 1;
CREATE INDEX hooks_live_by_project ON worldwire.hooks (project, key) WHERE state = 1;
CREATE INDEX hooks_live_by_run ON worldwire.hooks (run_key, key) WHERE state = 1;
CREATE INDEX hooks_retained ON worldwire.hooks (retained_until) WHERE state = 1 AND retained_until > 0;

CREATE TABLE worldwire.resumes (
  run_key bigint NOT NULL REFERENCES worldwire.runs (key),
  resume_id text NOT NULL,
  hook_id text NOT NULL,
  digest text NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (run_key, resume_id)
);

CREATE TABLE worldwire.waits (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_key bigint NOT NULL REFERENCES worldwire.runs (key),
  wait_id text NOT NULL,
  status smallint NOT NULL,
  data bytea NOT NULL
);
CREATE UNIQUE INDEX waits_by_id ON worldwire.waits (run_key, wait_id);
CREATE INDEX waits_by_run ON worldwire.waits ((run_key + 0), key);

CREATE TABLE worldwire.queues (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL,
  digest uuid NOT NULL
);
CREATE UNIQUE INDEX queues_by_name ON worldwire.queues (digest);
CREATE INDEX queues_by_project ON worldwire.queues (project, id);

CREATE TABLE worldwire.messages (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  queue_id bigint NOT NULL,
  message_id text NOT NULL,
  deployment_id text NOT NULL,
  deployment uuid NOT NULL,
  run_id text NOT NULL,
  idempotency_key text,
  idempotency uuid,
  visible_at bigint,
  attempt integer NOT NULL,
  lease_id text,
  consumer_id text,
  enqueued_at bigint NOT NULL,
  last_error text NOT NULL,
  content_type text NOT NULL,
  headers text NOT NULL,
  body bytea NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX messages_by_consumer ON worldwire.messages (project, consumer_id) WHERE consumer_id IS NOT NULL;
CREATE UNIQUE INDEX messages_by_idempotency ON worldwire.messages (queue_id, idempotency) WHERE idempotency IS NOT NULL;
CREATE UNIQUE INDEX messages_by_lease ON worldwire.messages (lease_id) WHERE lease_id IS NOT NULL;
CREATE INDEX messages_by_run ON worldwire.messages (project, run_id) WHERE run_id <> '' AND visible_at IS NOT NULL;
CREATE UNIQUE INDEX messages_dead ON worldwire.messages (project, message_id) WHERE visible_at IS NULL;
CREATE INDEX messages_due ON worldwire.messages (queue_id, deployment, visible_at, key) WHERE visible_at IS NOT NULL;

CREATE TABLE worldwire.deaths (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  queue_id bigint NOT NULL,
  message_key bigint NOT NULL REFERENCES worldwire.messages (key),
  died_at bigint NOT NULL
);
CREATE UNIQUE INDEX deaths_by_message ON worldwire.deaths (message_key);
CREATE INDEX deaths_by_project ON worldwire.deaths (project, key);
CREATE INDEX deaths_by_queue ON worldwire.deaths (queue_id, key);

CREATE TABLE worldwire.deployments (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  environment uuid NOT NULL,
  deployment_id text NOT NULL,
  deployment uuid NOT NULL,
  attached_at bigint NOT NULL
);
CREATE UNIQUE INDEX deployments_by_id ON worldwire.deployments (environment, deployment);
CREATE INDEX deployments_by_environment ON worldwire.deployments (environment, key);

CREATE TABLE worldwire.streams (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  run_id text NOT NULL,
  name text NOT NULL,
  created_at bigint NOT NULL,
  length bigint NOT NULL,
  closed boolean NOT NULL,
  expired boolean NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX streams_by_name ON worldwire.streams (project, run_id, name);
CREATE INDEX streams_by_run ON worldwire.streams (project, run_id, key);
CREATE INDEX streams_newest ON worldwire.streams (project, name, key);

CREATE TABLE worldwire.chunks (
  stream_key bigint NOT NULL REFERENCES worldwire.streams (key),
  index bigint NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (stream_key, index)
);

CREATE TABLE worldwire.writers (
  stream_key bigint NOT NULL REFERENCES worldwire.streams (key),
  writer_id text NOT NULL,
  appended bigint NOT NULL,
  PRIMARY KEY (stream_key, writer_id)
);

CREATE TABLE worldwire.deployment_keys (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project text NOT NULL,
  key_id text NOT NULL,
  deployment_id text NOT NULL,
  deployment uuid NOT NULL,
  escrowed_at bigint NOT NULL,
  wrapped bytea NOT NULL
);
CREATE UNIQUE INDEX deployment_keys_by_id ON worldwire.deployment_keys (project, key_id, deployment);
CREATE INDEX deployment_keys_by_project ON worldwire.deployment_keys (project, key);
CREATE INDEX deployment_keys_by_deployment ON worldwire.deployment_keys (project, deployment, key);

CREATE TABLE worldwire.key_access (
  project text NOT NULL,
  sequence bigint NOT NULL,
  at bigint NOT NULL,
  method text NOT NULL,
  run_id text NOT NULL,
  deployment_id text NOT NULL,
  key_id text NOT NULL,
  caller text NOT NULL,
  reason text NOT NULL,
  outcome text NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (project, sequence)
);
CREATE INDEX key_access_by_run ON worldwire.key_access (project, run_id, sequence) WHERE run_id <> '';
`,
};
