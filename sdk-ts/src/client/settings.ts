import { PROTOCOL_VERSION } from '@worldwire/proto';
import { DEFAULT_RETRY, type RetrySettings } from './backoff.js';
import { WorldError } from './error.js';
import type { WorldClientOptions } from './types.js';

const DEFAULT_URL = 'http://127.0.0.1:7420';
const DEFAULT_DEADLINE_MS = 30_000;
/** Three times a World's usual interval between signs of life, so that a late one is no cut. */
const DEFAULT_IDLE_MS = 15_000;
/** More in flight than a World works on at a time; beyond it a wait here is cheaper than a socket there. */
const DEFAULT_CONNECTIONS = 64;

/** WorldClientOptions with the environment and the defaults filled in. */
export interface Settings {
  readonly url: string;
  /** Sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly idleMs: number;
  readonly maxConnections: number;
  readonly retry: RetrySettings;
}

/** Throws a WorldError `invalid_argument` for an address that is not one of http or https. */
export function readSettings(options: WorldClientOptions): Settings {
  const { env } = process;
  const token = options.token ?? env.WORLDWIRE_TOKEN;
  const headers: Record<string, string> = {
    'worldwire-project': options.project ?? (env.WORLDWIRE_PROJECT || 'default'),
    'worldwire-protocol-version': PROTOCOL_VERSION,
  };
  if (token) headers.authorization = `Bearer ${token}`;
  const url = options.url ?? (env.WORLDWIRE_URL || DEFAULT_URL);
  if (options.transport === undefined) checkUrl(url);
  const { budgetMs, initialDelayMs, maxDelayMs } = options.retry ?? {};
  return {
    url,
    headers,
    deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    idleMs: options.idleMs ?? DEFAULT_IDLE_MS,
    maxConnections: options.maxConnections ?? DEFAULT_CONNECTIONS,
    retry: {
      budgetMs: budgetMs ?? DEFAULT_RETRY.budgetMs,
      initialDelayMs: initialDelayMs ?? DEFAULT_RETRY.initialDelayMs,
      maxDelayMs: maxDelayMs ?? DEFAULT_RETRY.maxDelayMs,
    },
  };
}

/** The address itself may hold a password, and is not repeated. */
function checkUrl(url: string): void {
  if (/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) return;
  throw new WorldError('not an address of a World: give one of http or https', {
    code: 'invalid_argument',
    reason: 'INVALID_ARGUMENT',
    metadata: { field: 'url', problem: 'not an http or https address' },
  });
}
