import type { Context, Program } from '../../core/program.js';
import type { Command } from '../store.js';
import { WRITES } from '../writes.js';
import type { Contexts } from './contexts.js';
import { needsFence } from './fence.js';
import { Foreseen, foresee } from './foresight.js';
import type { Session } from './session.js';

const NO_CONTEXT: Context = { now: 0, newId: () => '' };

/** Runs a command that only reads, on one snapshot. */
export async function readOn<T>(
  session: Session,
  command: Command<T>,
  contexts: Contexts,
): Promise<T> {
  // Its first operation says whether the snapshot has to wait for writers, and the program then begins anew.
  const first = command(NO_CONTEXT).next();
  const fenced = !first.done && needsFence(first.value);
  const begun = session.beginRead(fenced);
  begun.then(
    (now) => contexts.clock.seen(now),
    () => {},
  );
  if (fenced) await begun;
  const context = await contexts.now(() => begun);
  let ahead = foresee(command, context, session.keys);
  const foreseen = new Foreseen();
  const program: Program<T> = command(context);
  let step = program.next();
  while (!step.done) {
    const { name } = step.value;
    if (name === 'notify' || WRITES[name]) throw new Error(`a read must not ask for ${name}`);
    const known = foreseen.take(step.value);
    if (known !== undefined) step = program.next(known.answer);
    else {
      const asked = Promise.all(session.performAll([step.value, ...ahead]));
      const [[answer, ...rest]] = await Promise.all([asked, begun]);
      foreseen.keep(ahead, rest);
      ahead = [];
      step = program.next(answer);
    }
  }
  await begun;
  session.endRead();
  return step.value;
}
