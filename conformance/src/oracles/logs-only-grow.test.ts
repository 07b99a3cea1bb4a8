import { EventService } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { logsOnlyGrow } from './logs-only-grow.js';
import { event, runCreated, Trial, together, worldWithout } from './testing/exchanges.js';
import { apiOf } from './testing/stored-run.js';

const { createEvent, listEvents } = EventService.method;
const started = (position: number) => event(position, { case: 'runStarted', value: {} });
const [a, b, c] = [runCreated(), started(2), started(3)];
const whole = { page: { cursor: 'x' } };

it('accepts a log that grows, read whole or in pages', () => {
  const trial = new Trial(logsOnlyGrow);
  const read = { runId: 'run' };
  trial.call(createEvent, read, { event: a });
  expect(trial.call(listEvents, read, { events: [a], ...whole })).toBeUndefined();
  trial.call(createEvent, read, { event: b });
  expect(
    trial.call(listEvents, read, { events: [a], page: { cursor: 'c1', hasMore: true } }),
  ).toBeUndefined();
  expect(
    trial.call(listEvents, { ...read, page: { cursor: 'c1' } }, { events: [b], ...whole }),
  ).toBeUndefined();
  expect(trial.judge.seen).toBe(2);
});

it('finds an acknowledged event that is missing', () => {
  const trial = new Trial(logsOnlyGrow);
  trial.call(createEvent, { runId: 'run' }, { event: a });
  trial.call(createEvent, { runId: 'run' }, { event: b });
  expect(trial.call(listEvents, { runId: 'run' }, { events: [a], ...whole })).toMatchObject({
    message: expect.stringMatching(/is not in its log/),
    expected: `${b!.eventId} among the events`,
  });
});

it('finds an event that is missing from pages that follow each other', () => {
  const trial = new Trial(logsOnlyGrow);
  for (const one of [a, b, c]) trial.call(createEvent, { runId: 'run' }, { event: one });
  trial.call(listEvents, { runId: 'run' }, { events: [a], page: { cursor: '1', hasMore: true } });
  expect(
    trial.call(listEvents, { runId: 'run', page: { cursor: '1' } }, { events: [c], ...whole }),
  ).toBeDefined();
});

it('expects nothing of a read that was under way', () => {
  const trial = new Trial(logsOnlyGrow);
  const same = together();
  trial.call(createEvent, { runId: 'run' }, { event: b }, same);
  expect(trial.call(listEvents, { runId: 'run' }, { events: [a], ...whole }, same)).toBeUndefined();
});

it('finds another order', () => {
  const trial = new Trial(logsOnlyGrow, worldWithout('POSITIONS'));
  trial.call(listEvents, { runId: 'run' }, { events: [a, b], ...whole });
  expect(trial.call(listEvents, { runId: 'run' }, { events: [b, a], ...whole })?.message).toMatch(
    /does not go on/,
  );
});

it('lets only logs without positions take in events before the last', () => {
  const read = (trial: Trial) => {
    trial.call(listEvents, { runId: 'run' }, { events: [a, c], ...whole });
    return trial.call(listEvents, { runId: 'run' }, { events: [a, b, c], ...whole });
  };
  expect(read(new Trial(logsOnlyGrow, worldWithout('POSITIONS')))).toBeUndefined();
  expect(read(new Trial(logsOnlyGrow))).toBeDefined();
});

it('looks at the logs of its own reads', async () => {
  const trial = new Trial(logsOnlyGrow);
  trial.call(createEvent, { runId: 'run' }, { event: b });
  expect(await trial.audit(apiOf({ log: [a] }), ['run'])).toBeDefined();
});
