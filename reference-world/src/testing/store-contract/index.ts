/** What every engine does with every operation. */
import { afterEach, beforeEach } from 'vitest';
import type { Store } from '../../store/store.js';
import { type Calls, callsOf } from '../store-records.js';
import { commandsContract } from './commands.js';
import { entitiesContract } from './entities.js';
import { eventsContract } from './events.js';
import { keysContract } from './keys.js';
import { outcomesContract } from './outcomes.js';
import { queuesContract } from './queues.js';
import { removalContract } from './removal.js';
import { runsContract } from './runs.js';
import { streamsContract } from './streams.js';

/** Runs the contract against a store that `open` makes afresh and `close` disposes of. */
export function storeContract(open: () => Promise<Store>, close: (store: Store) => Promise<void>) {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => close(store));
  /** Calls of the store that is open. */
  const call = new Proxy({} as Calls, {
    get: (_target, name: keyof Calls) => callsOf(store)[name],
  });

  outcomesContract(call);
  keysContract(call);
  runsContract(call);
  eventsContract(call);
  entitiesContract(call);
  queuesContract(call);
  streamsContract(call);
  removalContract(call);
  commandsContract(call, () => store);
}
