import { EventService } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { positionsDense } from './positions-dense.js';
import { at, event, runCreated, Trial } from './testing/exchanges.js';
import { apiOf } from './testing/stored-run.js';

const { listEvents, getEvent, createEvent, watchEvents } = EventService.method;
const started = (position: number) => event(position, { case: 'runStarted', value: {} });

it('accepts dense logs, pages, deltas and watches', () => {
  const trial = new Trial(positionsDense);
  const events = [runCreated(), started(2), started(3)];
  expect(trial.call(listEvents, { runId: 'run' }, { events })).toBeUndefined();
  expect(
    trial.call(listEvents, { runId: 'run', page: { cursor: 'c' } }, { events: events.slice(1) }),
  ).toBeUndefined();
  expect(
    trial.call(createEvent, { runId: 'run' }, { delta: { events: events.slice(1) } }),
  ).toBeUndefined();
  const watch = trial.stream(watchEvents, { runId: 'run', afterPosition: 1n });
  expect(watch({})).toBeUndefined();
  expect(watch({ events: [started(2)] })).toBeUndefined();
  expect(watch({ events: [started(3)] })).toBeUndefined();
  expect(trial.judge.seen).toBeGreaterThan(0);
});

it('leaves filtered and descending lists alone', () => {
  const trial = new Trial(positionsDense);
  const events = [started(9), started(2)];
  expect(trial.call(listEvents, { types: [2] }, { events })).toBeUndefined();
  expect(trial.call(listEvents, { page: { sortOrder: 2 } }, { events })).toBeUndefined();
});

it('finds gaps', () => {
  const trial = new Trial(positionsDense);
  const gap = { events: [runCreated(), started(3)] };
  expect(trial.call(listEvents, { runId: 'run' }, gap)).toMatchObject({
    expected: 'position 2',
    actual: 'position 3',
  });
  expect(trial.call(listEvents, {}, { events: [started(2)] })?.message).toMatch(/first page/);
  expect(trial.call(createEvent, {}, { delta: gap })?.message).toMatch(/delta/);
  const watch = trial.stream(watchEvents, { runId: 'run' });
  expect(watch({ events: [runCreated()] })).toBeUndefined();
  expect(watch({ events: [started(3)] })?.message).toMatch(/WatchEvents/);
});

it('finds gaps in a log that it reads itself', async () => {
  const trial = new Trial(positionsDense);
  const log = [runCreated(), started(3)];
  expect(await trial.audit(apiOf({ log }), ['run'])).toMatchObject({ expected: 'position 2' });
});

it('finds ids that are not made of positions', () => {
  const trial = new Trial(positionsDense);
  const wrong = { ...started(2), eventId: 'evnt_2' };
  expect(trial.call(getEvent, {}, { event: wrong })?.message).toMatch(/event id/);
  const none = event(0, { case: 'runStarted', value: {} }, { createdAt: at(0) });
  expect(trial.call(getEvent, {}, { event: none })?.expected).toMatch(/1 or more/);
});
