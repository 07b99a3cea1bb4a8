import { resolve } from 'node:path';

/** What an application may say in code; everything else comes from the environment. */
export interface WorldOptions {
  /**
   * The World's address; `embedded:<dir>` or the `postgres://` address of a database for a reference World in this
   * process. Default: `WORLDWIRE_URL`, else `embedded:.worldwire`.
   */
  url?: string;
  /** The bearer token. Default: `WORLDWIRE_TOKEN`. */
  token?: string;
  /** The project. Default: `WORLDWIRE_PROJECT`, else the World's own default. */
  project?: string;
  /** The deployment that runs belong to. Default: `WORLDWIRE_DEPLOYMENT_ID`, else `default`. */
  deploymentId?: string;
  /** The environment of the deployment. Default: `WORLDWIRE_ENVIRONMENT`. */
  environment?: string;
  /** How many messages this process handles at a time. Default: `WORLDWIRE_CONCURRENCY`, else 100. */
  concurrency?: number;
  /**
   * The deployment keys, one or several with commas between: `[deployment] <base64 of 32 bytes>`. The first that fits
   * the deployment seals new runs, and all open old ones. Default: `WORLDWIRE_KEY`.
   */
  key?: string;
  /**
   * A file of deployment keys, one a line. Default: `WORLDWIRE_KEY_FILE`; without either of the two
   * `.worldwire-keys/keys`, which is made if need be.
   */
  keyFile?: string;
  /** Whether payloads are sealed. Default: `WORLDWIRE_ENCRYPTION`, else `on`. */
  encryption?: 'on' | 'off';
}

/** Where the deployment keys are: in a text, or else in a file. */
export interface KeyOptions {
  readonly text: string | undefined;
  /** Undefined where nobody named one, so that it may be made. */
  readonly file: string | undefined;
}

/** Where the World is: at an address, or in this process on a folder or a database. */
export type Place =
  | { kind: 'remote'; url: string }
  | { kind: 'embedded'; dataDir: string }
  | { kind: 'embedded'; databaseUrl: string };

/** How messages reach handlers: in this process, or by HTTP on the application's own routes. */
export type Delivery = 'in-process' | 'http';

export interface Config {
  readonly place: Place;
  /** Whether nobody said where the World is. */
  readonly defaulted: boolean;
  readonly token: string | undefined;
  readonly project: string | undefined;
  readonly deploymentId: string;
  /** Whether the deployment id names one fixed build, because somebody set it. */
  readonly deploymentAffinity: boolean;
  readonly environment: string | undefined;
  readonly concurrency: number;
  /** How messages reach handlers, where `WORLDWIRE_DELIVERY` says it. */
  readonly delivery: Delivery | undefined;
  readonly keys: KeyOptions;
  /** Whether the payloads of new runs are sealed. */
  readonly encryption: boolean;
  /** Two Worlds with the same key share their connection and their consumers. */
  readonly key: string;
}

type Env = Record<string, string | undefined>;

const DEFAULT_DIR = '.worldwire';
const DEFAULT_DEPLOYMENT = 'default';
const DEFAULT_CONCURRENCY = 100;
const MAX_CONCURRENCY = 10_000;

/**
 * Reads the configuration. Called at the first use and not before: SDK 4 builds a World while it builds
 * the application, where the environment is another one.
 *
 * @throws Error that names the variable which is wrong.
 */
export function readConfig(options: WorldOptions = {}, env: Env = process.env): Config {
  const url = options.url || env.WORLDWIRE_URL;
  const place = placeOf(url || `embedded:${DEFAULT_DIR}`);
  const token = options.token || env.WORLDWIRE_TOKEN || undefined;
  const project = options.project || env.WORLDWIRE_PROJECT || undefined;
  const deployment = options.deploymentId || env.WORLDWIRE_DEPLOYMENT_ID || undefined;
  const deploymentId = deployment ?? DEFAULT_DEPLOYMENT;
  return {
    place,
    defaulted: !url,
    token,
    project,
    deploymentId,
    deploymentAffinity: deployment !== undefined,
    environment: options.environment || env.WORLDWIRE_ENVIRONMENT || undefined,
    concurrency: options.concurrency ?? concurrencyOf(env.WORLDWIRE_CONCURRENCY),
    delivery: deliveryOf(env.WORLDWIRE_DELIVERY),
    keys: keysOf(options, env),
    encryption: encryptionOf(options.encryption || env.WORLDWIRE_ENCRYPTION),
    key: JSON.stringify([place, token ?? '', project ?? '', deploymentId]),
  };
}

function placeOf(url: string): Place {
  if (url.startsWith('embedded:')) {
    return { kind: 'embedded', dataDir: resolve(url.slice('embedded:'.length) || DEFAULT_DIR) };
  }
  if (/^postgres(ql)?:/i.test(url)) return { kind: 'embedded', databaseUrl: url };
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new Error(
      `WORLDWIRE_URL is "${withoutPassword(url)}": give an address such as http://127.0.0.1:7420, ` +
        'embedded:<dir>, or that of a database, such as postgres://127.0.0.1/worldwire',
    );
  }
  return { kind: 'remote', url: url.replace(/\/+$/, '') };
}

/** An address that may be shown, whatever it is meant to be. */
function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ':…@');
}

function concurrencyOf(value: string | undefined): number {
  if (!value) return DEFAULT_CONCURRENCY;
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1 || count > MAX_CONCURRENCY) {
    throw new Error(`WORLDWIRE_CONCURRENCY is "${value}", but must be 1 to ${MAX_CONCURRENCY}`);
  }
  return count;
}

function deliveryOf(value: string | undefined): Delivery | undefined {
  if (!value) return undefined;
  if (value === 'in-process' || value === 'http') return value;
  throw new Error(`WORLDWIRE_DELIVERY is "${value}", but must be "in-process" or "http"`);
}

function keysOf(options: WorldOptions, env: Env): KeyOptions {
  const given = options.key || options.keyFile;
  const text = (given ? options.key : env.WORLDWIRE_KEY) || undefined;
  const file = (given ? options.keyFile : env.WORLDWIRE_KEY_FILE) || undefined;
  if (text !== undefined && file !== undefined) {
    throw new Error('WORLDWIRE_KEY and WORLDWIRE_KEY_FILE are both set: give one of them');
  }
  return { text, file: file === undefined ? undefined : resolve(file) };
}

function encryptionOf(value: string | undefined): boolean {
  if (!value || value === 'on') return true;
  if (value === 'off') return false;
  throw new Error(`WORLDWIRE_ENCRYPTION is "${value}", but must be "on" or "off"`);
}
