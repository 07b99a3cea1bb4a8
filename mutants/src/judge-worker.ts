/** Judges the mutants whose names its parent sends, one at a time. */
import { isOutcome } from '@worldwire/conformance/dist/outcome.js';
import { mutantNamed } from './gallery/index.js';
import { sdkGallery } from './gallery/sdk/index.js';
import { judge, judgeAsMeant, QUICK } from './judge.js';
import { judgeClient } from './judge-client.js';
import type { Answer, Order } from './judges.js';

process.on('unhandledRejection', (error) => {
  if (!isOutcome(error)) throw error;
});
process.on('message', async ({ name, full }: Order) => {
  const client = sdkGallery.find((mutant) => mutant.name === name);
  const judging =
    client !== undefined
      ? judgeClient(client, full ? [] : client.kills)
      : full
        ? judge(mutantNamed(name), [], QUICK)
        : judgeAsMeant(mutantNamed(name));
  const answer: Answer = await judging.then(
    (verdicts) => ({ verdicts }),
    (error: unknown) => ({ failed: String(error instanceof Error ? error.stack : error) }),
  );
  process.send!(answer);
});
process.on('disconnect', () => process.exit());
