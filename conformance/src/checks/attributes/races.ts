import type { CreateEventResponse } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { accepted, type Contestant, Race, reasons } from '../../fixtures/race.js';
import { about, countOf, dataOf } from '../../fixtures/records.js';
import { byStep, byWorkflow } from './writes.js';

/** Several writers of one run's attributes. */
export const attributeRaceChecks: readonly Check[] = [
  check(
    'attributes/no-change-lost',
    'Of several writes of different keys at the same time none is lost, and each is in its answer',
    { requirements: ['WW-ATTR-009', 'WW-ATTR-001'], capabilities: ['ATTRIBUTES'] },
    async (t: Context) => {
      const race = new Race(t);
      await race.rounds(60, async (round) => {
        const run = await t.startedRun({ create: { attributes: { gone: 'x', kept: 'x' } } });
        const outcomes = await race.run(
          Array.from({ length: 8 }, (_, at): Contestant<CreateEventResponse> => {
            const changes = { [`key${at}`]: String(at), ...(at === 0 ? { gone: undefined } : {}) };
            const id = t.unique('attr');
            const event =
              (at + round) % 2 === 0 ? byWorkflow(id, changes) : byStep(t.unique('attr'), changes);
            return async (api) => {
              const answer = await run.write(event, { api });
              t.equal(
                answer.run?.attributes[`key${at}`],
                String(at),
                'the attribute in its answer',
              );
              return answer;
            };
          }),
        );
        t.equal(accepted(outcomes).length, 8, 'accepted attr_set');
        const expected: Record<string, string> = { kept: 'x' };
        for (let at = 0; at < 8; at++) expected[`key${at}`] = String(at);
        t.equal({ ...(await run.get()).attributes }, expected, 'attributes');
        t.equal(countOf(await run.log(), 'attrSet'), 8, 'attr_set events');
      });
    },
  ),
  check(
    'attributes/last-write-of-the-log-wins',
    'Of several writes of one key at the same time the last of the log is what the run carries',
    { requirements: ['WW-ATTR-001', 'WW-ATTR-009'], capabilities: ['ATTRIBUTES'] },
    async (t: Context) => {
      const race = new Race(t);
      await race.rounds(40, async () => {
        const run = await t.startedRun();
        await race.run(
          Array.from({ length: 6 }, (_, at): Contestant<CreateEventResponse> => {
            const changes = { shared: String(at), [`own${at}`]: 'x' };
            return (api) => run.write(byStep(t.unique('attr'), changes), { api });
          }),
        );
        const last = (await run.log()).at(-1);
        const written = dataOf(t, last, 'attrSet').changes.find(
          ({ key }) => key === 'shared',
        )?.value;
        const { attributes } = await run.get();
        t.equal(attributes.shared, written, 'the attribute and the last write of the log');
        t.equal(Object.keys(attributes).length, 7, 'attributes');
      });
    },
  ),
  check(
    'attributes/once-race',
    'Of several writes of a workflow with one correlation id at the same time one lands',
    { requirements: ['WW-ATTR-007', 'WW-ATTR-004'], capabilities: ['ATTRIBUTES'] },
    async (t: Context) => {
      const race = new Race(t);
      const run = await t.startedRun();
      const ids: string[] = [];
      await race.rounds(60, async (round) => {
        const id = t.unique('attr');
        ids.push(id);
        const outcomes = await race.run(
          Array.from({ length: 6 }, (_, at): Contestant<CreateEventResponse> => {
            const event = byWorkflow(id, { [`k${round % 20}`]: String(at) });
            return (api) => run.write(event, { api });
          }),
        );
        t.equal(accepted(outcomes).length, 1, 'accepted attr_set');
        t.equal(reasons(outcomes), ['ATTRIBUTES_ALREADY_SET'], 'the reasons of the others');
      });
      const log = await run.log();
      for (const id of ids) t.equal(about(log, id).length, 1, 'attr_set events of one id');
    },
  ),
];
