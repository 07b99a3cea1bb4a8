/** What holds others up: locks that are waited for, transactions that do not end, what keeps vacuum from its work. */
import type { Client } from 'pg';
import { type Finding, ok, rowsOf, warning } from './finding.js';

const WAITING_SECONDS = 3;
const IDLE_SECONDS = 30;
const LONG_SECONDS = 600;
const SHOWN = 5;

interface Session {
  readonly pid: number;
  readonly name: string;
  readonly seconds: number;
}

const whose = ({ pid, name }: Session) => `${pid} (${name || 'without a name'})`;

export async function examineLocks(client: Client): Promise<Finding[]> {
  const findings = [
    ...(await waitersOf(client)),
    ...(await lingerersOf(client)),
    ...(await leftOversOf(client)),
  ];
  return findings.length === 0 ? [ok('locks', 'nobody waits, nothing lingers')] : findings;
}

async function waitersOf(client: Client): Promise<Finding[]> {
  const waiters = await rowsOf<Session & { blockers: number[] }>(
    client,
    `SELECT pid, application_name AS name, pg_blocking_pids(pid) AS blockers,
       extract(epoch FROM clock_timestamp() - query_start)::integer AS seconds
       FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'
        AND clock_timestamp() - query_start > interval '${WAITING_SECONDS} s'
      ORDER BY query_start LIMIT ${SHOWN}`,
  );
  return waiters.map((waiter) =>
    warning(
      'locks',
      `${whose(waiter)} has waited ${waiter.seconds} s for a lock that ${waiter.blockers.join(', ')} holds`,
      `see what that session does (pg_stat_activity), and end it: SELECT pg_terminate_backend(${waiter.blockers[0] ?? '…'})`,
    ),
  );
}

async function lingerersOf(client: Client): Promise<Finding[]> {
  const sessions = await rowsOf<Session & { idle: boolean }>(
    client,
    `SELECT pid, application_name AS name, state LIKE 'idle in transaction%' AS idle,
       extract(epoch FROM clock_timestamp() - xact_start)::integer AS seconds
       FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        AND (state LIKE 'idle in transaction%' AND clock_timestamp() - state_change > interval '${IDLE_SECONDS} s'
             OR clock_timestamp() - xact_start > interval '${LONG_SECONDS} s')
      ORDER BY xact_start LIMIT ${SHOWN}`,
  );
  return sessions.map((session) =>
    warning(
      'locks',
      `${whose(session)} has ${session.idle ? 'an idle transaction' : 'a transaction'} open for ${session.seconds} s`,
      `it holds up vacuum, and others perhaps: let it end, or SELECT pg_terminate_backend(${session.pid})`,
    ),
  );
}

async function leftOversOf(client: Client): Promise<Finding[]> {
  const prepared = await rowsOf<{ gid: string }>(
    client,
    `SELECT gid FROM pg_prepared_xacts WHERE database = current_database()
        AND clock_timestamp() - prepared > interval '${LONG_SECONDS} s' LIMIT ${SHOWN}`,
  );
  const slots = await rowsOf<{ name: string; kept: string }>(
    client,
    `SELECT slot_name AS name, pg_size_pretty(pg_wal_lsn_diff(
         CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
         restart_lsn)) AS kept
       FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL LIMIT ${SHOWN}`,
  );
  return [
    ...prepared.map(({ gid }) =>
      warning(
        'locks',
        `the prepared transaction ${gid} waits for its end`,
        `end it: COMMIT PREPARED or ROLLBACK PREPARED '${gid}'`,
      ),
    ),
    ...slots.map(({ name, kept }) =>
      warning(
        'locks',
        `the replication slot ${name} has no reader, and ${kept} are kept for it`,
        `bring its reader back, or SELECT pg_drop_replication_slot('${name}'): else the disk fills up`,
      ),
    ),
  ];
}
