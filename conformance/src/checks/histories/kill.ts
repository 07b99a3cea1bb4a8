import { type Check, check } from '../../check.js';
import { judgePrograms } from '../../histories/judge.js';
import { Names } from '../../histories/names.js';
import { play } from '../../histories/play.js';
import { performOnRun, runLogOptionsFor, runShapeFor } from '../../histories/run-log.js';
import { programOf, runLogModel, runLogPrograms } from '../../model/index.js';
import type { OwnedWorld } from '../../subject/process.js';

const CLIENTS = 6;
const STEPS = 7;

/** A process that dies while many clients write, and what they see before and after it. */
export const killChecks: readonly Check[] = [
  check(
    'faults/kill-in-a-history',
    'What many clients see of one run before and after a kill -9 could have happened one request after another',
    {
      requirements: ['WW-LOG-026', 'WW-LOG-027', 'WW-LOG-025', 'WW-LOG-028', 'WW-LOG-030'],
      capabilities: ['DURABILITY'],
      needs: ['process'],
    },
    async (t) => {
      const shape = {
        ...runShapeFor(t),
        clients: CLIENTS,
        steps: STEPS,
        requestIds: t.has('REQUEST_IDS'),
      };
      const model = runLogModel(runLogOptionsFor(t));
      await judgePrograms(
        t,
        2,
        async (seed) => {
          const program = programOf(runLogPrograms(shape), seed);
          // Somewhere in the middle, when requests are under way.
          const moment = 8 + t.random.below(CLIENTS * STEPS - 16);
          let asked = 0;
          let restart: Promise<unknown> | undefined;
          const gate = async () => {
            asked += 1;
            if (asked === moment) restart = restarted(t.process);
            await restart;
          };
          const history = await play(t, program, performOnRun(t, new Names(t)), { gate });
          return { model, history };
        },
        1,
      );
    },
  ),
];

/** A new life of the process; those who have just been let through send their requests first. */
async function restarted(process: OwnedWorld): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await process.kill();
  await process.start();
}
