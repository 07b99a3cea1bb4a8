import { expect, it } from 'vitest';
import { programOf, queuePrograms, runLogPrograms, tokenPrograms } from './generate.js';
import type { Operation } from './history.js';
import type { Model } from './model.js';
import { queueModel } from './queue.js';
import { runLogModel } from './run-log.js';
import { search } from './search.js';
import { isLawful } from './testing/brute-force.js';
import { QueueWorld } from './testing/queue-world.js';
import { TestRunWorld } from './testing/run-world.js';
import { simulate, simulateQueue } from './testing/simulate.js';
import { TestTokenWorld } from './testing/token-world.js';
import { tokenModel } from './token.js';

const SEEDS = 150;

/** How many histories were found illegal; fails where the search and the trial of every order disagree. */
function compare<S, I, O>(
  model: Model<S, I, O>,
  historyOf: (seed: number) => readonly Operation<I, O>[],
): number {
  let illegal = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1)
    for (const [part, operations] of model.partition(historyOf(seed))) {
      const { verdict } = search(model, operations, 100_000);
      const lawful = isLawful(model, operations);
      expect(`seed ${seed}, ${part}: ${verdict}`).toBe(
        `seed ${seed}, ${part}: ${lawful ? 'ok' : 'illegal'}`,
      );
      if (!lawful) illegal += 1;
    }
  return illegal;
}

it('finds what a trial of every order finds, on runs', () => {
  const shape = { clients: 3, steps: 2, requestIds: true, lost: 30, lazy: true, entities: 1 };
  const illegal = compare(runLogModel(), (seed) => {
    const world = new TestRunWorld(seed % 3 === 0 ? undefined : 'request id ignored', seed % 2 > 0);
    return simulate(
      programOf(runLogPrograms({ ...shape, without: ['attr', 'wait'] }), seed),
      world,
      seed,
    );
  });
  expect(illegal).toBeGreaterThan(0);
});

it('finds what a trial of every order finds, on tokens', () => {
  const shape = { clients: 3, steps: 3, requestIds: true, lost: 30 };
  const illegal = compare(tokenModel(), (seed) => {
    const world = new TestTokenWorld(seed % 3 === 0 ? undefined : 'two owners');
    return simulate(programOf(tokenPrograms(shape), seed), world, seed);
  });
  expect(illegal).toBeGreaterThan(0);
});

it('finds what a trial of every order finds, on queues', () => {
  const shape = { clients: 2, steps: 4, requestIds: true, lost: 30 };
  const illegal = compare(queueModel(), (seed) => {
    const world = new QueueWorld(seed, seed % 3 === 0 ? undefined : 'spent key swallows');
    return simulateQueue(programOf(queuePrograms(shape), seed), world, seed);
  });
  expect(illegal).toBeGreaterThan(0);
});
