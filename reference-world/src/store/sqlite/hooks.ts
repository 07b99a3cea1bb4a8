import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Hook, HookRunContext } from '@worldwire/proto';
import type { HookState, Key, ResumeRow, StoreOperations, TokenRow } from '../operations.js';
import { decodeHook, encodeHook, runContextOf } from '../records.js';
import { slice, startOf } from '../slices.js';
import { bothOrders, type Sql } from './sql.js';

/** As stored. The indexes of live hooks name 1. */
const STATES: readonly HookState[] = ['conflicted', 'live', 'disposed'];

interface Row {
  readonly key: Key;
  readonly run_key: Key;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array | null;
}

export function hookOperations(
  sql: Sql,
): Pick<
  StoreOperations,
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
  const columns = 'h.key, h.run_key, h.data, iif(?, h.metadata, NULL) AS metadata';
  const get = sql.prepare<{ data: Uint8Array; state: number }>(
    'SELECT data, state FROM hooks WHERE run_key = ? AND hook_id = ?',
  );
  const readOfRun = sql.prepare<Row>(
    `SELECT ${columns} FROM hooks h WHERE h.state = 1 AND h.run_key = ? AND h.hook_id = ?`,
  );
  const readNewest = sql.prepare<Row>(
    `SELECT ${columns} FROM hooks h WHERE h.state = 1 AND h.project = ? AND h.hook_id = ? ORDER BY h.key DESC LIMIT 1`,
  );
  const readByToken = sql.prepare<Row>(
    `SELECT ${columns} FROM hooks h WHERE h.state = 1 AND h.project = ? AND h.token = ?`,
  );
  const runData = sql.prepare<{ data: Uint8Array }>('SELECT data FROM runs WHERE key = ?');
  const token = sql.prepare<TokenRow>(
    `SELECT r.run_id AS runId, h.hook_id AS hookId, h.retained_until AS retainedUntil, r.status AS runStatus
       FROM hooks h JOIN runs r ON r.key = h.run_key WHERE h.state = 1 AND h.project = ? AND h.token = ?`,
  );
  const insert = sql.prepare(
    `INSERT INTO hooks (run_key, project, hook_id, token, state, retained_until, data, metadata)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const dispose = sql.prepare(
    'UPDATE hooks SET state = 2, metadata = NULL WHERE run_key = ? AND hook_id = ? AND state = 1',
  );
  const drop = sql.prepare('DELETE FROM hooks WHERE state = 1 AND project = ? AND token = ?');
  const listOfRun = bothOrders<Row>(
    sql,
    `SELECT ${columns} FROM hooks h
      WHERE h.state = 1 AND h.run_key = ? AND h.key {>} ? ORDER BY h.key {ASC} LIMIT ?`,
  );
  const listOfProject = bothOrders<Row>(
    sql,
    `SELECT ${columns} FROM hooks h
      WHERE h.state = 1 AND h.project = ? AND h.key {>} ? ORDER BY h.key {ASC} LIMIT ?`,
  );
  const getResume = sql.prepare<ResumeRow>(
    'SELECT hook_id AS hookId, digest, position FROM resumes WHERE run_key = ? AND resume_id = ?',
  );
  const insertResume = sql.prepare(
    'INSERT INTO resumes (run_key, resume_id, hook_id, digest, position) VALUES (?, ?, ?, ?, ?)',
  );
  const prune = sql.prepare(
    `DELETE FROM hooks WHERE key IN (
       SELECT h.key FROM hooks h JOIN runs r ON r.key = h.run_key
        WHERE h.state = 1 AND h.retained_until > 0 AND h.retained_until <= ? AND r.status NOT IN (1, 2)
        ORDER BY h.retained_until LIMIT ?)`,
  );

  function hookOf(row: Row, contexts?: Map<Key, HookRunContext>): Hook {
    let context = contexts?.get(row.run_key);
    if (context === undefined) {
      context = runContextOf(runData.get(row.run_key)!.data);
      contexts?.set(row.run_key, context);
    }
    return decodeHook(row.data, row.metadata, contexts ? { ...context } : context);
  }

  return {
    getHook(key, hookId) {
      const row = get.get(key, hookId);
      return row && { hook: decodeHook(row.data, null, undefined), state: STATES[row.state]! };
    },
    readHook(project, key, hookId, payloads) {
      const wanted = payloads ? 1 : 0;
      const row =
        key === undefined
          ? readNewest.get(wanted, project, hookId)
          : readOfRun.get(wanted, key, hookId);
      return row && hookOf(row);
    },
    readHookByToken(project, value, payloads) {
      const row = readByToken.get(payloads ? 1 : 0, project, value);
      return row && hookOf(row);
    },
    getToken(project, value) {
      return token.get(project, value);
    },
    insertHook(project, key, hook, state) {
      insert.run(
        key,
        project,
        hook.hookId,
        hook.token,
        STATES.indexOf(state),
        hook.tokenRetentionUntil ? timestampMs(hook.tokenRetentionUntil) : 0,
        encodeHook(hook),
        state === 'live' && hook.metadata ? hook.metadata : null,
      );
    },
    disposeHook(key, hookId) {
      dispose.run(key, hookId);
    },
    dropTokenHolder(project, value) {
      drop.run(project, value);
    },
    listHooks(project, key, { after, descending, limit, maxBytes }, payloads) {
      const list = key === undefined ? listOfProject : listOfRun;
      const rows = list(descending).all(
        payloads ? 1 : 0,
        key ?? project,
        startOf(after, descending),
        limit + 1,
      );
      const contexts = new Map<Key, HookRunContext>();
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.metadata?.length ?? 0,
        (row) => hookOf(row, contexts),
      );
    },
    getResume(key, resumeId) {
      return getResume.get(key, resumeId);
    },
    insertResume(key, resumeId, resume) {
      insertResume.run(key, resumeId, resume.hookId, resume.digest, resume.position);
    },
    pruneRetainedHooks(now, limit) {
      return prune.run(now, limit).changes;
    },
  };
}
