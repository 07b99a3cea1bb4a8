import { UsageError } from './baseline.js';

/** Which checks a run includes. */
export interface Selection {
  /** Patterns of check ids, chapters or requirement ids; `*` stands for any characters. None means all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Only checks of these capabilities; "core" means those that need none. */
  readonly capabilities: readonly string[];
}

/** What a check is selected by. */
export interface Selectable {
  readonly id: string;
  readonly requirements: readonly string[];
  readonly capabilities: readonly string[];
}

/**
 * The checks of a selection. A pattern that matches neither a check nor one of `others`, the ids of what always runs, is
 * an error of whoever wrote it.
 */
export function select<C extends Selectable>(
  checks: readonly C[],
  { include, exclude, capabilities }: Selection,
  chapterOf: (check: C) => string,
  others: readonly string[],
): C[] {
  const names = (check: C) => [
    check.id,
    chapterOf(check).toLowerCase(),
    ...check.requirements.map((id) => id.toLowerCase()),
  ];
  const matches = (patterns: readonly string[]) => {
    const expressions = patterns.map((pattern) => ({ pattern, expression: expressionOf(pattern) }));
    for (const { pattern, expression } of expressions)
      if (
        !others.some((id) => expression.test(id)) &&
        !checks.some((check) => names(check).some((name) => expression.test(name)))
      )
        throw new UsageError(`no check matches ${JSON.stringify(pattern)}`);
    return (check: C) =>
      expressions.some(({ expression }) => names(check).some((name) => expression.test(name)));
  };
  const included = include.length === 0 ? () => true : matches(include);
  const excluded = matches(exclude);
  const wanted = new Set(capabilities.map((name) => name.toUpperCase()));
  const ofCapability = ({ capabilities: needed }: C) =>
    wanted.size === 0 ||
    (needed.length === 0 && wanted.has('CORE')) ||
    needed.some((name) => wanted.has(name));
  return checks.filter((check) => included(check) && !excluded(check) && ofCapability(check));
}

function expressionOf(pattern: string): RegExp {
  const escaped = pattern
    .toLowerCase()
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}
