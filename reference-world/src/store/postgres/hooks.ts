import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Hook } from '@worldwire/proto';
import type { HookState, Key, ResumeRow, TokenRow } from '../operations.js';
import { decodeHook, encodeHook, runContextOf } from '../records.js';
import { slice, startOf } from '../slices.js';
import { digestOf } from './digest.js';
import { bounded, inOrder, NO_LIMIT } from './lists.js';
import type { Answers } from './operations.js';
import type { Sql } from './sql.js';

/** As stored. The indexes of live hooks name 1. */
const STATES: readonly HookState[] = ['conflicted', 'live', 'disposed'];

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array | null;
  readonly run_data: Uint8Array;
  readonly size: number;
}

const LIVE = 'FROM worldwire.hooks h JOIN worldwire.runs r ON r.key = h.run_key WHERE h.state = 1';

function columnsOf(payloads: boolean): string {
  const metadata = payloads ? 'h.metadata' : 'NULL::bytea';
  return `h.key, h.data, r.data AS run_data, ${metadata} AS metadata`;
}

function hookOf(row: Row): Hook {
  return decodeHook(row.data, row.metadata, runContextOf(row.run_data));
}

export function hookOperations(
  sql: Sql,
): Answers<
  | 'getHook'
  | 'readHook'
  | 'readHookByToken'
  | 'getToken'
  | 'insertHook'
  | 'disposeHook'
  | 'dropTokenHolder'
  | 'listHooks'
  | 'getResume'
  | 'insertResume'
  | 'pruneRetainedHooks'
> {
  return {
    async getHook(key, hookId) {
      const row = await sql.get<{ data: Uint8Array; state: number }>(
        'SELECT data, state FROM worldwire.hooks WHERE run_key = $1 AND hook_id = $2',
        key,
        hookId,
      );
      return row && { hook: decodeHook(row.data, null, undefined), state: STATES[row.state]! };
    },
    async readHook(project, key, hookId, payloads) {
      const row =
        key === undefined
          ? await sql.get<Row>(
              `SELECT ${columnsOf(payloads)} ${LIVE} AND h.project = $1 AND h.hook_id = $2
                ORDER BY h.key DESC LIMIT 1`,
              project,
              hookId,
            )
          : await sql.get<Row>(
              `SELECT ${columnsOf(payloads)} ${LIVE} AND h.run_key = $1 AND h.hook_id = $2`,
              key,
              hookId,
            );
      return row && hookOf(row);
    },
    async readHookByToken(project, token, payloads) {
      const row = await sql.get<Row>(
        `SELECT ${columnsOf(payloads)} ${LIVE} AND h.token = $1`,
        digestOf(project, token),
      );
      return row && hookOf(row);
    },
    /**
     * Of a change, it keeps the holder from letting go of the token until the commit, and others from asking for it:
     * they may take it, or drop the holder, and of several who are at that at the same time none could.
     */
    async getToken(project, token) {
      const digest = digestOf(project, token);
      const [, row] = await Promise.all([
        sql.hold(digest),
        sql.get<TokenRow>(
          `SELECT r.run_id AS "runId", h.hook_id AS "hookId", h.retained_until AS "retainedUntil",
                  r.status AS "runStatus" ${LIVE} AND h.token = $1 ${sql.lock('FOR UPDATE OF h')}`,
          digest,
        ),
      ]);
      return row;
    },
    async insertHook(project, key, hook, state) {
      await sql.run(
        `INSERT INTO worldwire.hooks (run_key, project, hook_id, token, state, retained_until, data, metadata)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        ...[key, project, hook.hookId, digestOf(project, hook.token), STATES.indexOf(state)],
        ...[hook.tokenRetentionUntil ? timestampMs(hook.tokenRetentionUntil) : 0],
        ...[encodeHook(hook), state === 'live' && hook.metadata ? hook.metadata : null],
      );
    },
    async disposeHook(key, hookId) {
      await sql.run(
        `UPDATE worldwire.hooks SET state = 2, metadata = NULL
          WHERE run_key = $1 AND hook_id = $2 AND state = 1`,
        key,
        hookId,
      );
    },
    async dropTokenHolder(project, token) {
      await sql.run(
        'DELETE FROM worldwire.hooks WHERE state = 1 AND token = $1',
        digestOf(project, token),
      );
    },
    async listHooks(project, key, { after, descending, limit, maxBytes }, payloads) {
      const owner = key === undefined ? 'h.project' : 'h.run_key';
      const size = payloads ? 'coalesce(octet_length(h.metadata), 0)' : '0';
      const list = `SELECT ${columnsOf(payloads)}, ${size} AS size ${LIVE}
         AND ${owner} = $1 AND h.key {>} $2 ORDER BY h.key {ASC} LIMIT $3`;
      const rows = await sql.all<Row>(
        inOrder(bounded(list, ['key', 'data', 'run_data'], ['metadata'], '$4'), descending),
        ...[key ?? project, startOf(after, descending), limit + 1, maxBytes ?? NO_LIMIT],
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.size,
        hookOf,
      );
    },
    getResume: (key, resumeId) =>
      sql.get<ResumeRow>(
        `SELECT hook_id AS "hookId", digest, position FROM worldwire.resumes
          WHERE run_key = $1 AND resume_id = $2`,
        key,
        resumeId,
      ),
    async insertResume(key, resumeId, resume) {
      await sql.run(
        `INSERT INTO worldwire.resumes (run_key, resume_id, hook_id, digest, position)
         VALUES ($1, $2, $3, $4, $5)`,
        ...[key, resumeId, resume.hookId, resume.digest, resume.position],
      );
    },
    pruneRetainedHooks: (now, limit) =>
      sql.run(
        `DELETE FROM worldwire.hooks WHERE key = ANY (ARRAY(
           SELECT h.key ${LIVE} AND h.retained_until > 0 AND h.retained_until <= $1 AND r.status NOT IN (1, 2)
            ORDER BY h.retained_until LIMIT $2 FOR UPDATE OF h SKIP LOCKED))`,
        now,
        limit,
      ),
  };
}
