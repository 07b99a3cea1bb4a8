import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { type CoreLimits, defaultLimits } from './core/limits.js';
import { MasterKeys } from './keys/master-keys.js';
import { type Credentials, openToAll, TokenFile } from './rpc/credentials.js';
import { endpointsOf } from './rpc/endpoints.js';
import { Gate } from './rpc/gate.js';
import { faultsOnly, type Log } from './rpc/log.js';
import { PrometheusMeter } from './rpc/metrics.js';
import { Port } from './rpc/port.js';
import { Runtime } from './rpc/runtime.js';
import { keepUp } from './rpc/upkeep.js';
import { refuseBrokenUtf8 } from './rpc/utf8.js';
import { version } from './rpc/version.js';
import { faultText } from './store/postgres/faults.js';
import { openPostgresStore } from './store/postgres/index.js';
import { openSqliteStore } from './store/sqlite/index.js';
import type { Store } from './store/store.js';

/** How long calls under way may take to finish when the server stops, and then the store. */
const GRACE_MS = 10_000;

/** How a server is started. */
export interface ServerOptions {
  /** Where it listens; 127.0.0.1 by default. Beyond loopback it needs a token file or `insecure`. */
  readonly host?: string;
  /** The port; 7420 by default, 0 for a free one. */
  readonly port?: number;
  /** The folder of the data; made if it does not exist. Needed unless a database holds the data. */
  readonly dataDir?: string;
  /** The address of a PostgreSQL database that holds the data, for any number of servers. */
  readonly databaseUrl?: string;
  /** A file with a token on each line; without one everybody may call. */
  readonly tokenFile?: string;
  /**
   * Master keys, 32 bytes each, which the World keeps in memory only: with them it takes deployment keys in escrow. The
   * first one wraps; those behind it are former ones. They need a token file.
   */
  readonly masterKeys?: readonly Uint8Array[];
  /** Whether a host beyond loopback may be served without a token file. */
  readonly insecure?: boolean;
  /** A certificate and its key, in PEM. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Limits other than the World's own. */
  readonly limits?: Partial<CoreLimits>;
  /** Milliseconds after its end at which a run is removed, with all that is its own. By default runs are kept. */
  readonly keepRunsMs?: number;
  /**
   * Milliseconds that it goes on serving when it is to stop, while `/readyz` and the health service say that it will, so
   * that load balancers send callers elsewhere first; 0 by default.
   */
  readonly drainMs?: number;
  /** Where it logs; by default only faults, to stderr. */
  readonly log?: Log;
}

/** A server that runs. */
export interface RunningServer {
  /** Where it listens, such as "http://127.0.0.1:7420". */
  readonly url: string;
  /**
   * Stops: drains, accepts nothing new, ends live calls with SHUTTING_DOWN, lets the others finish, then closes the
   * store. After ten seconds it cuts off calls that are left, and after ten more it waits for the store no longer. May
   * be called again.
   */
  close(): Promise<void>;
}

/** A reason why a server cannot start that its operator can do something about. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Starts a server. Resolves when it accepts requests. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 7420, tokenFile, log = faultsOnly } = options;
  if (!isLoopback(host) && tokenFile === undefined && !options.insecure)
    throw new StartError(
      `refusing to serve ${host} to everybody: give --token-file, or --insecure if that is meant`,
    );
  checkTls(options.tls);
  const vault = vaultOf(options);
  const limits = { ...defaultLimits, ...options.limits };
  const credentials = openCredentials(tokenFile, limits, log);
  try {
    const meter = await PrometheusMeter.create({ version });
    const world = new Runtime(await openStore(options, meter), limits, log, '', vault);
    try {
      const { tls, keepRunsMs, drainMs = 0 } = options;
      return await serve(world, meter, credentials, { host, port, tls, drainMs, keepRunsMs });
    } catch (error) {
      await world.close();
      throw error;
    }
  } catch (error) {
    credentials.close();
    throw error;
  }
}

async function serve(
  world: Runtime,
  meter: PrometheusMeter,
  credentials: Credentials,
  where: Pick<ServerOptions, 'tls' | 'keepRunsMs'> & {
    readonly host: string;
    readonly port: number;
    readonly drainMs: number;
  },
): Promise<RunningServer> {
  refuseBrokenUtf8();
  const { limits, log } = world;
  const gate = new Gate(world, credentials, meter, endpointsOf(world, meter));
  const { host, port, tls, drainMs, keepRunsMs } = where;
  const door = await Port.open(
    { host, port, maxRequestBytes: limits.maxRequestBytes, log, ...(tls && { tls }) },
    gate.handle,
  ).catch((error: NodeJS.ErrnoException) => {
    throw new StartError(`cannot listen on ${host}:${port}: ${whyNot(error)}`);
  });
  const stopUpkeep = keepUp(world, keepRunsMs);
  const stop = async (): Promise<void> => {
    stopUpkeep();
    world.drain();
    if (drainMs > 0) await sleep(drainMs);
    gate.stopping = true;
    door.stop();
    world.stop();
    await within(GRACE_MS, gate.idle(), () => log.warn({}, 'cut off calls that did not finish'));
    door.destroy();
    await within(GRACE_MS, world.close(), () => log.warn({}, 'the store does not come to its end'));
    credentials.close();
  };
  let stopped: Promise<void> | undefined;
  return {
    url: door.url,
    close: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function openCredentials(tokenFile: string | undefined, limits: CoreLimits, log: Log) {
  if (tokenFile === undefined) return openToAll(limits);
  try {
    return new TokenFile(tokenFile, limits, log);
  } catch (error) {
    throw new StartError(`cannot read the token file ${tokenFile}: ${(error as Error).message}`);
  }
}

function vaultOf({ masterKeys, tokenFile }: ServerOptions): MasterKeys | undefined {
  if (masterKeys === undefined) return undefined;
  if (tokenFile === undefined)
    throw new StartError(
      'refusing to take keys in escrow from everybody: a master key needs --token-file',
    );
  try {
    return new MasterKeys(masterKeys);
  } catch (error) {
    throw new StartError(`cannot use the master key: ${(error as Error).message}`);
  }
}

function checkTls(tls: ServerOptions['tls']): void {
  if (tls === undefined) return;
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new StartError(`cannot use the certificate or its key: ${(error as Error).message}`);
  }
}

async function openStore(
  { dataDir, databaseUrl }: ServerOptions,
  meter: PrometheusMeter,
): Promise<Store> {
  if (databaseUrl !== undefined) {
    try {
      return await openPostgresStore({ url: databaseUrl, onGroup: meter.committed });
    } catch (error) {
      throw new StartError(`cannot open the database: ${faultText(error)}`);
    }
  }
  if (dataDir === undefined) throw new StartError('neither a data folder nor a database is given');
  try {
    return await openSqliteStore({ dataDir, onGroup: meter.committed });
  } catch (error) {
    throw new StartError(`cannot open the data folder ${dataDir}: ${(error as Error).message}`);
  }
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function whyNot(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'the address is in use';
  if (error.code === 'EACCES') return 'permission denied';
  return error.message;
}

async function within(ms: number, work: Promise<void>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late();
      resolve();
    }, ms);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
