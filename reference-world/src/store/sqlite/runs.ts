import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Run } from '@worldwire/proto';
import { Decoded } from '../decoded.js';
import type {
  AttributeKeyRow,
  Key,
  PayloadChoice,
  RunFilter,
  StoreOperations,
} from '../operations.js';
import { completeRun, decodeRunRecord, encodePayloads, encodeRun, wants } from '../records.js';
import { slice, startOf } from '../slices.js';
import { type PayloadColumns, payloadIn } from './payloads.js';
import type { Bind, Query, Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
  readonly last_position: number;
  readonly last_event_at: number;
  readonly bytes: number;
  readonly input: Uint8Array | null;
  readonly output: Uint8Array | null;
  readonly error: Uint8Array | null;
}

const PAYLOADS = ['input', 'output', 'error'] as const;
type PayloadName = (typeof PAYLOADS)[number];

/** The payload columns of a choice, NULL for those that are not wanted. */
export function payloadsOf(choice: PayloadChoice, table: string): string {
  return PAYLOADS.map(
    (name) => `${wants(choice, name) ? payloadIn(`${table}.${name}`) : 'NULL'} AS ${name}`,
  ).join(', ');
}

/** Bytes of the payloads in a row. */
export function payloadBytes(row: Record<PayloadName, Uint8Array | null>): number {
  return (row.input?.length ?? 0) + (row.output?.length ?? 0) + (row.error?.length ?? 0);
}

/** Prepares a statement for each choice of payloads. */
export function byChoice<Q>(prepare: (choice: PayloadChoice) => Q): Record<PayloadChoice, Q> {
  return { none: prepare('none'), input: prepare('input'), all: prepare('all') };
}

function columnsOf(choice: PayloadChoice): string {
  return `r.key, r.data, r.last_position, r.last_event_at, r.bytes, ${payloadsOf(choice, 'r')}`;
}

/** What a filter adds to a statement on runs `r`: tables before it, conditions, and their parameters. */
function conditionsOf(project: string, filter: RunFilter, driver: 'runs' | 'attributes') {
  const from: string[] = [];
  const where: string[] = [];
  const params: Bind[] = [];
  for (const [i, [name, value]] of Object.entries(filter.attributes).entries()) {
    // The first attribute leads: few runs carry it with this value, and the index has them by key.
    if (i === 0 && driver === 'attributes') {
      from.push('run_attributes a CROSS JOIN');
      where.push('a.project = ? AND a.name = ? AND a.value = ? AND r.key = a.run_key');
      params.push(project, name, value);
    } else {
      where.push(
        'EXISTS (SELECT 1 FROM run_attributes x WHERE x.run_key = r.key AND x.name = ? AND x.value = ?)',
      );
      params.push(name, value);
    }
  }
  where.push('r.project = ?');
  params.push(project);
  if (filter.workflowName !== undefined) {
    where.push('r.workflow_name = ?');
    params.push(filter.workflowName);
  }
  const [status, ...others] = filter.statuses;
  if (status !== undefined) {
    // Several states are a filter on a list that is in order, not several lists to be sorted.
    const column =
      others.length > 0 || filter.workflowName !== undefined ? '+r.status' : 'r.status';
    where.push(`${column} IN (${filter.statuses.map(() => '?').join(', ')})`);
    params.push(...filter.statuses);
  }
  if (filter.createdFrom !== undefined) {
    where.push('r.created_at >= ?');
    params.push(filter.createdFrom);
  }
  if (filter.createdBefore !== undefined) {
    where.push('r.created_at < ?');
    params.push(filter.createdBefore);
  }
  return { from: from.join(' '), where: where.join(' AND '), params };
}

export function runOperations(
  sql: Sql,
  payloads: PayloadColumns,
): Pick<
  StoreOperations,
  | 'getRun'
  | 'insertRun'
  | 'updateRun'
  | 'listRuns'
  | 'listAttributeKeys'
  | 'releaseRun'
  | 'listStrandedRuns'
