import type { Key, StoreOperations } from '../operations.js';
import { decodeStep, encodePayloads, encodeStep } from '../records.js';
import { slice, startOf } from '../slices.js';
import type { PayloadColumns } from './payloads.js';
import { byChoice, payloadBytes, payloadsOf } from './runs.js';
import { bothOrders, type Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
  readonly input: Uint8Array | null;
  readonly output: Uint8Array | null;
  readonly error: Uint8Array | null;
}

export function stepOperations(
  sql: Sql,
  payloads: PayloadColumns,
): Pick<StoreOperations, 'getStep' | 'insertStep' | 'updateStep' | 'listSteps'> {
  const get = byChoice((choice) =>
    sql.prepare<Row>(
      `SELECT s.key, s.data, ${payloadsOf(choice, 's')} FROM steps s WHERE s.run_key = ? AND s.step_id = ?`,
    ),
  );
  const insert = sql.prepare(
    'INSERT INTO steps (run_key, step_id, data, input, output, error) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const update = sql.prepare('UPDATE steps SET data = ? WHERE run_key = ? AND step_id = ?');
  const held = sql.prepare<{ input: unknown; output: unknown; error: unknown }>(
    'SELECT input, output, error FROM steps WHERE run_key = ? AND step_id = ?',
  );
  const updateAll = sql.prepare(
    `UPDATE steps SET data = ?, input = ifnull(?, input), output = ifnull(?, output), error = ifnull(?, error)
      WHERE run_key = ? AND step_id = ?`,
  );
  const list = byChoice((choice) =>
    bothOrders<Row>(
      sql,
      `SELECT s.key, s.data, ${payloadsOf(choice, 's')} FROM steps s
        WHERE s.run_key = ? AND s.key {>} ? ORDER BY s.key {ASC} LIMIT ?`,
    ),
  );
  return {
    getStep(key, stepId, choice) {
      const row = get[choice].get(key, stepId);
      return row && decodeStep(row.data, row);
    },
    insertStep(key, step) {
      const stored = encodePayloads(step);
      insert.run(
        key,
        step.stepId,
        encodeStep(step),
        payloads.put(stored.input),
        payloads.put(stored.output),
        payloads.put(stored.error),
      );
    },
    updateStep(key, step, given) {
      const { input, output, error } = encodePayloads(given);
      const data = encodeStep(step);
      if (!input && !output && !error) {
        update.run(data, key, step.stepId);
        return;
      }
      const before = held.get(key, step.stepId);
      if (input) payloads.drop(before?.input);
      if (output) payloads.drop(before?.output);
      if (error) payloads.drop(before?.error);
      updateAll.run(
        data,
        payloads.put(input),
        payloads.put(output),
        payloads.put(error),
        key,
        step.stepId,
      );
    },
    listSteps(key, { after, descending, limit, maxBytes }, choice) {
      const rows = list[choice](descending).iterate(key, startOf(after, descending), limit + 1);
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        payloadBytes,
        (row) => decodeStep(row.data, row),
      );
    },
  };
}
