import type { Event } from '@worldwire/proto';
import type { Key, StoreOperations } from '../operations.js';
import { decodeEvent, encodeEvent } from '../records.js';
import { slice, startOf } from '../slices.js';
import { bothOrders, maskOf, type Query, type Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
  readonly payload: Uint8Array | null;
}

/** A statement with payloads and one without, each in both orders. */
function listing(sql: Sql, text: string): (payloads: boolean, descending: boolean) => Query<Row> {
  const whole = bothOrders<Row>(sql, text.replace('{payload}', 'e.payload'));
  const stripped = bothOrders<Row>(sql, text.replace('{payload}', 'NULL AS payload'));
  return (payloads, descending) => (payloads ? whole : stripped)(descending);
}

export function eventOperations(
  sql: Sql,
): Pick<
  StoreOperations,
  'appendEvents' | 'getEvent' | 'listEvents' | 'listProjectEvents' | 'hasEvent'
> {
  const insert = sql.prepare(
    'INSERT INTO events (run_key, position, type, correlation_id, data, payload) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const moveEnd = sql.prepare(
    'UPDATE runs SET last_position = ?, last_event_at = ?, bytes = ? WHERE key = ?',
  );
  const get = listing(
    sql,
    'SELECT e.position AS key, e.data, {payload} FROM events e WHERE e.run_key = ? AND e.position = ?',
  );
  const listRun = listing(
    sql,
    `SELECT e.position AS key, e.data, {payload} FROM events e
      WHERE e.run_key = ? AND e.position {>} ? AND (1 << e.type) & ?
      ORDER BY e.position {ASC} LIMIT ?`,
  );
  // A run's events are stored in the order of their positions, so that the index has them in order.
  const listEntity = listing(
    sql,
    `SELECT e.position AS key, e.data, {payload} FROM events e INDEXED BY events_by_correlation
      WHERE e.correlation_id = ? AND e.correlation_id <> '' AND e.run_key = ? AND e.position {>} ? AND (1 << e.type) & ?
      ORDER BY e.key {ASC} LIMIT ?`,
  );
  const listProject = listing(
    sql,
    `SELECT e.key, e.data, {payload}
       FROM events e INDEXED BY events_by_correlation JOIN runs r ON r.key = e.run_key
      WHERE e.correlation_id = ? AND e.correlation_id <> '' AND r.project = ? AND e.key {>} ? AND (1 << e.type) & ?
      ORDER BY e.key {ASC} LIMIT ?`,
  );
  const has = sql.prepare(
    `SELECT 1 FROM events e INDEXED BY events_by_correlation
      WHERE e.correlation_id = ? AND e.correlation_id <> '' AND e.run_key = ? AND e.type = ? LIMIT 1`,
  );

  function sliceOf(
    rows: Iterable<Row>,
    limit: number,
    maxBytes: number | undefined,
    payloads: boolean,
  ) {
    return slice(
      rows,
      limit,
      maxBytes,
      (row) => row.key,
      (row) => row.data.length + (row.payload?.length ?? 0),
      (row): Event => decodeEvent(row.data, row.payload, payloads),
    );
  }

  return {
    appendEvents(key, events, end) {
      for (const event of events) {
        const { type, data, payload } = encodeEvent(event);
        insert.run(key, Number(event.position), type, event.correlationId, data, payload);
      }
      moveEnd.run(end.lastPosition, end.lastEventAt, end.bytes, key);
    },
    getEvent(key, position, payloads) {
      const row = get(payloads, false).get(key, position);
      return row && decodeEvent(row.data, row.payload, payloads);
    },
    listEvents(key, types, correlationId, { after, descending, limit, maxBytes }, payloads) {
      const start = startOf(after, descending);
      const rows =
        correlationId === undefined
          ? listRun(payloads, descending).iterate(key, start, maskOf(types), limit + 1)
          : listEntity(payloads, descending).iterate(
              correlationId,
              key,
              start,
              maskOf(types),
              limit + 1,
            );
      return sliceOf(rows, limit, maxBytes, payloads);
    },
    listProjectEvents(
      project,
      types,
      correlationId,
      { after, descending, limit, maxBytes },
      payloads,
    ) {
      const rows = listProject(payloads, descending).iterate(
        correlationId,
        project,
        startOf(after, descending),
        maskOf(types),
        limit + 1,
      );
      return sliceOf(rows, limit, maxBytes, payloads);
    },
    hasEvent(key, type, correlationId) {
      return has.get(correlationId, key, type) !== undefined;
    },
  };
}
