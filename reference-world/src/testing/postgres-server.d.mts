import type { QueryResultRow } from 'pg';

export interface PostgresOptions {
  /** A folder with a `bin` that anybody may run; by default that of the package. */
  readonly binaries?: string | undefined;
  /** Where its own folder goes, open to anybody; by default among the temporary files. */
  readonly folder?: string;
  /** By default what PostgreSQL takes. */
  readonly maxConnections?: number;
  /** How long `stop` leaves open connections the time to end by themselves; by default not at all. */
  readonly patienceMs?: number;
}

/** One server. It is not running before the first database is asked for. */
export class PostgresServer {
  constructor(options?: PostgresOptions);

  /** The address of a new, empty database. */
  createDatabase(name?: string): Promise<string>;

  /** Ends the server, and removes its data. */
  stop(): Promise<void>;

  protected readonly pid: number;

  /** Starts the server again, after its end. */
  protected start(): Promise<void>;

  /** Ends the server by a signal. */
  protected end(signal: NodeJS.Signals): Promise<void>;
}

/** Runs statements in a database, and resolves with the rows. */
export function execute<R extends QueryResultRow>(
  url: string,
  text: string,
  values?: readonly unknown[],
): Promise<R[]>;
