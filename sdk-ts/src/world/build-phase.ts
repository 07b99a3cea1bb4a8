import { basename } from 'node:path';

/** Commands whose `build` evaluates the application's routes without serving it. */
const BUILDERS = new Set(['next', 'vite', 'nuxt', 'nuxi', 'nitro', 'astro', 'workflow', 'wf']);

type Env = Record<string, string | undefined>;

/**
 * Whether this process builds the application rather than runs it. Builders evaluate routes, which
 * registers handlers in SDK 4; work must not be taken there.
 */
export function isBuildPhase(env: Env = process.env, argv = process.argv): boolean {
  if (env.NEXT_PHASE?.endsWith('-build')) return true;
  if (/^(pre|post)?build(:|$)/.test(env.npm_lifecycle_event ?? '')) return true;
  const command = basename(argv[1] ?? '').replace(/\.[cm]?js$/, '');
  return BUILDERS.has(command) && argv[2] === 'build';
}
