import { EventService, ResolveData } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { eventsNeverChange } from './events-never-change.js';
import { at, bytes, event, Trial, worldWithout } from './testing/exchanges.js';

const { getEvent, listEvents } = EventService.method;
const stored = event(
  2,
  { case: 'stepCreated', value: { stepName: 's', input: bytes('in') } },
  { correlationId: 'step' },
);

function later(change: object, facts = worldWithout(), setting = {}) {
  const trial = new Trial(eventsNeverChange, facts);
  trial.call(getEvent, { runId: 'run' }, { event: stored }, setting);
  return trial.call(listEvents, {}, { events: [{ ...stored, ...change }] }, setting);
}

it('accepts the same event again, and one without its payload', () => {
  expect(later({})).toBeUndefined();
  expect(later({ data: { case: 'stepCreated', value: { stepName: 's' } } })).toBeUndefined();
});

it('takes the payload from the first sighting that has it', () => {
  const trial = new Trial(eventsNeverChange);
  const of = { correlationId: 'step' };
  const bare = event(2, { case: 'stepCreated', value: { stepName: 's' } }, of);
  const input = bytes('no');
  const other = event(2, { case: 'stepCreated', value: { stepName: 's', input } }, of);
  trial.call(getEvent, { resolveData: ResolveData.NONE }, { event: bare });
  expect(trial.call(getEvent, {}, { event: stored })).toBeUndefined();
  expect(trial.call(getEvent, {}, { event: other })?.message).toMatch(/input/);
});

it.each([
  ['position', { position: 3n }],
  ['type', { data: { case: 'stepStarted', value: {} } }],
  ['correlation_id', { correlationId: 'other' }],
  ['spec_version', { specVersion: 6 }],
  ['created_at', { createdAt: at(99) }],
  ['input', { data: { case: 'stepCreated', value: { stepName: 's', input: bytes('no') } } }],
])('finds another %s', (what, change) => {
  expect(later(change)?.message).toMatch(what);
});

it('keeps runs, projects and Worlds apart', () => {
  const trial = new Trial(eventsNeverChange);
  trial.call(getEvent, {}, { event: stored });
  const other = { ...stored, specVersion: 6 };
  expect(trial.call(getEvent, {}, { event: { ...other, runId: 'b' } })).toBeUndefined();
  expect(trial.call(getEvent, {}, { event: other }, { project: 'p' })).toBeUndefined();
  expect(trial.call(getEvent, {}, { event: other }, { world: 'w' })).toBeUndefined();
});

it('expects no memory of a World that loses it with its process', () => {
  const change = { specVersion: 6 };
  expect(later(change, worldWithout('DURABILITY'), { world: 'own' })).toBeUndefined();
  expect(later(change, worldWithout(), { world: 'own' })).toBeDefined();
});
