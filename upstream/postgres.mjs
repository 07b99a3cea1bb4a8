/** A PostgreSQL for Worlds that need one: started on first use, with a fresh database for each run, gone afterwards. */
import { PostgresServer } from '../reference-world/src/testing/postgres-server.mjs';

/** A bridged World keeps up to fifty connections for its worker, beside its pool. */
const MAX_CONNECTIONS = 400;
/** Some connections are just about to end when a run is over. */
const PATIENCE_MS = 2_000;

export class Postgres extends PostgresServer {
  constructor() {
    super({ maxConnections: MAX_CONNECTIONS, patienceMs: PATIENCE_MS });
  }
}
