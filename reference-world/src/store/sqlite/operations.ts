import type { StoreOperations } from '../operations.js';
import { eventOperations } from './events.js';
import { hookOperations } from './hooks.js';
import { keyOperations } from './keys.js';
import { outcomeOperations } from './outcomes.js';
import { payloadColumns } from './payloads.js';
import { queueOperations } from './queue.js';
import { queueAdminOperations } from './queue-admin.js';
import { queueNames } from './queue-names.js';
import { removalOperations } from './removal.js';
import { retentionOperations } from './retention.js';
import { runOperations } from './runs.js';
import { Sql } from './sql.js';
import { stepOperations } from './steps.js';
import { streamOperations } from './streams.js';
import { waitOperations } from './waits.js';

/** The operations on one connection; `notify` is the transaction's own. */
export type Operations = Omit<StoreOperations, 'notify'>;

export interface Connection {
  readonly operations: Operations;
  /** Forgets what is kept in memory of rows that a rollback may have removed. */
  forget(): void;
}

export function connect(db: Sql['db']): Connection {
  const sql = new Sql(db);
  const payloads = payloadColumns(sql);
  const names = queueNames(sql);
  return {
    operations: {
      ...outcomeOperations(sql),
      ...runOperations(sql, payloads),
      ...eventOperations(sql),
      ...stepOperations(sql, payloads),
      ...hookOperations(sql),
      ...waitOperations(sql),
      ...queueOperations(sql, payloads, names),
      ...queueAdminOperations(sql, names),
      ...streamOperations(sql),
      ...keyOperations(sql),
      ...retentionOperations(sql),
      ...removalOperations(sql, payloads),
    },
    forget: names.forget,
  };
}
