/**
 * Keys for whoever looks into runs from outside of an application. They are found as the World adapter finds them: by
 * what the run's record says, among the keys of `WORLDWIRE_KEY` or of a key file.
 */
import type { WorldClient } from './client/types.js';
import type { RunKeys } from './envelope/index.js';
import { readConfig, type WorldOptions } from './world/config.js';
import { RunKeyStore } from './world/keys/run-key-store.js';

export { parseSealedChunk } from './world/sealed-chunks.js';

/** Which deployment keys there are, and for which project; defaults as `WorldOptions` has them. */
export type KeyFinderOptions = Pick<WorldOptions, 'key' | 'keyFile' | 'project'>;

/**
 * Makes a function that finds the keys of a run: undefined where the run is not sealed, or does not exist. It makes no
 * key and no file. What it throws names the run and the missing key.
 *
 * @param client For the run's record.
 */
export function createKeyFinder(
  client: WorldClient,
  options: KeyFinderOptions = {},
): (runId: string) => Promise<RunKeys | undefined> {
  // Encryption is about new runs: those that name no key would be given one.
  const config = { ...readConfig(options), encryption: false };
  const store = new RunKeyStore(
    async () => ({ client }),
    () => config,
  );
  return async (runId) => (await store.of(runId))?.keys;
}
