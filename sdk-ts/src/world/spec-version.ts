import { readFileSync } from 'node:fs';
import { resolveFromApp } from './app.js';
import type { Reader } from './upstream.js';

/** What SDK 4 declares; every World of every SDK reads such runs. */
const SPEC_VERSION_V4 = 3;
/** From here on payloads may be compressed. */
const SPEC_VERSION_COMPRESSION = 5;
/** What SDK 5 declares with its sealed log, and with it switched off. */
const SPEC_VERSION_SEALED_LOG = 7;
const SPEC_VERSION_SLOT_IDENTITY = 6;

type Env = Record<string, string | undefined>;

/**
 * The spec version that the application's own SDK wants of its World: 3 for SDK 4, 6 or 7 for SDK 5.
 *
 * In this order: `WORLDWIRE_SPEC_VERSION`; what the application's `@workflow/world` says of itself; what
 * the running core left on `globalThis`; 3. A core refuses a World that declares a version too new for it
 * or too old, so that a wrong guess is an error at the first use and never a damaged run.
 *
 * @throws Error where `WORLDWIRE_SPEC_VERSION` is no positive integer.
 */
export function detectSpecVersion(cwd = process.cwd(), env: Env = process.env): number {
  const wanted = env.WORLDWIRE_SPEC_VERSION;
  if (wanted) {
    const version = Number(wanted);
    if (!Number.isInteger(version) || version < 1) {
      throw new Error(`WORLDWIRE_SPEC_VERSION is "${wanted}", which is no spec version`);
    }
    return version;
  }
  return fromInstalledPackage(cwd, env) ?? fromRunningCore(env) ?? SPEC_VERSION_V4;
}

/** The line of the SDK that a spec version belongs to. */
export function readerOf(specVersion: number): Reader {
  return specVersion <= SPEC_VERSION_V4 ? 'v4' : 'v5';
}

/**
 * The highest spec version of runs that an SDK which declares `specVersion` may execute. SDK 4 declares 3 and copes with
 * what 4 and 5 add, attributes and payloads that may be compressed, as long as they are not; from 6 on a log is written
 * in ways that it does not follow. SDK 5 reads a sealed log also where it writes none.
 */
export function highestExecuted(specVersion: number): number {
  if (readerOf(specVersion) === 'v4') return SPEC_VERSION_COMPRESSION;
  const reads = specVersion < SPEC_VERSION_SLOT_IDENTITY ? 0 : SPEC_VERSION_SEALED_LOG;
  return Math.max(specVersion, reads);
}

/**
 * Reads the constants out of the package's text. Its modules are ESM, which Node 20 cannot load in the
 * synchronous factory that SDK 4 asks for.
 */
function fromInstalledPackage(cwd: string, env: Env): number | undefined {
  const file =
    resolveFromApp('@workflow/world/spec-version.js', cwd) ??
    resolveFromApp('@workflow/world/spec-version', cwd);
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const constants = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/const\s+(SPEC_VERSION_\w+)\s*=\s*(\w+)/g)) {
    constants.set(name!, value!);
  }
  const current = constantOf(constants, 'SPEC_VERSION_CURRENT');
  if (/function\s+mintedSpecVersion\b/.test(text) && !sealedLog(env)) {
    return constantOf(constants, 'SPEC_VERSION_SUPPORTS_SLOT_IDENTITY') ?? current;
  }
  return current;
}

function constantOf(constants: ReadonlyMap<string, string>, name: string): number | undefined {
  let value: string | undefined = name;
  // A constant is a number or the name of another one; the bound ends a circle.
  for (let hops = 0; hops < 8 && value !== undefined; hops++) {
    if (/^\d+$/.test(value)) return Number(value);
    value = constants.get(value);
  }
  return undefined;
}

/** A core of SDK 5 that was bundled with the application announces itself before it asks for a World. */
function fromRunningCore(env: Env): number | undefined {
  const running = [
    '@workflow/world//getWorldFn',
    '@workflow/world//cachePromise',
    '@workflow/world//stubbedCachePromise',
  ].some((name) => Symbol.for(name) in globalThis);
  if (!running) return undefined;
  return sealedLog(env) ? SPEC_VERSION_SEALED_LOG : SPEC_VERSION_SLOT_IDENTITY;
}

/** Whether SDK 5 mints runs with a sealed log, by its own switch. */
function sealedLog(env: Env): boolean {
  const value = env.WORKFLOW_SEALED_LOG;
  return value !== '0' && value?.toLowerCase() !== 'false';
}
