import type { Command } from 'commander';
import { catalogue } from '../catalogue.js';
import type { Check } from '../check.js';
import { UsageError } from '../engine/baseline.js';
import { oracles } from '../oracles/index.js';
import { chapterOf, excluded, requirements, SPEC_REVISION } from '../requirements.js';
import { sdkCatalogue } from '../sdk/catalogue.js';

interface ListOptions {
  readonly requirements?: boolean;
  readonly sdk?: boolean;
  readonly json?: boolean;
}

type Listed = Pick<Check, 'id' | 'title' | 'requirements' | 'needs'> & {
  readonly capabilities: readonly string[];
};

/** `list`: what the suite has, without a World and without a client. */
export function listCommand(program: Command): void {
  program
    .command('list')
    .description(
      'list the checks, or with --requirements the requirements and the checks that show them',
    )
    .argument('[patterns...]', 'ids, chapters or requirements, with *')
    .option('--requirements', 'by requirement')
    .option('--sdk', 'the checks of clients instead of those of Worlds')
    .option('--json', 'as JSON')
    .action((patterns: string[], options: ListOptions) => {
      const lines = options.requirements
        ? byRequirement(patterns)
        : byCheck(patterns, options.sdk ? checksOfClients : checksOfWorlds);
      if (options.json) console.log(JSON.stringify(lines, undefined, 2));
      else for (const line of lines) console.log(inWords(line));
    });
}

const withoutNeeds = <C extends Omit<Listed, 'needs'>>(one: C) => ({ ...one, needs: [] });
const checksOfWorlds: readonly Listed[] = [...catalogue, ...oracles.map(withoutNeeds)];
const checksOfClients: readonly Listed[] = sdkCatalogue.map(withoutNeeds);

function byCheck(patterns: readonly string[], all: readonly Listed[]): Listed[] {
  const wanted = named(patterns, all, (one) => [one.id, chapterOf(one), ...one.requirements]);
  return wanted.map(({ id, title, requirements: cited, capabilities, needs }) => ({
    id,
    title,
    requirements: cited,
    capabilities,
    needs,
  }));
}

interface ListedRequirement {
  readonly id: string;
  readonly level: string;
  readonly sentence: string;
  readonly checks: readonly string[];
  readonly excluded: string;
}

function byRequirement(patterns: readonly string[]): ListedRequirement[] {
  const citing = new Map<string, string[]>();
  for (const { id, requirements: cited } of [...checksOfWorlds, ...checksOfClients])
    for (const requirement of cited)
      citing.set(requirement, [...(citing.get(requirement) ?? []), id]);
  const wanted = named(patterns, [...requirements.values()], ({ id, chapter }) => [id, chapter]);
  return wanted.map(({ id, level, sentence }) => ({
    id,
    level,
    sentence,
    checks: citing.get(id) ?? [],
    excluded: excluded.get(id) ?? '',
  }));
}

/** Those that a pattern names; all where there is none. */
function named<T>(
  patterns: readonly string[],
  all: readonly T[],
  namesOf: (one: T) => readonly string[],
): readonly T[] {
  const wanted = patterns.flatMap((pattern) => {
    const expression = new RegExp(`^${pattern.split('*').map(quoted).join('.*')}$`, 'i');
    const found = all.filter((one) => namesOf(one).some((name) => expression.test(name)));
    if (found.length === 0)
      throw new UsageError(
        `revision ${SPEC_REVISION} has nothing that matches ${JSON.stringify(pattern)}`,
      );
    return found;
  });
  return patterns.length === 0 ? all : all.filter((one) => wanted.includes(one));
}

function quoted(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

function inWords(line: Listed | ListedRequirement): string {
  if ('sentence' in line) {
    const shown = line.checks.length > 0 ? line.checks.join(', ') : line.excluded || 'NOT SHOWN';
    return `${line.id} ${line.sentence}\n    ${shown}`;
  }
  const tags = [...line.capabilities, ...line.needs].join(', ');
  return `${line.id}: ${line.title}${tags === '' ? '' : ` [${tags}]`}\n    ${line.requirements.join(', ')}`;
}
