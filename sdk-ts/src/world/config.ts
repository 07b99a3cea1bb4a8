import { resolve } from 'node:path';

/** What an application may say in code; everything else comes from the environment. */
export interface WorldOptions {
  /** The World's address, or `embedded:<dir>`. Default: `WORLDWIRE_URL`, else `embedded:.worldwire`. */
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
}

/** Where the World is. */
export type Place = { kind: 'remote'; url: string } | { kind: 'embedded'; dir: string };

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
  const where = place.kind === 'remote' ? place.url : place.dir;
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
    key: JSON.stringify([place.kind, where, token ?? '', project ?? '', deploymentId]),
  };
}

function placeOf(url: string): Place {
  if (url.startsWith('embedded:')) {
    return { kind: 'embedded', dir: resolve(url.slice('embedded:'.length) || DEFAULT_DIR) };
  }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new Error(
      `WORLDWIRE_URL is "${url}": give an address such as http://127.0.0.1:7420, or embedded:<dir>`,
    );
  }
  return { kind: 'remote', url: url.replace(/\/+$/, '') };
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
