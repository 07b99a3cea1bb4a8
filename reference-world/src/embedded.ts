/** The reference World within another program: no server, no serialization, the same rules on the same store. */
import type { Transport } from '@connectrpc/connect';
import { type CoreLimits, defaultLimits } from './core/limits.js';
import { reclaimFromTheDead } from './dispatch/reclaim.js';
import { ownTag } from './process-tag.js';
import { endpointsOf } from './rpc/endpoints.js';
import { LocalTransport } from './rpc/local-transport.js';
import { faultsOnly, type Log } from './rpc/log.js';
import { noMeter } from './rpc/metrics.js';
import { Runtime } from './rpc/runtime.js';
import { keepUp } from './rpc/upkeep.js';
import { openSqliteStore } from './store/sqlite/index.js';
import type { Store } from './store/store.js';

export { type CoreLimits, defaultLimits } from './core/limits.js';
export type { Log } from './rpc/log.js';

/** How an embedded World is opened. One of `dataDir` and `databaseUrl` is needed. */
export interface EmbeddedOptions {
  /** The folder of the data; made if it does not exist. Other processes may have it open too. */
  readonly dataDir?: string;
  /** The address of a PostgreSQL database that holds the data, as `serve --database-url` takes it. */
  readonly databaseUrl?: string;
  /** Limits other than the World's own. */
  readonly limits?: Partial<CoreLimits>;
  /** Where it logs; by default only faults, to stderr. */
  readonly log?: Log;
}

/** An embedded World that is open. Does not keep its process alive by itself; live calls do. */
export interface EmbeddedWorld {
  /**
   * For `createClient` of `@connectrpc/connect`. The header `worldwire-project` names the project; a credential is not
   * asked for, since who can open the store needs none.
   */
  readonly transport: Transport;
  /** Ends live calls with SHUTTING_DOWN, lets the others finish, and closes the store. May be called again. */
  close(): Promise<void>;
}

/** Opens a World in this process. */
export async function openEmbeddedWorld(options: EmbeddedOptions): Promise<EmbeddedWorld> {
  const store = await openStore(options);
  const limits = { ...defaultLimits, ...options.limits };
  const world = new Runtime(store, limits, options.log ?? faultsOnly, ownTag());
  const transport = new LocalTransport(world, endpointsOf(world, noMeter));
  const stopUpkeep = keepUp(world);
  const stopReclaiming = reclaimFromTheDead(world);
  const stop = async (): Promise<void> => {
    stopUpkeep();
    stopReclaiming();
    world.stop();
    await transport.idle();
    await world.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    transport,
    close: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function openStore({ dataDir, databaseUrl }: EmbeddedOptions): Promise<Store> {
  if (databaseUrl !== undefined) {
    // Most have no database, and need not wait for its driver.
    const { openPostgresStore } = await import('./store/postgres/index.js');
    return openPostgresStore({ url: databaseUrl });
  }
  if (dataDir === undefined)
    throw new TypeError('an embedded World needs a dataDir or a databaseUrl');
  return openSqliteStore({ dataDir });
}
