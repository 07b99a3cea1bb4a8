import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Resolves a specifier as one particular file of the application would. */
type Resolver = (specifier: string) => string | undefined;

function resolverAt(file: string): Resolver {
  const require = createRequire(file);
  return (specifier) => {
    try {
      return require.resolve(specifier);
    } catch {
      return undefined;
    }
  };
}

/**
 * Where the application's own copy of an SDK package lies, or undefined in a bundled application.
 *
 * Follows application → `workflow` → `@workflow/core`, so that nested and pnpm layouts are found too, and
 * prefers the innermost answer: that is the copy which the running core uses. Nothing is loaded.
 *
 * @param specifier A package or a subpath of one, such as `@workflow/errors`.
 */
export function resolveFromApp(specifier: string, cwd = process.cwd()): string | undefined {
  const resolvers = [resolverAt(join(cwd, 'package.json'))];
  for (const name of ['workflow', '@workflow/core']) {
    const entry = resolvers.at(-1)!(name);
    if (entry !== undefined) resolvers.push(resolverAt(entry));
  }
  for (const resolve of resolvers.reverse()) {
    const found = resolve(specifier);
    if (found !== undefined) return found;
  }
  return undefined;
}
