import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf, isConflict, isDuplicate, isLost } from './faults.js';
import { Unanswered } from './session.js';

/** How often a command is run again because a row stood already: it then sees that row, unless it is at fault itself. */
const MAX_DUPLICATES = 4;
const CONFLICT_PAUSE_MS = 10;
const LOST_PAUSE_MS = 100;

/** Does work that leaves nothing behind where it fails, again where that helps, for so many milliseconds at most. */
export async function retrying<T>(giveUpMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + giveUpMs;
  let duplicates = 0;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Unanswered) throw faultOf(error.cause);
      const again =
        isConflict(error) || isLost(error) || (isDuplicate(error) && ++duplicates < MAX_DUPLICATES);
      if (!again || performance.now() > deadline) throw faultOf(error);
      const pause = isLost(error) ? LOST_PAUSE_MS : isConflict(error) ? CONFLICT_PAUSE_MS : 0;
      if (pause > 0) await sleep(pause * (0.5 + Math.random()));
    }
  }
}
