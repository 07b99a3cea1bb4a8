import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { digestOf } from './digest.js';
import { withLock } from './lock.js';
import { CACHE, PACKAGES, REPOSITORY } from './paths.js';
import { run } from './process.js';
import { scratchDir } from './scratch.js';

const INSTALL_WITHIN_MS = 480_000;

/**
 * The tarballs that a user would install, packed from what is built here. Those of the same content are
 * made once.
 */
export async function packTarballs(): Promise<string[]> {
  const sources = PACKAGES.flatMap((folder) =>
    ['package.json', 'README.md', 'LICENSE', 'bin', 'dist', 'worldwire', 'google']
      .map((name) => join(REPOSITORY, folder, name))
      .filter((path) => existsSync(path)),
  );
  const target = join(scratchDir(), `tarballs-${digestOf(sources, [], new Set())}`);
  const list = join(target, 'packed.json');
  if (!existsSync(list)) {
    mkdirSync(target, { recursive: true });
    const packages = PACKAGES.flatMap((folder) => ['-w', folder]);
    const packing = ['pack', '--json', '--pack-destination', target, ...packages];
    const { code, stdout, stderr } = await run('npm', packing, { cwd: REPOSITORY });
    if (code !== 0) throw new Error(`npm ${packing.join(' ')}: ${code}\n${stderr}`);
    writeFileSync(list, stdout);
  }
  const packed = JSON.parse(readFileSync(list, 'utf8')) as unknown;
  return Object.values(packed as Record<string, { filename: string }>).map(({ filename }) =>
    join(target, filename),
  );
}

/** A folder of the cache, made anew wherever what it is made from has changed, or it is half made. */
export async function cached(
  name: string,
  digest: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  mkdirSync(CACHE, { recursive: true, mode: 0o700 });
  const folder = join(CACHE, name);
  const stamp = join(folder, '.made-from');
  return withLock(folder, async () => {
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return folder;
    rmSync(stamp, { force: true });
    try {
      await make(folder);
    } catch (error) {
      // What is there of an earlier version may be what stands in the way.
      if (!existsSync(folder)) throw error;
      rmSync(folder, { recursive: true, force: true });
      await make(folder);
    }
    const fresh = `${stamp}.new`;
    writeFileSync(fresh, digest);
    renameSync(fresh, stamp);
    return folder;
  });
}

/** Runs a command that installs packages, and fails with what it printed. */
export async function install(command: string, args: string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, {
    cwd,
    withinMs: INSTALL_WITHIN_MS,
    // better-sqlite3 would be compiled for a minute: see installSqlite.
    env: { npm_config_ignore_scripts: 'true', npm_config_prefer_offline: 'true' },
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
}

/** Gives better-sqlite3 its binary: the repository's where it is the same version, else a real install. */
export async function installSqlite(folder: string): Promise<void> {
  const ours = join(REPOSITORY, 'node_modules/better-sqlite3');
  const theirs = join(folder, 'node_modules/better-sqlite3');
  if (!existsSync(theirs)) return;
  const binary = 'build/Release/better_sqlite3.node';
  if (versionOf(ours) === versionOf(theirs) && existsSync(join(ours, binary))) {
    cpSync(join(ours, binary), join(theirs, binary));
    if (await loads(folder)) return;
  }
  await install('npm', ['rebuild', 'better-sqlite3', '--ignore-scripts=false'], folder);
}

async function loads(folder: string): Promise<boolean> {
  const open = "new (require('better-sqlite3'))(':memory:').close()";
  return (await run(process.execPath, ['-e', open], { cwd: folder })).code === 0;
}

function versionOf(folder: string): string {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}
