import type { StoreOperations } from '../operations.js';
import { eventOperations, eventsTogether } from './events.js';
import type { KnownKeys } from './foresight.js';
import { hookOperations } from './hooks.js';
import { keyOperations } from './keys.js';
import type { Rounds } from './lease.js';
import { outcomeOperations, outcomesTogether } from './outcomes.js';
import { queueOperations } from './queue.js';
import { queueAdminOperations } from './queue-admin.js';
import { removalOperations } from './removal.js';
import { retentionOperations } from './retention.js';
import { runOperations, runsTogether } from './runs.js';
import type { Sql } from './sql.js';
import { stepOperations, stepsTogether } from './steps.js';
import { streamOperations } from './streams.js';
import { waitOperations } from './waits.js';

/** Operations that answer when the database has. */
export type Answers<K extends keyof StoreOperations> = {
  readonly [N in K]: (
    ...args: Parameters<StoreOperations[N]>
  ) => Promise<ReturnType<StoreOperations[N]>>;
};

/** Operations for several callers at once, by statements of many rows. Answers come in the order of the calls. */
export type Together<K extends keyof StoreOperations> = {
  readonly [N in K]: (
    calls: readonly Parameters<StoreOperations[N]>[],
  ) => Promise<readonly ReturnType<StoreOperations[N]>[]>;
};

/** Operations that are often asked for by many at the same time. */
export type Frequent =
  | 'getOutcome'
  | 'putOutcome'
  | 'getRun'
  | 'appendEvents'
  | 'getStep'
  | 'insertStep'
  | 'updateStep';

/** The operations on one connection; `notify` is the transaction's own. */
export type Operations = Answers<Exclude<keyof StoreOperations, 'notify'>>;

export function togetherOn(sql: Sql, keys: KnownKeys): Together<Frequent> {
  return {
    ...outcomesTogether(sql),
    ...runsTogether(sql, keys),
    ...eventsTogether(sql),
    ...stepsTogether(sql),
  };
}

export function operationsOn(
  sql: Sql,
  together: Together<Frequent>,
  rounds: Rounds,
  keys: KnownKeys,
): Operations {
  return {
    ...alone(together),
    ...outcomeOperations(sql),
    ...runOperations(sql),
    ...eventOperations(sql),
    ...stepOperations(sql),
    ...hookOperations(sql),
    ...waitOperations(sql),
    ...queueOperations(sql, rounds),
    ...queueAdminOperations(sql),
    ...streamOperations(sql, keys),
    ...keyOperations(sql),
    ...retentionOperations(sql),
    ...removalOperations(sql),
  };
}

/** The same operations for one caller. */
function alone(together: Together<Frequent>): Answers<Frequent> {
  return {
    getOutcome: (...args) => one(together.getOutcome, args),
    putOutcome: (...args) => one(together.putOutcome, args),
    getRun: (...args) => one(together.getRun, args),
    appendEvents: (...args) => one(together.appendEvents, args),
    getStep: (...args) => one(together.getStep, args),
    insertStep: (...args) => one(together.insertStep, args),
    updateStep: (...args) => one(together.updateStep, args),
  };
}

async function one<A, R>(together: (calls: readonly A[]) => Promise<readonly R[]>, args: A) {
  const [answer] = await together([args]);
  return answer as R;
}
