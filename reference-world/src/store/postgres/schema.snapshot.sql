CREATE TABLE worldwire.chunks (
  stream_key bigint NOT NULL,
  index bigint NOT NULL,
  data bytea NOT NULL,
  CONSTRAINT chunks_pkey PRIMARY KEY (stream_key, index),
  CONSTRAINT chunks_stream_key_fkey FOREIGN KEY (stream_key) REFERENCES streams(key)
);

CREATE TABLE worldwire.deaths (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  project text NOT NULL,
  queue_id bigint NOT NULL,
  message_key bigint NOT NULL,
  died_at bigint NOT NULL,
  CONSTRAINT deaths_message_key_fkey FOREIGN KEY (message_key) REFERENCES messages(key),
  CONSTRAINT deaths_pkey PRIMARY KEY (key)
);
CREATE UNIQUE INDEX deaths_by_message ON worldwire.deaths USING btree (message_key);
CREATE INDEX deaths_by_project ON worldwire.deaths USING btree (project, key);
CREATE INDEX deaths_by_queue ON worldwire.deaths USING btree (queue_id, key);

CREATE TABLE worldwire.deployment_keys (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  project text NOT NULL,
  key_id text NOT NULL,
  deployment_id text NOT NULL,
  deployment uuid NOT NULL,
  escrowed_at bigint NOT NULL,
  wrapped bytea NOT NULL,
  CONSTRAINT deployment_keys_pkey PRIMARY KEY (key)
);
CREATE INDEX deployment_keys_by_deployment ON worldwire.deployment_keys USING btree (project, deployment, key);
CREATE UNIQUE INDEX deployment_keys_by_id ON worldwire.deployment_keys USING btree (project, key_id, deployment);
CREATE INDEX deployment_keys_by_project ON worldwire.deployment_keys USING btree (project, key);

CREATE TABLE worldwire.deployments (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  environment uuid NOT NULL,
  deployment_id text NOT NULL,
  deployment uuid NOT NULL,
  attached_at bigint NOT NULL,
  CONSTRAINT deployments_pkey PRIMARY KEY (key)
);
CREATE INDEX deployments_by_environment ON worldwire.deployments USING btree (environment, key);
CREATE UNIQUE INDEX deployments_by_id ON worldwire.deployments USING btree (environment, deployment);

CREATE TABLE worldwire.events (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  run_key bigint NOT NULL,
  position bigint NOT NULL,
  type smallint NOT NULL,
  correlation_id text NOT NULL,
  data bytea NOT NULL,
  payload bytea,
  CONSTRAINT events_pkey PRIMARY KEY (run_key, "position"),
  CONSTRAINT events_run_key_fkey FOREIGN KEY (run_key) REFERENCES runs(key)
);
CREATE INDEX events_by_correlation ON worldwire.events USING btree (correlation_id, key) WHERE (correlation_id <> ''::text);
CREATE INDEX events_by_entity ON worldwire.events USING btree (run_key, correlation_id, "position") WHERE (correlation_id <> ''::text);

CREATE TABLE worldwire.hooks (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  run_key bigint NOT NULL,
  project text NOT NULL,
  hook_id text NOT NULL,
  token uuid NOT NULL,
  state smallint NOT NULL,
  retained_until bigint NOT NULL,
  data bytea NOT NULL,
  metadata bytea,
  CONSTRAINT hooks_pkey PRIMARY KEY (key),
  CONSTRAINT hooks_run_key_fkey FOREIGN KEY (run_key) REFERENCES runs(key)
);
CREATE UNIQUE INDEX hooks_by_id ON worldwire.hooks USING btree (run_key, hook_id);
CREATE UNIQUE INDEX hooks_by_token ON worldwire.hooks USING btree (token) WHERE (state = 1);
CREATE INDEX hooks_live_by_id ON worldwire.hooks USING btree (project, hook_id, key) WHERE (state = 1);
CREATE INDEX hooks_live_by_project ON worldwire.hooks USING btree (project, key) WHERE (state = 1);
CREATE INDEX hooks_live_by_run ON worldwire.hooks USING btree (run_key, key) WHERE (state = 1);
CREATE INDEX hooks_retained ON worldwire.hooks USING btree (retained_until) WHERE ((state = 1) AND (retained_until > 0));

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
  CONSTRAINT key_access_pkey PRIMARY KEY (project, sequence)
);
CREATE INDEX key_access_by_run ON worldwire.key_access USING btree (project, run_id, sequence) WHERE (run_id <> ''::text);

CREATE TABLE worldwire.messages (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
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
  body bytea NOT NULL,
  CONSTRAINT messages_pkey PRIMARY KEY (key)
) WITH (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0);
CREATE INDEX messages_by_consumer ON worldwire.messages USING btree (project, consumer_id) WHERE (consumer_id IS NOT NULL);
CREATE UNIQUE INDEX messages_by_idempotency ON worldwire.messages USING btree (queue_id, idempotency) WHERE (idempotency IS NOT NULL);
CREATE UNIQUE INDEX messages_by_lease ON worldwire.messages USING btree (lease_id) WHERE (lease_id IS NOT NULL);
CREATE INDEX messages_by_run ON worldwire.messages USING btree (project, run_id) WHERE ((run_id <> ''::text) AND (visible_at IS NOT NULL));
CREATE UNIQUE INDEX messages_dead ON worldwire.messages USING btree (project, message_id) WHERE (visible_at IS NULL);
CREATE INDEX messages_due ON worldwire.messages USING btree (queue_id, deployment, visible_at, key) WHERE (visible_at IS NOT NULL);

