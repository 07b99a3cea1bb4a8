import type { Step } from '@worldwire/proto';
import type { Key, Payloads } from '../operations.js';
import { decodeStep, encodePayloads, encodeStep, type StoredPayloads } from '../records.js';
import { slice, startOf } from '../slices.js';
import { bounded, inOrder, NO_LIMIT, sizeOf } from './lists.js';
import { inParts, packed } from './many-rows.js';
import type { Answers, Together } from './operations.js';
import { PAYLOADS, payloadsOf, placesByChoice, wantedPayloads } from './payload-columns.js';
import type { Bind, Sql } from './sql.js';

interface Row {
  readonly key: Key;
  readonly data: Uint8Array;
  readonly size: number;
  readonly input: Uint8Array | null;
  readonly output: Uint8Array | null;
  readonly error: Uint8Array | null;
}

/** A step as it is written. */
interface Stored extends StoredPayloads {
  readonly key: Key;
  readonly stepId: string;
  readonly data: Uint8Array;
}

function storedOf(key: Key, step: Step, payloads: Payloads): Stored {
  return { key, stepId: step.stepId, data: encodeStep(step), ...encodePayloads(payloads) };
}

function sizeOfStored({ data, input, output, error }: Stored): number {
  return data.length + (input?.length ?? 0) + (output?.length ?? 0) + (error?.length ?? 0);
}

/** Steps as parameters from $1 on. */
function columnsOf(steps: readonly Stored[]): readonly Bind[] {
  return [
    steps.map(({ key }) => key),
    steps.map(({ stepId }) => stepId),
    ...packed(steps.map(({ data }) => data)),
    ...PAYLOADS.flatMap((name) => packed(steps.map((step) => step[name]))),
  ];
}

/** Rows of such parameters. */
const STEPS = `(SELECT key, step_id, substring($3::bytea FROM data_at FOR data_length) AS data,
     substring($6::bytea FROM input_at FOR input_length) AS input,
     substring($9::bytea FROM output_at FOR output_length) AS output,
     substring($12::bytea FROM error_at FOR error_length) AS error
   FROM unnest($1::bigint[], $2::text[], $4::integer[], $5::integer[], $7::integer[], $8::integer[], $10::integer[],
     $11::integer[], $13::integer[], $14::integer[])
     u (key, step_id, data_at, data_length, input_at, input_length, output_at, output_length, error_at, error_length)) c`;

export function stepsTogether(sql: Sql): Together<'getStep' | 'insertStep' | 'updateStep'> {
  async function write(steps: readonly Stored[], statement: string): Promise<undefined[]> {
    const parts = inParts(steps, sizeOfStored);
    await Promise.all(parts.map((part) => sql.run(statement, ...columnsOf(part))));
    return steps.map(() => undefined);
  }

  return {
    async getStep(calls) {
      const answers: (Step | undefined)[] = calls.map(() => undefined);
      const choices = placesByChoice(calls.map(([, , choice]) => choice));
      await Promise.all(
        Array.from(choices, async ([choice, places]) => {
          const rows = await sql.all<Row & { readonly place: number }>(
            `SELECT place, data, ${payloadsOf(choice)}
               FROM unnest($1::bigint[], $2::text[], $3::integer[]) c (key, step_id, place)
               JOIN worldwire.steps s ON s.run_key = c.key AND s.step_id = c.step_id`,
            places.map((place) => calls[place]![0]),
            places.map((place) => calls[place]![1]),
            places,
          );
          for (const row of rows) answers[row.place] = decodeStep(row.data, row);
        }),
      );
      return answers;
    },
    insertStep: (calls) =>
      write(
        calls.map(([key, step]) => storedOf(key, step, step)),
        `INSERT INTO worldwire.steps (run_key, step_id, data, input, output, error)
         SELECT key, step_id, data, input, output, error FROM ${STEPS}`,
      ),
    updateStep: (calls) =>
      write(
        calls.map((call) => storedOf(...call)),
        `UPDATE worldwire.steps s SET data = c.data, input = coalesce(c.input, s.input),
           output = coalesce(c.output, s.output), error = coalesce(c.error, s.error)
           FROM ${STEPS} WHERE s.run_key = c.key AND s.step_id = c.step_id`,
      ),
  };
}

export function stepOperations(sql: Sql): Answers<'listSteps'> {
  return {
    async listSteps(key, { after, descending, limit, maxBytes }, choice) {
      const wanted = wantedPayloads(choice);
      const list = `SELECT ${['key', 'data', ...wanted].join(', ')}, ${sizeOf(wanted)} AS size
         FROM worldwire.steps WHERE run_key + 0 = $1 AND key {>} $2 ORDER BY key {ASC} LIMIT $3`;
      const rows = await sql.all<Row>(
        inOrder(bounded(list, ['key', 'data'], wanted, '$4'), descending),
        ...[key, startOf(after, descending), limit + 1, maxBytes ?? NO_LIMIT],
      );
      return slice(
        rows,
        limit,
        maxBytes,
        (row) => row.key,
        (row) => row.size,
        (row) => decodeStep(row.data, row),
      );
    },
  };
}
