// The keys of the SDK for TypeScript: one line of JSON with a command comes in, and one with its answer goes out.
import { createInterface } from 'node:readline';
import { createKeyFinder } from '@worldwire/sdk/keys';
import { readConfig } from '../../../sdk-ts/dist/world/config.js';
import { KeySource } from '../../../sdk-ts/dist/world/keys/key-source.js';

/** A World with one run, of which the input is left out. */
const clientOf = (run) => ({
  runs: { getRun: async ({ runId }) => ({ run: { runId, deploymentId: 'default', ...run } }) },
});
const ringOf = (ring) => ring.keys.map(({ id, deploymentId }) => [id, deploymentId ?? null]);

const commands = {
  /** The keys of this process, of which one is made if need be. */
  keys: () => ringOf(new KeySource(readConfig().keys).readOrMake()),
  /** The keys that each of some texts holds; null where it is none. */
  parse: (texts) =>
    texts.map((text) => {
      try {
        return ringOf(new KeySource({ text, file: undefined }).read());
      } catch {
        return null;
      }
    }),
  /** The key of a run by what its record says. */
  async find(run) {
    const keys = await createKeyFinder(clientOf(run))('wrun_1');
    return Buffer.from(keys.runKey).toString('hex');
  },
};

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { command, given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await commands[command](given))}\n`);
}