CREATE TABLE worldwire.migrations (
  version integer NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT migrations_pkey PRIMARY KEY (version)
);

CREATE TABLE worldwire.outcomes (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  project text NOT NULL,
  request_id text NOT NULL,
  created_at bigint NOT NULL,
  fingerprint text NOT NULL,
  response bytea NOT NULL,
  CONSTRAINT outcomes_pkey PRIMARY KEY (key)
);
CREATE UNIQUE INDEX outcomes_by_id ON worldwire.outcomes USING btree (project, request_id);

CREATE TABLE worldwire.queues (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  project text NOT NULL,
  name text NOT NULL,
  digest uuid NOT NULL,
  CONSTRAINT queues_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX queues_by_name ON worldwire.queues USING btree (digest);
CREATE INDEX queues_by_project ON worldwire.queues USING btree (project, id);

CREATE TABLE worldwire.resumes (
  run_key bigint NOT NULL,
  resume_id text NOT NULL,
  hook_id text NOT NULL,
  digest text NOT NULL,
  position bigint NOT NULL,
  CONSTRAINT resumes_pkey PRIMARY KEY (run_key, resume_id),
  CONSTRAINT resumes_run_key_fkey FOREIGN KEY (run_key) REFERENCES runs(key)
);

CREATE TABLE worldwire.run_attributes (
  run_key bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  project text NOT NULL,
  value text NOT NULL,
  CONSTRAINT run_attributes_pkey PRIMARY KEY (run_key, name),
  CONSTRAINT run_attributes_run_key_fkey FOREIGN KEY (run_key) REFERENCES runs(key)
);
CREATE INDEX run_attributes_by_value ON worldwire.run_attributes USING btree (project, name, value, run_key);

CREATE TABLE worldwire.runs (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
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
  error bytea,
  ended_at bigint,
  CONSTRAINT runs_pkey PRIMARY KEY (key)
) WITH (fillfactor=80);
CREATE INDEX runs_active ON worldwire.runs USING btree (project, deployment, key) WHERE (status = ANY (ARRAY[1, 2]));
CREATE UNIQUE INDEX runs_by_id ON worldwire.runs USING btree (project, run_id);
CREATE INDEX runs_by_project ON worldwire.runs USING btree (project, key);
CREATE INDEX runs_by_status ON worldwire.runs USING btree (project, status, key);
CREATE INDEX runs_by_workflow ON worldwire.runs USING btree (project, workflow, key);
CREATE INDEX runs_ended ON worldwire.runs USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE TABLE worldwire.steps (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  run_key bigint NOT NULL,
  step_id text NOT NULL,
  data bytea NOT NULL,
  input bytea,
  output bytea,
  error bytea,
  CONSTRAINT steps_pkey PRIMARY KEY (key),
  CONSTRAINT steps_run_key_fkey FOREIGN KEY (run_key) REFERENCES runs(key)
) WITH (fillfactor=80);
CREATE UNIQUE INDEX steps_by_id ON worldwire.steps USING btree (run_key, step_id);
CREATE INDEX steps_by_run ON worldwire.steps USING btree (((run_key + 0)), key);

CREATE TABLE worldwire.streams (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  project text NOT NULL,
  run_id text NOT NULL,
  name text NOT NULL,
  created_at bigint NOT NULL,
  length bigint NOT NULL,
  closed boolean NOT NULL,
  expired boolean NOT NULL,
  CONSTRAINT streams_pkey PRIMARY KEY (key)
) WITH (fillfactor=80);
CREATE UNIQUE INDEX streams_by_name ON worldwire.streams USING btree (project, run_id, name);
CREATE INDEX streams_by_run ON worldwire.streams USING btree (project, run_id, key);
CREATE INDEX streams_newest ON worldwire.streams USING btree (project, name, key);

CREATE TABLE worldwire.waits (
  key bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  run_key bigint NOT NULL,
  wait_id text NOT NULL,
  status smallint NOT NULL,
  data bytea NOT NULL,
  CONSTRAINT waits_pkey PRIMARY KEY (key),
  CONSTRAINT waits_run_key_fkey FOREIGN KEY (run_key) REFERENCES runs(key)
);
CREATE UNIQUE INDEX waits_by_id ON worldwire.waits USING btree (run_key, wait_id);
CREATE INDEX waits_by_run ON worldwire.waits USING btree (((run_key + 0)), key);

CREATE TABLE worldwire.writers (
  stream_key bigint NOT NULL,
  writer_id text NOT NULL,
  appended bigint NOT NULL,
  CONSTRAINT writers_pkey PRIMARY KEY (stream_key, writer_id),
  CONSTRAINT writers_stream_key_fkey FOREIGN KEY (stream_key) REFERENCES streams(key)
);
