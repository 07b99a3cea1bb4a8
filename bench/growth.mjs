/** Whether costs stay what they are while a store in PostgreSQL grows, and what more servers on it bring. */
import { randomUUID } from 'node:crypto';
import { lendDatabase, query } from './postgres.mjs';
import { startServer, startSubject } from './subjects.mjs';
import { growthWorks, median, works } from './work.mjs';

const FULL = { runs: [1e3, 1e5, 1e6], parked: 1e6, servers: [1, 2, 4] };
const QUICK = { runs: [1e3, 1e4], parked: 1e4, servers: [1, 2] };
/** Rows that one statement makes. */
const FILL_AT_ONCE = 100_000;

/**
 * Values by what was measured, and there by how much is stored or how many serve.
 *
 * @param running Takes what is started, for whoever has to end it.
 */
export async function measureGrowth({ rounds, quick, dir, running, say }) {
  const { runs, parked, servers } = quick ? QUICK : FULL;
  const world = await startWorld(dir, running);
  const clients = [await world.addServer()];
  const measure = async (work, among = clients) => {
    const { full, quick: small } = { ...works, ...growthWorks }[work];
    const size = quick ? small : full;
    const share = Math.max(1, Math.ceil(size / among.length));
    const values = [];
    // The round before the first only warms up.
    for (let round = 0; round <= rounds; round++)
      values.push(await Promise.all(among.map((client) => client.measure(work, share))));
    return values.slice(1);
  };
  const medianOf = async (work) => median((await measure(work)).flat());

  // What is stored looks like what the World itself has written, and nothing is new to anybody any more.
  for (const work of ['sequential', 'concurrent', 'p99', 'queue']) await measure(work);
  const results = { runs: {}, parked: {}, servers: {} };
  for (const count of runs) {
    say(`${count.toLocaleString('en-US')} runs stored`);
    await world.fillRuns(count);
    results.runs[count] = {
      sequential: await medianOf('sequential'),
      concurrent: await medianOf('concurrent'),
      p99: await medianOf('p99'),
    };
  }
  results.parked[0] = { queue: await medianOf('queue') };
  say(`${parked.toLocaleString('en-US')} messages parked`);
  await clients[0].measure('park', 1);
  await world.fillMessages(parked);
  results.parked[parked] = { queue: await medianOf('queue') };
  for (const count of servers) {
    say(`${count} ${count === 1 ? 'server' : 'servers'}`);
    while (clients.length < count) clients.push(await world.addServer());
    const rates = await measure('concurrent', clients);
    const sums = rates.map((round) => round.reduce((sum, rate) => sum + rate, 0));
    results.servers[count] = { concurrent: median(sums) };
  }
  return results;
}

async function startWorld(dir, running) {
  const { url, stop } = await lendDatabase(dir, 'growth');
  // Ended last.
  running.set('database', { end: stop });
  let servers = 0;
  return {
    async addServer() {
      const name = `server ${++servers}`;
      const subject = {
        module: '@worldwire/sdk/world',
        specVersion: 7,
        async prepare(folder) {
          const server = await startServer(folder, ['--database-url', url]);
          const env = {
            WORLDWIRE_URL: server.url,
            WORLDWIRE_ENCRYPTION: 'off',
            // Each client takes its own messages only.
            WORLDWIRE_DEPLOYMENT_ID: randomUUID(),
          };
          return { env, stop: server.stop };
        },
      };
      const client = await startSubject(name, subject, dir);
      running.delete('database');
      running.set(name, client);
      running.set('database', { end: stop });
      return client;
    },

    /** Brings the number of stored runs up to a count: ended ones, each with two events, a step and an outcome. */
    async fillRuns(count) {
      const [{ stored }] = await query(
        url,
        'SELECT count(*)::integer AS stored FROM worldwire.runs',
      );
      await fill(url, stored, count, FILL_RUNS);
    },

    /** Brings the number of messages that wait for a later day up to a count. */
    async fillMessages(count) {
      await fill(url, 1, count, FILL_MESSAGES);
    },
  };
}

/** Runs a statement for the numbers from one to another, then lets the database tidy up as it does in time. */
async function fill(url, from, to, statement) {
  for (let n = from; n < to; n += FILL_AT_ONCE)
    await query(
      url,
      `SET session_replication_role = replica; SET synchronous_commit = off; ${statement(n + 1, Math.min(n + FILL_AT_ONCE, to))}`,
    );
  await query(url, 'VACUUM (ANALYZE)');
  await query(url, 'CHECKPOINT');
}

/** Copies of the run that ended first. */
const FILL_RUNS = (from, to) => `
  WITH model AS (SELECT * FROM worldwire.runs WHERE status NOT IN (1, 2) ORDER BY key LIMIT 1),
  copies AS (
    INSERT INTO worldwire.runs (project, run_id, workflow_name, workflow, deployment, status, created_at,
      last_position, last_event_at, ended_at, bytes, data)
    SELECT project, 'wrun_' || md5(n::text), workflow_name, workflow, deployment, status, created_at, 2,
      last_event_at, ended_at, bytes, data FROM model, generate_series(${from}, ${to}) n RETURNING key, run_id),
  events AS (
    INSERT INTO worldwire.events (run_key, position, type, correlation_id, data)
    SELECT c.key, p, e.type, 'step_' || md5(c.run_id), e.data
      FROM copies c, generate_series(1, 2) p, worldwire.events e
     WHERE e.run_key = (SELECT key FROM model) AND e.position = 2),
  steps AS (
    INSERT INTO worldwire.steps (run_key, step_id, data)
    SELECT c.key, 'step_' || md5(c.run_id), s.data
      FROM copies c, (SELECT data FROM worldwire.steps LIMIT 1) s)
  INSERT INTO worldwire.outcomes (project, request_id, created_at, fingerprint, response)
  SELECT o.project, c.run_id, o.created_at, o.fingerprint, o.response
    FROM copies c, (SELECT * FROM worldwire.outcomes ORDER BY key DESC LIMIT 1) o`;

/** Copies of the message that is parked. */
const FILL_MESSAGES = (from, to) => `
  INSERT INTO worldwire.messages (project, queue_id, message_id, deployment_id, deployment, run_id, visible_at, attempt,
    enqueued_at, last_error, content_type, headers, body)
  SELECT project, queue_id, 'msg_' || md5(n::text), deployment_id, deployment, 'wrun_' || md5(n::text),
    visible_at + n, attempt, enqueued_at, last_error, content_type, headers, body
    FROM (SELECT * FROM worldwire.messages ORDER BY visible_at DESC LIMIT 1) m, generate_series(${from}, ${to}) n`;
