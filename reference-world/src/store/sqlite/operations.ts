import type { StoreOperations } from '../operations.js';
import { eventOperations } from './events.js';
import { hookOperations } from './hooks.js';
import { outcomeOperations } from './outcomes.js';
import { payloadColumns } from './payloads.js';
import { queueOperations } from './queue.js';
import { queueAdminOperations } from './queue-admin.js';
import { queueNames } from './queue-names.js';
import { retentionOperations } from './retention.js';
import { runOperations } from './runs.js';
import { Sql } from './sql.js';
import { stepOperations } from './steps.js';
import { streamOperations } from './streams.js';
import { waitOperations } from './waits.js';

/** The operations on one connection; `notify` is the transaction's own. */
export type Operations = Omit<StoreOperations, 'notify'>;

/** Whether an operation changes anything. */
export const WRITES: Readonly<Record<keyof Operations, boolean>> = {
  getOutcome: false,
  putOutcome: true,
  getRun: false,
  insertRun: true,
  updateRun: true,
  listRuns: false,
  listAttributeKeys: false,
  releaseRun: true,
  purgeRun: true,
  appendEvents: true,
  getEvent: false,
  listEvents: false,
  listProjectEvents: false,
  hasEvent: false,
  getStep: false,
  insertStep: true,
  updateStep: true,
  listSteps: false,
  getHook: false,
  readHook: false,
  readHookByToken: false,
  getToken: false,
  insertHook: true,
  disposeHook: true,
  dropTokenHolder: true,
  listHooks: false,
  getResume: false,
  insertResume: true,
  getWait: false,
  insertWait: true,
  updateWait: true,
  listWaits: false,
  findMessage: false,
  insertMessage: true,
  leaseMessages: true,
  nextVisibleAt: false,
  getLease: false,
  deleteMessage: true,
  returnMessage: true,
  buryMessage: true,
  extendLease: true,
  releaseConsumer: true,
  listLeaseHolders: false,
  listQueues: false,
  listDeadMessages: false,
  reviveMessage: true,
  listStrandedRuns: false,
  noteDeployment: true,
  latestDeployment: false,
  getStream: false,
  findStream: false,
  insertStream: true,
  appendChunks: true,
  closeStream: true,
  getWriter: false,
  putWriter: true,
  listChunks: false,
  listStreams: false,
  pruneOutcomes: true,
  pruneRetainedHooks: true,
};

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
      ...retentionOperations(sql),
    },
    forget: names.forget,
  };
}
