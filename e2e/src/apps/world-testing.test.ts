import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../harness/scratch.js';
import { startWorld, type WorldServer } from '../harness/world.js';
import { prepareWorldTesting, runSuite, type Verdicts } from '../harness/world-testing.js';

/** What needs something that this Node does not have fails on every World. */
const passed = (verdicts: Verdicts) => Object.keys(verdicts).filter((name) => verdicts[name]);

describe('createTestSuite of @workflow/world-testing', () => {
  let folder: string;
  let world: WorldServer;
  let reference: Verdicts;

  beforeAll(async () => {
    folder = await prepareWorldTesting();
    world = await startWorld();
    const local = { WORKFLOW_LOCAL_DATA_DIR: tempDir('world-local') };
    reference = (await runSuite(folder, '@workflow/world-local', local)).verdicts;
  });

  afterAll(async () => {
    await world?.stop();
  });

  it.concurrent.each(['server', 'embedded'])(
    'passes where @workflow/world-local does (%s)',
    async (place) => {
      const url = place === 'server' ? world.url : `embedded:${tempDir('embedded')}`;
      // The suite reads the payloads of runs, and knows no keys.
      const env = { WORLDWIRE_URL: url, WORLDWIRE_ENCRYPTION: 'off' };
      const { verdicts, output } = await runSuite(folder, '@worldwire/sdk/world', env);
      const failed = passed(reference).filter((name) => !verdicts[name]);
      expect(failed, output.slice(-20_000)).toEqual([]);
      // The suite itself, and not an empty report.
      expect(passed(verdicts).length).toBeGreaterThanOrEqual(10);
    },
  );
});
