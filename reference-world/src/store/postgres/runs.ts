import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Run } from '@worldwire/proto';
import { Decoded } from '../decoded.js';
import type { AttributeKeyRow, Key, RunRow } from '../operations.js';
import { completeRun, decodeRunRecord, encodePayloads, encodeRun } from '../records.js';
import { slice, startOf } from '../slices.js';
import { digestOf } from './digest.js';
import type { KnownKeys } from './foresight.js';
import { bounded, inOrder, NO_LIMIT, sizeOf } from './lists.js';
import type { Answers, Together } from './operations.js';
import { payloadsByChoice, wantedPayloads } from './payload-columns.js';
import { conditionsOf } from './run-filter.js';
import type { Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
  readonly last_position: number;
  readonly last_event_at: number;
  readonly bytes: number;
  readonly size: number;
  readonly input: Uint8Array | null;
  readonly output: Uint8Array | null;
  readonly error: Uint8Array | null;
}

/** Records that this process has read, of every connection. */
const decoded = new Decoded(decodeRunRecord);

const END = 'key, data, last_position, last_event_at, bytes';

export function runsTogether(sql: Sql, keys: KnownKeys): Together<'getRun'> {
  return {
    /** Of a change, it takes the locks of the runs: what is read of them stays so until the commit. */
    async getRun(calls) {
      const answers: (RunRow | undefined)[] = calls.map(() => undefined);
      // By one statement, in one order everywhere, so that no two transactions wait for each other.
      const rows = await sql.all<Row & { readonly place: number }>(
        `SELECT place, ${END}, ${payloadsByChoice('c.choice')}
           FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[]) c (project, run_id, choice, place)
           JOIN worldwire.runs r ON r.project = c.project AND r.run_id = c.run_id
          ORDER BY key ${sql.lock('FOR NO KEY UPDATE OF r')}`,
        calls.map(([project]) => project),
        calls.map(([, runId]) => runId),
        calls.map(([, , choice]) => choice),
        calls.map((_, place) => place),
      );
      for (const row of rows) {
        const [project, runId] = calls[row.place]!;
        keys.seen(row.key, project, runId);
        answers[row.place] = {
          key: row.key,
          run: completeRun(decoded.get(row.key, row.data), row.last_position, row),
          lastEventAt: row.last_event_at,
          bytes: row.bytes,
        };
      }
      return answers;
    },
  };
}

export function runOperations(
  sql: Sql,
): Answers<
  'insertRun' | 'updateRun' | 'listRuns' | 'listAttributeKeys' | 'releaseRun' | 'listStrandedRuns'
> {
  /** Makes the attributes of a run the given ones. */
  async function setAttributes(key: Key, run: Run): Promise<void> {
    await sql.run(
      `WITH gone AS (DELETE FROM worldwire.run_attributes WHERE run_key = $1 AND name <> ALL ($2::text[]))
       INSERT INTO worldwire.run_attributes (run_key, project, name, value)
       SELECT key, project, name, value FROM worldwire.runs, unnest($2::text[], $3::text[]) a (name, value) WHERE key = $1
       ON CONFLICT (run_key, name) DO UPDATE SET value = excluded.value
         WHERE run_attributes.value <> excluded.value`,
      ...[key, Object.keys(run.attributes), Object.values(run.attributes)],
    );
  }

  return {
    async insertRun(project, run) {
      const { input = null, output = null, error = null } = encodePayloads(run);
      const row = await sql.get<{ key: Key }>(
        `INSERT INTO worldwire.runs (project, run_id, workflow_name, workflow, deployment, status, created_at,
           last_position, last_event_at, bytes, data, input, output, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, $8, $9, $10, $11) RETURNING key`,
        ...[project, run.runId, run.workflowName, digestOf(run.workflowName)],
        ...[digestOf(run.deploymentId), run.status, run.createdAt ? timestampMs(run.createdAt) : 0],
        ...[encodeRun(run), input, output, error],
      );
      if (Object.keys(run.attributes).length > 0) await setAttributes(row!.key, run);
      return row!.key;
    },
    async updateRun(key, run, given) {
      const { input = null, output = null, error = null } = encodePayloads(given);
      await Promise.all([
        sql.run(
          `UPDATE worldwire.runs SET status = $2, data = $3, input = coalesce($4, input),
             output = coalesce($5, output), error = coalesce($6, error), ended_at = $7 WHERE key = $1`,
          ...[key, run.status, encodeRun(run), input, output, error],
          run.completedAt ? timestampMs(run.completedAt) : null,
        ),
        setAttributes(key, run),
      ]);
    },
    async listRuns(project, filter, { after, descending, limit, maxBytes }, choice) {
      const { where, params } = conditionsOf(project, filter);
      const wanted = wantedPayloads(choice);
      const n = params.length;
      const list = `SELECT ${[END, ...wanted].join(', ')}, ${sizeOf(wanted)} AS size FROM worldwire.runs r
         WHERE ${where} AND r.key {>} $${n + 1} ORDER BY r.key {ASC} LIMIT $${n + 2}`;
      const rows = await sql.once<Row>(
        inOrder(bounded(list, [END], wanted, `$${n + 3}`), descending),
        [...params, startOf(after, descending), limit + 1, maxBytes ?? NO_LIMIT],
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.size,
        (row) => completeRun(decodeRunRecord(row.data), row.last_position, row),
      );
    },
    async listAttributeKeys(project, filter, after, limit) {
      const { where, params } = conditionsOf(project, filter);
      const n = params.length;
      const rows = await sql.once<AttributeKeyRow>(
        `SELECT k.name AS key, count(*) AS "runCount", min(r.created_at) AS "firstSeenAt",
                max(r.created_at) AS "lastSeenAt"
           FROM worldwire.run_attributes k JOIN worldwire.runs r ON r.key = k.run_key
          WHERE ${where} AND k.project = $1 AND k.name > $${n + 1}
          GROUP BY k.name ORDER BY k.name LIMIT $${n + 2}`,
        [...params, after ?? '', limit + 1],
      );
      return { items: rows.slice(0, limit), more: rows.length > limit };
    },
    async releaseRun(key, now) {
      await Promise.all([
        sql.run(
          'DELETE FROM worldwire.hooks WHERE run_key = $1 AND (state <> 1 OR retained_until <= $2)',
          key,
          now,
        ),
        sql.run('DELETE FROM worldwire.waits WHERE run_key = $1', key),
      ]);
    },
    async listStrandedRuns(project, deploymentId, after, limit) {
      // Of several calls at one time the later ones see what the first has sent.
      await sql.hold(digestOf(project, 'wakes', deploymentId));
      return sql.all<{ key: Key; runId: string; workflowName: string }>(
        `SELECT r.key, r.run_id AS "runId", r.workflow_name AS "workflowName" FROM worldwire.runs r
          WHERE r.project = $1 AND r.deployment = $2 AND r.status IN (1, 2) AND r.key > $3
            AND NOT EXISTS (SELECT 1 FROM worldwire.messages m
                 WHERE m.project = r.project AND m.run_id = r.run_id AND m.run_id <> '' AND m.visible_at IS NOT NULL)
          ORDER BY r.key LIMIT $4 ${sql.lock('FOR NO KEY UPDATE OF r')}`,
        ...[project, digestOf(deploymentId), after ?? -1, limit],
      );
    },
  };
}
