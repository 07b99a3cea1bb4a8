import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The packages that an application installs, in the order in which they depend on one another. */
export const PACKAGES = ['proto', 'sdk-ts', 'reference-world'] as const;

/** Each checkout and each user has a cache of its own, for their builds differ. */
const owner = createHash('sha256')
  .update(`${REPOSITORY} ${process.getuid?.() ?? ''}`)
  .digest('hex')
  .slice(0, 12);

/**
 * What outlives a run of the tests: installed applications. Not in the repository, where Node would find
 * what an application lacks in the `node_modules` above it.
 */
export const CACHE =
  process.env.WORLDWIRE_E2E_CACHE ?? join(tmpdir(), `worldwire-e2e-cache-${owner}`);
