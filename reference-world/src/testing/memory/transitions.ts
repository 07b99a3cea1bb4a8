import { createRequire } from 'node:module';

/** What becomes of an event: see the head of `spec/transitions.yaml`. */
export interface Outcome {
  readonly nothing?: true;
  readonly repeat?: true;
  readonly refuse?: string;
  readonly append?: readonly string[];
  readonly becomes?: Readonly<Record<string, string | number | boolean>>;
}

interface Row {
  readonly id: string;
  readonly event: string;
  readonly given: string;
  readonly state: string;
  readonly runs: Readonly<Record<string, readonly Outcome[]>>;
}

const specification: {
  readonly tables: Readonly<Record<string, { readonly rows: readonly Row[] }>>;
} = createRequire(import.meta.url)('@worldwire/spec/transitions');

/** One cell of the specification's tables. */
export interface Cell extends Omit<Row, 'runs'> {
  /** The name of the table: run, step, hook, wait or attr. */
  readonly table: string;
  /** The state of the run before the event. */
  readonly run: string;
  /** The outcome that the specification recommends: this World's. */
  readonly expected: Outcome;
}

/** Every cell of every table of the specification. */
export const cells: readonly Cell[] = Object.entries(specification.tables).flatMap(
  ([table, { rows }]) =>
    rows.flatMap(({ runs, ...row }) =>
      Object.entries(runs).map(([run, [expected]]) => ({
        ...row,
        table,
        run,
        expected: expected!,
      })),
    ),
);
