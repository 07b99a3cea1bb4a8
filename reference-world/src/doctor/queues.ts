/** Queues: what waits, what is late, what is dead. */
import type { Client } from 'pg';
import { type Finding, ok, rowOf, rowsOf, warning } from './finding.js';

/** A message that is due for longer has nobody who takes it. */
const LATE_SECONDS = 60;
const SHOWN = 5;

export async function examineQueues(client: Client): Promise<Finding[]> {
  const { due, parked, leased, dead } = await rowOf<
    Record<'due' | 'parked' | 'leased' | 'dead', number>
  >(
    client,
    `SELECT count(*) FILTER (WHERE visible_at <= now) AS due,
       count(*) FILTER (WHERE visible_at > now AND lease_id IS NULL) AS parked,
       count(*) FILTER (WHERE visible_at > now AND lease_id IS NOT NULL) AS leased,
       count(*) FILTER (WHERE visible_at IS NULL) AS dead
       FROM worldwire.messages, (${NOW}) t`,
  );
  const text = `${due} messages due, ${leased} under way, ${parked} for later, ${dead} dead`;
  const findings: Finding[] = [...(await lateOf(client))];
  if (dead > 0)
    findings.push(
      warning(
        'queues',
        `${dead} messages are dead: given up after too many deliveries`,
        'ListDeadMessages says why; ReviveMessages delivers them again',
      ),
    );
  return [ok('queues', text), ...findings];
}

const NOW = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now';

async function lateOf(client: Client): Promise<Finding[]> {
  const late = await rowsOf<Record<'project' | 'name' | 'deployment', string> & LateCounts>(
    client,
    `SELECT q.project, q.name, m.deployment_id AS deployment, count(*) AS count,
       (max(now - m.visible_at) / 1000)::integer AS seconds
       FROM worldwire.messages m JOIN worldwire.queues q ON q.id = m.queue_id, (${NOW}) t
      WHERE m.visible_at <= now - ${LATE_SECONDS * 1_000}
      GROUP BY q.project, q.name, m.deployment_id ORDER BY count DESC LIMIT ${SHOWN}`,
  );
  return late.map(({ project, name, deployment, count, seconds }) =>
    warning(
      'queues',
      `${count} messages of ${name} (project ${project}, deployment ${deployment || 'any'}) are late, by up to ${seconds} s`,
      'nobody takes them, or too few do: see whether a worker of this deployment is attached',
    ),
  );
}

interface LateCounts {
  readonly count: number;
  readonly seconds: number;
}
