/** What a transaction takes hold of that makes speculations come true. */
import { type KnownRun, nameOf, positionOf } from './known-run.js';
import { LOCK_REQUESTS } from './outcomes.js';
import type { Speculation } from './speculation.js';
import type { Bind } from './sql.js';

/** How far the time that a command went by may be from the database's. */
const APART_MS = 1_000;

/**
 * More columns of a SELECT: the locks of the requests and of the runs. It fails where the time or a run is not as it was
 * taken to be; a division by zero is the one error that plain SQL can raise.
 */
export const HOLD = `, 1 / (abs(extract(epoch FROM clock_timestamp()) * 1000 - $8) < ${APART_MS})::integer,
   (${LOCK_REQUESTS}), (SELECT 1 / (count(*) = cardinality($3::bigint[]))::integer FROM (
   SELECT FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
       c (key, project, run_id, position, event_at)
     JOIN worldwire.runs r ON r.key = c.key
    WHERE r.project = c.project AND r.run_id = c.run_id AND r.last_position = c.position
      AND r.last_event_at = c.event_at
    ORDER BY r.key FOR NO KEY UPDATE OF r) held)`;

/** The parameters of these columns. */
export function heldBy(speculations: readonly Speculation[], now: number): Bind[] {
  const requests = speculations.flatMap(({ changes }) =>
    changes.flatMap(({ name, args }) => (name === 'putOutcome' ? [args] : [])),
  );
  // Of several changes of a run, the first builds on what is remembered.
  const first = new Map<string, KnownRun>();
  for (const { run } of speculations)
    if (run && !first.has(nameOf(run.before))) first.set(nameOf(run.before), run.before);
  const runs = [...first.values()];
  return [
    requests.map(([project]) => project),
    requests.map(([, requestId]) => requestId),
    runs.map(({ row }) => row.key),
    runs.map(({ project }) => project),
    runs.map(({ runId }) => runId),
    runs.map(positionOf),
    runs.map(({ row }) => row.lastEventAt),
    now,
  ];
}
