import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readSuiteOptions } from '@worldwire/conformance/dist/commands/options.js';
import { judgeSdk } from '@worldwire/conformance/dist/commands/sdk.js';
import { type CheckVerdict, patch, patchesText, verdictsOf } from './judge.js';
import type { Mutant } from './mutant.js';

const resolve = createRequire(import.meta.url).resolve;
const driver = join(dirname(resolve('@worldwire/sdk/package.json')), 'conformance/driver.mjs');

/** The command that drives a mutant of the SDK. */
function driverOf({ patches }: Mutant): string[] {
  const text = patchesText('/sdk-ts/dist/', patches);
  return ['env', `WORLDWIRE_PATCHES=${text}`, process.execPath, '--import', patch, driver];
}

/** Judges a client; `include` names the checks, and none means all. */
export async function judgeClient(
  mutant: Mutant,
  include: readonly string[],
): Promise<CheckVerdict[]> {
  const options = readSuiteOptions([
    '--quiet',
    ...['--concurrency', '3'],
    ...include.flatMap((pattern) => ['--include', pattern]),
  ]);
  const { checks } = await judgeSdk(driverOf(mutant), options);
  return verdictsOf(checks);
}
