/** Does the same work on several Worlds, in rounds. */
import { startSubject } from './subjects.mjs';
import { works } from './work.mjs';

/**
 * Resolves with the values of all rounds, by work and by World. Each World has a process of its own; they take turns in
 * every round, so that a machine that gets slower in between favours none of them. With them come the connections that
 * each had to its database, where it has one.
 *
 * @param running Takes the Worlds that are started, for whoever has to end them.
 */
export async function measureWorlds({ subjects, workNames, rounds, quick, dir, running, say }) {
  const names = Object.keys(subjects);
  for (const name of names) running.set(name, await startSubject(name, subjects[name], dir));
  const notes = [...running.values()].flatMap(({ note }) => note ?? []);
  if (notes.length > 0) say(notes.join(', '));
  const results = Object.fromEntries(
    workNames.map((work) => [work, Object.fromEntries(names.map((name) => [name, []]))]),
  );
  const connections = {};
  // The round before the first only warms up.
  for (let round = 0; round <= rounds; round++) {
    if (round > 0) say(`round ${round} of ${rounds}`);
    for (const work of workNames) {
      for (let turn = 0; turn < names.length; turn++) {
        const name = names[(turn + round) % names.length];
        const { full, quick: small } = works[work];
        const size = quick || round === 0 ? small : full;
        const value = await running.get(name).measure(work, size);
        if (round > 0) results[work][name].push(value);
        const count = await running.get(name).connections?.();
        if (count !== undefined) connections[name] = [Math.max(count, connections[name]?.[0] ?? 0)];
      }
    }
  }
  return Object.keys(connections).length > 0 ? { ...results, connections } : results;
}
