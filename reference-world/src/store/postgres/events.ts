import type { Event, EventType } from '@worldwire/proto';
import type { Key, Slice } from '../operations.js';
import { decodeEvent, encodeEvent } from '../records.js';
import { slice, startOf } from '../slices.js';
import { bounded, inOrder, NO_LIMIT } from './lists.js';
import { inParts, packed } from './many-rows.js';
import type { Answers, Together } from './operations.js';
import type { Bind, Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
  readonly payload: Uint8Array | null;
  readonly size: number;
}

/** Lists by `key`, from a condition on events `e` whose parameters end before $3. */
function listing(key: string, from: string, payloads: boolean): string {
  const payload = payloads ? 'e.payload' : 'NULL::bytea AS payload';
  const size = `octet_length(e.data)${payloads ? ' + coalesce(octet_length(e.payload), 0)' : ''}`;
  const list = `SELECT ${key} AS key, e.data, ${payload}, ${size} AS size FROM ${from}
     AND ${key} {>} $3 AND (cardinality($4::smallint[]) = 0 OR e.type = ANY ($4)) ORDER BY ${key} {ASC} LIMIT $5`;
  return bounded(list, ['key', 'data'], ['payload'], '$6');
}

const OF_RUN = 'worldwire.events e WHERE e.run_key = $1 AND $2::text IS NULL';
const OF_ENTITY =
  "worldwire.events e WHERE e.run_key = $1 AND e.correlation_id = $2 AND e.correlation_id <> ''";
const OF_PROJECT = `worldwire.events e JOIN worldwire.runs r ON r.key = e.run_key
   WHERE r.project = $1 AND e.correlation_id = $2 AND e.correlation_id <> ''`;

export function eventsTogether(sql: Sql): Together<'appendEvents'> {
  return {
    async appendEvents(calls) {
      const rows = calls.flatMap(([key, events]) =>
        events.map((event) => ({ ...encodeEvent(event), key, event })),
      );
      const ends = [...new Map(calls.map(([key, , end]) => [key, end]))];
      await Promise.all([
        ...inParts(rows, ({ data, payload }) => data.length + (payload?.length ?? 0)).map((part) =>
          sql.run(
            `INSERT INTO worldwire.events (run_key, position, type, correlation_id, data, payload)
             SELECT key, position, type, entity, substring($5::bytea FROM start FOR length),
                    substring($8::bytea FROM payload_start FOR payload_length)
               FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $6::integer[], $7::integer[],
                      $9::integer[], $10::integer[])
                 c (key, position, type, entity, start, length, payload_start, payload_length)`,
            part.map(({ key }) => key),
            part.map(({ event }) => Number(event.position)),
            part.map(({ type }) => type),
            part.map(({ event }) => event.correlationId),
            ...packed(part.map(({ data }) => data)),
            ...packed(part.map(({ payload }) => payload)),
          ),
        ),
        sql.run(
          `UPDATE worldwire.runs r SET last_position = c.last_position, last_event_at = c.last_event_at, bytes = c.bytes
             FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
               c (key, last_position, last_event_at, bytes) WHERE r.key = c.key`,
          ends.map(([key]) => key),
          ends.map(([, end]) => end.lastPosition),
          ends.map(([, end]) => end.lastEventAt),
          ends.map(([, end]) => end.bytes),
        ),
      ]);
      return calls.map(() => undefined);
    },
  };
}

export function eventOperations(
  sql: Sql,
): Answers<'getEvent' | 'listEvents' | 'listProjectEvents' | 'hasEvent'> {
  async function list(
    [key, from]: readonly [string, string],
    [first, second]: readonly [Bind, Bind],
    types: readonly EventType[],
    { after, descending, limit, maxBytes }: Slice,
    payloads: boolean,
  ) {
    const rows = await sql.all<Row>(
      inOrder(listing(key, from, payloads), descending),
      ...[first, second, startOf(after, descending), types, limit + 1, maxBytes ?? NO_LIMIT],
    );
    return slice(
      rows,
      limit,
      maxBytes,
      (row) => row.key,
      (row) => row.size,
      (row): Event => decodeEvent(row.data, row.payload, payloads),
    );
  }

  return {
    async getEvent(key, position, payloads) {
      const row = await sql.get<Row>(
        `SELECT data, ${payloads ? 'payload' : 'NULL::bytea AS payload'} FROM worldwire.events
          WHERE run_key = $1 AND position = $2`,
        key,
        position,
      );
      return row && decodeEvent(row.data, row.payload, payloads);
    },
    listEvents: (key, types, correlationId, given, payloads) =>
      correlationId === undefined
        ? list(['e.position', OF_RUN], [key, null], types, given, payloads)
        : list(['e.position', OF_ENTITY], [key, correlationId], types, given, payloads),
    listProjectEvents: (project, types, correlationId, given, payloads) =>
      list(['e.key', OF_PROJECT], [project, correlationId], types, given, payloads),
    async hasEvent(key, type, correlationId) {
      const row = await sql.get(
        `SELECT 1 FROM worldwire.events
          WHERE run_key = $1 AND correlation_id = $2 AND correlation_id <> '' AND type = $3 LIMIT 1`,
        ...[key, correlationId, type],
      );
      return row !== undefined;
    },
  };
}
