import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Loose } from './upstream-world.js';

/** A World and where it came from. */
export interface LoadedWorld {
  readonly world: unknown;
  readonly name: string;
  readonly version: string;
}

/**
 * Makes a World of a package, found from the working directory, or of a module by its path. The factory is the named
 * export, or else `createWorld`, the default export, or the only `create…World` there is; a default export that is a
 * World is taken as it is.
 */
export async function loadWorld(
  specifier: string,
  { factory, cwd = process.cwd() }: { readonly factory?: string; readonly cwd?: string } = {},
): Promise<LoadedWorld> {
  const file = locate(specifier, cwd);
  const module = (await import(pathToFileURL(file).href)) as Record<string, Loose>;
  const { name = specifier, version = '' } = packageOf(file);
  return { world: await make(module, factory, specifier), name, version };
}

async function make(
  module: Record<string, Loose>,
  factory: string | undefined,
  specifier: string,
): Promise<unknown> {
  const exports = { ...module.default, ...module };
  const make = factory !== undefined ? exports[factory] : factoryOf(exports, module.default);
  if (typeof make === 'function') {
    // Older factories take an argument apart that must be there; with others, none means the environment.
    return make.length > 0 ? make({}) : make();
  }
  if (factory === undefined && typeof module.default?.queue === 'function') return module.default;
  const found = Object.keys(exports).join(', ');
  throw new Error(`${specifier} has no factory of a World among its exports (${found})`);
}

function factoryOf(exports: Record<string, Loose>, fallback: Loose): Loose {
  if (typeof exports.createWorld === 'function') return exports.createWorld;
  if (typeof fallback === 'function') return fallback;
  const named = Object.keys(exports).filter((name) => /^create\w*World$/.test(name));
  return named.length === 1 ? exports[named[0]!] : undefined;
}

/** The file that a specifier means, seen from a folder. */
function locate(specifier: string, cwd: string): string {
  if (specifier.startsWith('.') || isAbsolute(specifier)) {
    const path = resolve(cwd, specifier);
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? entryOf(path, '.') : path;
  }
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier)!;
  for (let folder = cwd; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name!);
    if (existsSync(join(found, 'package.json'))) return entryOf(found, `.${rest}`);
    if (dirname(folder) === folder)
      throw new Error(`${specifier} is not installed in ${cwd} or above it`);
  }
}

/** A package's entry for ESM. */
function entryOf(folder: string, subpath: string): string {
  const { exports, main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const named = subpath === '.' || exports?.[subpath] !== undefined;
  let entry: Loose = named
    ? (exports?.[subpath] ?? (subpath === '.' ? exports : undefined))
    : undefined;
  while (typeof entry === 'object' && entry !== null)
    entry = entry.node ?? entry.import ?? entry.default ?? entry.require;
  if (typeof entry !== 'string') entry = subpath === '.' ? (main ?? 'index.js') : subpath;
  return join(folder, entry);
}

/** The package that a file belongs to. */
function packageOf(file: string): { name?: string; version?: string } {
  for (let folder = dirname(file); dirname(folder) !== folder; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (!existsSync(manifest)) continue;
    const { name, version } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (name !== undefined) return { name, version };
  }
  return {};
}
