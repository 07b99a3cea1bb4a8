import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge as judgeWorld } from '@worldwire/conformance/dist/commands/judge.js';
import { readJudgeOptions } from '@worldwire/conformance/dist/commands/options.js';
import { withStarted } from '@worldwire/conformance/dist/commands/world.js';
import { verdictName } from '@worldwire/conformance/dist/engine/baseline.js';
import type { CheckResult } from '@worldwire/conformance/dist/report/gen/worldwire/conformance/v1/report_pb.js';
import type { StartCommand } from '@worldwire/conformance/dist/subject/process.js';
import type { Mutant, Patch, Patches } from './mutant.js';

const resolve = createRequire(import.meta.url).resolve;
const packageOf = (name: string) => dirname(resolve(`${name}/package.json`));
const world = join(packageOf('@worldwire/reference-world'), 'bin/worldwire.js');
/** What `node --import` loads for a mutant. */
export const patch = fileURLToPath(new URL('../dist/patch.js', import.meta.url));

/** What WORLDWIRE_PATCHES is to hold. */
export function patchesText(folder: string, patches: readonly Patch[]): string {
  return JSON.stringify({ folder, patches } satisfies Patches);
}

/** A World on a busy machine takes some seconds. */
const READY_MS = 60_000;

/** What one check found, in the words of the suite: "pass", "not applicable". */
export interface CheckVerdict {
  readonly id: string;
  readonly verdict: string;
  readonly message: string;
}

/** How a mutant is started; `tokenFile` names the file of those who may call it. */
function startOf({ patches, escrow }: Mutant, tokenFile: string | undefined): StartCommand {
  const quoted = [process.execPath, '--import', patch, world].map((part) => `'${part}'`).join(' ');
  const command = `${quoted} serve --port 0 --data-dir {data}`;
  return {
    command: tokenFile === undefined ? command : `${command} --token-file '${tokenFile}'`,
    env: {
      WORLDWIRE_PATCHES: patchesText('/reference-world/dist/', patches),
      ...(escrow && { WORLDWIRE_MASTER_KEY: randomBytes(32).toString('base64') }),
    },
    readyMs: READY_MS,
  };
}

/** Judges a mutant; `include` names the checks, and none means all. `args` are further options of the suite. */
export async function judge(
  mutant: Mutant,
  include: readonly string[],
  args: readonly string[] = [],
): Promise<CheckVerdict[]> {
  const options = readJudgeOptions([
    '--quiet',
    ...include.flatMap((pattern) => ['--include', pattern]),
    ...(mutant.args ?? []),
    ...args,
  ]);
  const scratch = mkdtempSync(join(tmpdir(), 'worldwire-mutant-'));
  try {
    const start = startOf(mutant, tokenFileOf(mutant, scratch));
    const { checks } = await withStarted(start, (owned) =>
      judgeWorld({ url: () => owned.url, owned, start, command: [] }, options),
    );
    return verdictsOf(checks);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function tokenFileOf({ tokens }: Mutant, folder: string): string | undefined {
  if (tokens === undefined) return undefined;
  const file = join(folder, 'tokens');
  writeFileSync(file, `${tokens.join('\n')}\n`);
  return file;
}

/** What each check of a report found. */
export function verdictsOf(checks: readonly CheckResult[]): CheckVerdict[] {
  return checks.map(({ id, verdict, message, expected, actual }) => ({
    id,
    verdict: verdictName(verdict),
    message: [message, expected && `expected ${expected}`, actual && `was ${actual}`]
      .filter(Boolean)
      .join('; '),
  }));
}

/** Rounds of races show faults of the store, which most Worlds of the gallery share with the reference World. */
export const QUICK: readonly string[] = ['--effort', '0.1'];

/** Judges a faulty mutant by the checks that are meant for it, and a benign one by all of them. */
export function judgeAsMeant(mutant: Mutant): Promise<CheckVerdict[]> {
  return mutant.kills.length === 0
    ? judge(mutant, [], QUICK)
    : judge(mutant, [...mutant.kills, ...(mutant.during ?? [])]);
}
