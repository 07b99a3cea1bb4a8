import pg from 'pg';
import { settingsOf } from './address.js';

const INT8 = 20;

/** Connections that one server keeps at most, for what. */
export const CONNECTIONS = { writers: 5, readers: 4, listeners: 1 } as const;

/** A statement that takes longer is given up on: nothing here does unless it waits. */
const STATEMENT_MS = 20_000;
/** A lock that others hold for longer is given up on. */
const LOCK_MS = 10_000;
/** A transaction whose server says nothing for so long is undone, and its locks with it: the server is cut off. */
const IDLE_IN_TRANSACTION_MS = 15_000;
/** A connection on which an answer is so late is taken for cut. */
const ANSWER_MS = STATEMENT_MS + 5_000;
const CONNECT_MS = 5_000;

/** What makes a value of the text of a column of this type. */
export function parserOf(oid: number): (text: string) => unknown {
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, 'text');
}

const types: pg.CustomTypesConfig = { getTypeParser: parserOf };

/** How every connection to a database is made. */
export function connectionTo(url: string): pg.ClientConfig {
  return {
    ...settingsOf(url),
    application_name: 'worldwire',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    statement_timeout: STATEMENT_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    query_timeout: ANSWER_MS,
    types,
  };
}
