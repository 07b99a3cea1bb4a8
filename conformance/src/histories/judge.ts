import type { Context } from '../context.js';
import { checkHistory, type Model, type Operation } from '../model/index.js';
import { Departure, NotTestable } from '../outcome.js';
import { allOf } from './all-of.js';

/** Programs under way at one time: their clients meet those of the others only in the World. */
const LANES = 3;

/** Far more than a history of this size takes; a bound on what a strange one may cost. */
const MAX_STATES = 100_000;

/** What a program led to, and what judges it. */
export interface Played<S, I, O> {
  readonly model: Model<S, I, O>;
  readonly history: readonly Operation<I, O>[];
}

/** Plays programs of seeds that follow from the check's own, and expects that every history is lawful. */
export async function judgePrograms<S, I, O>(
  t: Context,
  count: number,
  play: (seed: number, index: number) => Promise<Played<S, I, O>>,
  lanes = LANES,
): Promise<void> {
  const seeds = Array.from({ length: count }, () => t.random.below(2 ** 31));
  let next = 0;
  let unknown = 0;
  let failed = false;
  const lane = async () => {
    while (next < seeds.length && !failed) {
      const index = next++;
      const seed = seeds[index]!;
      const { model, history } = await play(seed, index);
      const { verdict, witness } = checkHistory(model, history, { maxStates: MAX_STATES });
      if (verdict === 'unknown') unknown += 1;
      if (verdict === 'illegal')
        throw new Departure(
          witness?.summary ?? 'a history that no order of its operations explains',
          'answers that some order of the operations explains',
          `program of seed ${seed}\n${witness?.text ?? ''}`,
        );
    }
  };
  const watched = async () => {
    try {
      await lane();
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  // All come to their end before the check does: nothing of a program outlives it.
  await allOf(Array.from({ length: lanes }, watched));
  if (unknown > 0)
    throw new NotTestable(
      `${unknown} of ${count} histories have too many possible orders to be judged`,
    );
}