> {
  const get = byChoice((choice) =>
    sql.prepare<Row>(
      `SELECT ${columnsOf(choice)} FROM runs r WHERE r.project = ? AND r.run_id = ?`,
    ),
  );
  const insert = sql.prepare(
    `INSERT INTO runs (project, run_id, workflow_name, deployment_id, status, created_at, last_position, last_event_at,
       bytes, data, input, output, error) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?)`,
  );
  const update = sql.prepare('UPDATE runs SET status = ?, data = ?, ended_at = ? WHERE key = ?');
  const held = sql.prepare<Record<PayloadName, unknown>>(
    'SELECT input, output, error FROM runs WHERE key = ?',
  );
  const setPayload = Object.fromEntries(
    PAYLOADS.map((name) => [name, sql.prepare(`UPDATE runs SET ${name} = ? WHERE key = ?`)]),
  ) as Record<PayloadName, Query<unknown>>;
  const attributesOf = sql.prepare<{ name: string; value: string }>(
    'SELECT name, value FROM run_attributes WHERE run_key = ?',
  );
  const clearAttributes = sql.prepare('DELETE FROM run_attributes WHERE run_key = ?');
  const insertAttribute = sql.prepare(
    'INSERT INTO run_attributes (run_key, name, project, value) SELECT key, ?, project, ? FROM runs WHERE key = ?',
  );
  const releaseHooks = sql.prepare(
    'DELETE FROM hooks WHERE run_key = ? AND (state <> 1 OR retained_until <= ?)',
  );
  const releaseWaits = sql.prepare('DELETE FROM waits WHERE run_key = ?');
  const stranded = sql.prepare<{ key: Key; runId: string; workflowName: string }>(
    `SELECT r.key, r.run_id AS runId, r.workflow_name AS workflowName
       FROM runs r INDEXED BY runs_active
      WHERE r.project = ? AND r.deployment_id = ? AND r.status IN (1, 2) AND r.key > ?
        AND NOT EXISTS (SELECT 1 FROM messages m
             WHERE m.project = r.project AND m.run_id = r.run_id AND m.run_id <> '' AND m.visible_at IS NOT NULL)
      ORDER BY r.key LIMIT ?`,
  );

  const decoded = new Decoded(decodeRunRecord);

  function setAttributes(key: Key, run: Run, isNew: boolean): void {
    const wanted = Object.entries(run.attributes);
    if (!isNew) {
      const present = attributesOf.all(key);
      if (
        present.length === wanted.length &&
        present.every(
          ({ name, value }) =>
            Object.hasOwn(run.attributes, name) && run.attributes[name] === value,
        )
      )
        return;
      clearAttributes.run(key);
    }
    for (const [name, value] of wanted) insertAttribute.run(name, value, key);
  }

  return {
    getRun(project, runId, choice) {
      const row = get[choice].get(project, runId);
      return (
        row && {
          key: row.key,
          run: completeRun(decoded.get(row.key, row.data), row.last_position, row),
          lastEventAt: row.last_event_at,
          bytes: row.bytes,
        }
      );
    },
    insertRun(project, run) {
      const stored = encodePayloads(run);
      const { lastInsertRowid } = insert.run(
        project,
        run.runId,
        run.workflowName,
        run.deploymentId,
        run.status,
        run.createdAt ? timestampMs(run.createdAt) : 0,
        encodeRun(run),
        payloads.put(stored.input),
        payloads.put(stored.output),
        payloads.put(stored.error),
      );
      const key = Number(lastInsertRowid);
      setAttributes(key, run, true);
      return key;
    },
    updateRun(key, run, given) {
      const endedAt = run.completedAt ? timestampMs(run.completedAt) : null;
      update.run(run.status, encodeRun(run), endedAt, key);
      setAttributes(key, run, false);
      const stored = encodePayloads(given);
      for (const name of PAYLOADS) {
        const payload = stored[name];
        if (!payload) continue;
        payloads.drop(held.get(key)?.[name]);
        setPayload[name].run(payloads.put(payload), key);
      }
    },
    listRuns(project, filter, { after, descending, limit, maxBytes }, choice) {
      const { from, where, params } = conditionsOf(project, filter, 'attributes');
      const order = from === '' ? 'r.key' : 'a.run_key';
      const rows = sql
        .prepare<Row>(
          `SELECT ${columnsOf(choice)} FROM ${from} runs r
            WHERE ${where} AND ${order} ${descending ? '<' : '>'} ?
            ORDER BY ${order} ${descending ? 'DESC' : 'ASC'} LIMIT ?`,
        )
        .iterate(...params, startOf(after, descending), limit + 1);
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        payloadBytes,
        (row) => completeRun(decodeRunRecord(row.data), row.last_position, row),
      );
    },
    listAttributeKeys(project, filter, after, limit) {
      const { where, params } = conditionsOf(project, filter, 'runs');
      const rows = sql
        .prepare<AttributeKeyRow>(
          `SELECT k.name AS key, count(*) AS runCount, min(r.created_at) AS firstSeenAt, max(r.created_at) AS lastSeenAt
             FROM run_attributes k INDEXED BY run_attributes_by_value CROSS JOIN runs r ON r.key = k.run_key
            WHERE k.project = ? AND k.name > ? AND ${where}
            GROUP BY k.name ORDER BY k.name LIMIT ?`,
        )
        .all(project, after ?? '', ...params, limit + 1);
      return { items: rows.slice(0, limit), more: rows.length > limit };
    },
    releaseRun(key, now) {
      releaseHooks.run(key, now);
      releaseWaits.run(key);
    },
    listStrandedRuns(project, deploymentId, after, limit) {
      return stranded.all(project, deploymentId, after ?? -1, limit);
    },
  };
}
