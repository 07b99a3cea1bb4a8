import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type CoreLimits, defaultLimits } from './core/limits.js';
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
import { openSqliteStore } from './store/sqlite/index.js';

/** How long calls under way may take to finish when the server stops. */
const GRACE_MS = 10_000;

/** How a server is started. */
export interface ServerOptions {
  /** Where it listens; 127.0.0.1 by default. Beyond loopback it needs a token file or `insecure`. */
  readonly host?: string;
  /** The port; 7420 by default, 0 for a free one. */
  readonly port?: number;
  /** The folder of the data; made if it does not exist. */
  readonly dataDir: string;
  /** A file with a token on each line; without one everybody may call. */
  readonly tokenFile?: string;
  /** Whether a host beyond loopback may be served without a token file. */
  readonly insecure?: boolean;
  /** A certificate and its key, in PEM. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Limits other than the World's own. */
  readonly limits?: Partial<CoreLimits>;
  /** Where it logs; by default only faults, to stderr. */
  readonly log?: Log;
}

/** A server that runs. */
export interface RunningServer {
  /** Where it listens, such as "http://127.0.0.1:7420". */
  readonly url: string;
  /**
   * Stops: accepts nothing new, ends live calls with SHUTTING_DOWN, lets the others finish, then closes the store.
   * After ten seconds it cuts off what is left. May be called again.
   */
  close(): Promise<void>;
}

/** A reason why a server cannot start that its operator can do something about. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Starts a server. Resolves when it accepts requests. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 7420, dataDir, tokenFile, log = faultsOnly } = options;
  if (!isLoopback(host) && tokenFile === undefined && !options.insecure)
    throw new StartError(
      `refusing to serve ${host} to everybody: give --token-file, or --insecure if that is meant`,
    );
  checkTls(options.tls);
  const limits = { ...defaultLimits, ...options.limits };
  const credentials = openCredentials(tokenFile, limits, log);
  try {
    const meter = await PrometheusMeter.create({ version });
    const world = new Runtime(await openStore(dataDir, meter), limits, log);
    try {
      return await serve(world, meter, credentials, { host, port, tls: options.tls });
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
  where: Pick<ServerOptions, 'tls'> & { readonly host: string; readonly port: number },
): Promise<RunningServer> {
  refuseBrokenUtf8();
  const { limits, log } = world;
  const gate = new Gate(world, credentials, meter, endpointsOf(world, meter));
  const { host, port, tls } = where;
  const door = await Port.open(
    { host, port, maxRequestBytes: limits.maxRequestBytes, log, ...(tls && { tls }) },
    gate.handle,
  ).catch((error: NodeJS.ErrnoException) => {
    throw new StartError(`cannot listen on ${host}:${port}: ${whyNot(error)}`);
  });
  const stopUpkeep = keepUp(world);
  const stop = async (): Promise<void> => {
    stopUpkeep();
    gate.stopping = true;
    door.stop();
    world.stop();
    await within(GRACE_MS, gate.idle(), () => log.warn({}, 'cut off calls that did not finish'));
    door.destroy();
    await world.close();
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

function checkTls(tls: ServerOptions['tls']): void {
  if (tls === undefined) return;
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new StartError(`cannot use the certificate or its key: ${(error as Error).message}`);
  }
}

async function openStore(dataDir: string, meter: PrometheusMeter) {
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
