import { type Event, EventService } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import { oneEnding } from './one-ending.js';
import { event, runCreated, Trial } from './testing/exchanges.js';

type Data = Parameters<typeof event>[1];
type Kind = NonNullable<Event['data']['case']>;

/** A log in words: "stepCreated a" is the creation of step a. */
function logOf(...words: string[]): Event[] {
  return words.map((word, index) => {
    const [kind, correlationId = ''] = word.split(' ') as [Kind, string?];
    if (kind === 'runCreated') return { ...runCreated(), position: BigInt(index + 1) };
    const writer = { writer: { case: 'workflow', value: {} } };
    const value = kind === 'attrSet' ? { writer } : {};
    return event(index + 1, { case: kind, value } as Data, { correlationId });
  });
}

const judge = (...words: string[]) =>
  new Trial(oneEnding).call(
    EventService.method.listEvents,
    { runId: 'run' },
    { events: logOf(...words) },
  );

describe('lawful logs', () => {
  it.each([
    [
      [
        'runCreated',
        'runStarted',
        'stepCreated a',
        'stepStarted a',
        'stepRetrying a',
        'stepStarted a',
        'stepCompleted a',
        'runCompleted',
      ],
    ],
    [
      [
        'runCreated',
        'stepCreated a',
        'hookCreated h',
        'runCancelled',
        'runCancelled',
        'stepCompleted a',
        'hookDisposed h',
        'noop',
      ],
    ],
    [
      [
        'runCreated',
        'hookCreated h',
        'hookReceived h',
        'hookReceived h',
        'hookDisposed h',
        'hookCreated h',
        'hookReceived h',
      ],
    ],
    [['runCreated', 'hookConflict h', 'hookCreated h', 'hookConflict h', 'hookReceived h']],
    [['runCreated', 'waitCreated w', 'waitCompleted w', 'stepCreated w', 'stepFailed w']],
    [['runCreated', 'attrSet a', 'attrSet b', 'attrSet', 'attrSet']],
  ])('%j', (words) => {
    expect(judge(...words)).toBeUndefined();
  });
});

describe('logs that cannot be', () => {
  it.each([
    [/ended with run_completed/, ['runCreated', 'runCompleted', 'runFailed']],
    [/ended with run_failed/, ['runCreated', 'runFailed', 'runFailed']],
    [/ended with run_completed/, ['runCreated', 'runCompleted', 'runCancelled']],
    [/ended with run_cancelled/, ['runCreated', 'runCancelled', 'stepCreated a']],
    [/ended with run_cancelled/, ['runCreated', 'hookCreated h', 'runCancelled', 'hookReceived h']],
    [/created before/, ['runCreated', 'runCreated']],
    [/does not begin/, ['runStarted']],
    [/already/, ['runCreated', 'runStarted', 'runStarted']],
    [/created before/, ['runCreated', 'stepCreated a', 'stepCreated a']],
    [
      /ended with step_completed/,
      ['runCreated', 'stepCreated a', 'stepCompleted a', 'stepFailed a'],
    ],
    [
      /ended with step_completed/,
      ['runCreated', 'stepCreated a', 'stepCompleted a', 'stepStarted a'],
    ],
    [/never created/, ['runCreated', 'stepStarted a']],
    [/never created/, ['runCreated', 'hookConflict h', 'hookReceived h']],
    [/live already/, ['runCreated', 'hookCreated h', 'hookCreated h']],
    [/disposed of/, ['runCreated', 'hookCreated h', 'hookDisposed h', 'hookDisposed h']],
    [/disposed of/, ['runCreated', 'hookCreated h', 'hookDisposed h', 'hookReceived h']],
    [/created before/, ['runCreated', 'waitCreated w', 'waitCreated w']],
    [/completed before/, ['runCreated', 'waitCreated w', 'waitCompleted w', 'waitCompleted w']],
    [/written by the workflow/, ['runCreated', 'attrSet a', 'attrSet a']],
  ])('%s', (words, log) => {
    expect(judge(...log)).toMatchObject({ message: expect.stringMatching(words) });
  });
});

it('looks over the pages of a log', () => {
  const trial = new Trial(oneEnding);
  const { listEvents } = EventService.method;
  const events = logOf('runCreated', 'runCompleted', 'runFailed');
  const page = { cursor: 'c', hasMore: true };
  trial.call(listEvents, { runId: 'run' }, { events: events.slice(0, 2), page });
  const second = { runId: 'run', page: { cursor: 'c' } };
  expect(trial.call(listEvents, second, { events: events.slice(2) })).toBeDefined();
});

it('judges the events of one entity', () => {
  const { listEventsByCorrelation } = EventService.method;
  const events = logOf('waitCompleted w', 'waitCompleted w');
  const trial = new Trial(oneEnding);
  expect(trial.call(listEventsByCorrelation, { runId: 'run' }, { events })).toBeDefined();
  expect(trial.call(listEventsByCorrelation, {}, { events })).toBeUndefined();
});
