import type { Connection, QueryResultRow, Submittable } from 'pg';
import { parserOf } from './connection.js';

/** A statement that connections prepare once under its name; without a name it is prepared each time. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (Buffer | string | null)[];
}

/** What a statement answered. */
export interface Answer {
  readonly rows: QueryResultRow[];
  /** How many rows it returned or changed. */
  readonly count: number;
}

/** The name of a column and what makes a value of its text. */
interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/** The columns of the statements that a connection has prepared, by their names. */
export type Prepared = Map<string, readonly Column[]>;

/**
 * Statements that go to the database in one message and are answered in one, as the extended protocol has it: where one
 * fails, those behind it are not run. The driver itself sends one statement at a time.
 */
export class Batch implements Submittable {
  /** The answers so far: of the statements that did not fail. */
  readonly answers: Answer[] = [];
  #columns: readonly Column[] | undefined;
  #rows: QueryResultRow[] = [];

  constructor(
    private readonly statements: readonly Statement[],
    private readonly prepared: Prepared,
    /** Called once, at the end. The driver puts its timeout around it. */
    readonly callback: (error: Error | null) => void,
  ) {}

  submit(connection: Connection): void {
    connection.stream.cork();
    const sent = new Set<string>();
    for (const { name, text, values } of this.statements) {
      if (!this.prepared.has(name) && !sent.has(name)) {
        // One that failed before may stand or not.
        if (name !== '') connection.close({ type: 'S', name }, true);
        connection.parse({ name, text, types: [] }, true);
        if (name !== '') sent.add(name);
      }
      connection.bind({ statement: name, values: [...values] }, true);
      if (!this.prepared.has(name)) connection.describe({ type: 'P', name: '' }, true);
      connection.execute({}, true);
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }) {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const columns = this.#columns ?? this.prepared.get(this.#current.name)!;
    const row: QueryResultRow = {};
    for (const [i, { name, parse }] of columns.entries()) {
      const text = fields[i]!;
      row[name] = text === null ? null : parse(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { text: string }): void {
    const { name } = this.#current;
    if (name !== '' && !this.prepared.has(name)) this.prepared.set(name, this.#columns ?? []);
    this.answers.push({ rows: this.#rows, count: Number(/\d+$/.exec(text)?.[0] ?? 0) });
    this.#rows = [];
    this.#columns = undefined;
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  get #current(): Statement {
    return this.statements[this.answers.length]!;
  }
}
