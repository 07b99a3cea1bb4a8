import {
  EventService,
  EventType,
  HookService,
  QueueService,
  RunService,
  RunStatus,
} from '@worldwire/proto';
import { expect, it } from 'vitest';
import { answersAsked } from './answers-asked.js';
import { event, runCreated, Trial } from './testing/exchanges.js';

const { getRun, listRuns, batchGetRuns } = RunService.method;
const { createEvent, listEvents, listEventsByCorrelation } = EventService.method;
const { getHook } = HookService.method;
const { settle } = QueueService.method;
const hookCreated = { case: 'hookCreated', value: { token: 't' } } as const;
const conflict = event(2, { case: 'hookConflict', value: {} }, { correlationId: 'h' });

it('accepts what was asked for', () => {
  const trial = new Trial(answersAsked);
  expect(trial.call(getRun, { runId: 'run' }, { run: { runId: 'run' } })).toBeUndefined();
  expect(
    trial.call(getHook, { hookId: 'h' }, { hook: { runId: 'x', hookId: 'h' } }),
  ).toBeUndefined();
  expect(trial.call(settle, { settlements: [{}] }, { results: [{}] })).toBeUndefined();
  const asked = { runId: 'run', event: { correlationId: 'h', data: hookCreated } };
  expect(trial.call(createEvent, asked, { event: conflict })).toBeUndefined();
  const missing = { runIds: ['a', 'b'] };
  expect(
    trial.call(batchGetRuns, missing, { results: [{}, { run: { runId: 'b' } }] }),
  ).toBeUndefined();
});

it('finds what was not asked for', () => {
  const trial = new Trial(answersAsked);
  const other = { runId: 'other' };
  expect(trial.call(getRun, { runId: 'run' }, { run: other })).toMatchObject({
    expected: 'runId run',
    actual: 'runId other',
  });
  expect(trial.call(listEvents, other, { events: [runCreated()] })).toBeDefined();
  expect(
    trial.call(listEventsByCorrelation, { correlationId: 'c' }, { events: [runCreated()] }),
  ).toBeDefined();
  const typed = { types: [EventType.RUN_STARTED] };
  expect(trial.call(listEvents, typed, { events: [runCreated()] })).toBeDefined();
  const running = { statuses: [RunStatus.RUNNING] };
  expect(trial.call(listRuns, running, { runs: [{ status: RunStatus.PENDING }] })).toBeDefined();
  expect(
    trial.call(listRuns, { workflowName: 'w' }, { runs: [{ workflowName: 'W' }] }),
  ).toBeDefined();
  const swapped = { results: [{ run: { runId: 'b' } }, { run: { runId: 'a' } }] };
  expect(trial.call(batchGetRuns, { runIds: ['a', 'b'] }, swapped)).toBeDefined();
  expect(trial.call(batchGetRuns, { runIds: ['a', 'b'] }, { results: [{}] })).toBeDefined();
  const asked = { runId: 'run', event: { correlationId: 'x', data: hookCreated } };
  expect(trial.call(createEvent, asked, { event: conflict })).toBeDefined();
  const started = { runId: 'run', event: { data: { case: 'runStarted', value: {} } } } as const;
  expect(trial.call(createEvent, started, { event: runCreated() })?.message).toMatch(
    /another type/,
  );
});
