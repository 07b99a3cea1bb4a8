import {
  EventService,
  RunService,
  RunStatus,
  StepService,
  StepStatus,
  WaitService,
  WaitStatus,
} from '@worldwire/proto';
import { expect, it } from 'vitest';
import { at, event, runCreated, Trial, together, worldWithout } from './testing/exchanges.js';
import { apiOf } from './testing/stored-run.js';
import { times } from './times.js';

const { getRun } = RunService.method;
const { getStep } = StepService.method;
const { getWait } = WaitService.method;
const { createEvent, listEvents } = EventService.method;

const run = { runId: 'run', status: RunStatus.RUNNING, createdAt: at(1), startedAt: at(2) };
const ended = { ...run, status: RunStatus.COMPLETED, completedAt: at(3), updatedAt: at(3) };
const step = { runId: 'run', stepId: 's', status: StepStatus.PENDING, createdAt: at(1) };
const wait = { runId: 'run', waitId: 'w', status: WaitStatus.WAITING, createdAt: at(1) };

it('accepts records that go through their states', () => {
  const trial = new Trial(times);
  const runs = [{ ...run, status: RunStatus.PENDING, startedAt: undefined }, run, ended];
  for (const one of runs) expect(trial.call(getRun, {}, { run: one })).toBeUndefined();
  const started = { ...step, status: StepStatus.RUNNING, startedAt: at(2), attempt: 1 };
  const again = { ...started, status: StepStatus.PENDING };
  const done = { ...started, status: StepStatus.COMPLETED, completedAt: at(4) };
  for (const one of [step, started, again, done])
    expect(trial.call(getStep, {}, { step: one })).toBeUndefined();
  expect(trial.call(getWait, {}, { wait })).toBeUndefined();
});

it('finds parts of a millisecond', () => {
  const createdAt = { ...at(1), nanos: 1_500_000 };
  const found = new Trial(times).call(getRun, {}, { run: { ...run, createdAt } });
  expect(found?.message).toMatch(/whole milliseconds/);
});

it.each([
  [/PENDING and has a started_at/, { ...run, status: RunStatus.PENDING }],
  [/RUNNING and has no started_at/, { ...run, startedAt: undefined }],
  [/RUNNING and has a completed_at/, { ...run, completedAt: at(3) }],
  [/COMPLETED and has no completed_at/, { ...ended, completedAt: undefined }],
  [/ended before it was created/, { ...ended, createdAt: at(9), startedAt: at(9) }],
  [/updated_at of run run is earlier/, { ...ended, updatedAt: at(2) }],
])('finds a run that is %s', (words, one) => {
  expect(new Trial(times).call(getRun, {}, { run: one })).toMatchObject({
    message: expect.stringMatching(words),
  });
});

it.each([
  [/PENDING and has a started_at/, { ...step, startedAt: at(2) }],
  [/RUNNING and has no started_at/, { ...step, status: StepStatus.RUNNING }],
  [/PENDING and has a completed_at/, { ...step, completedAt: at(2) }],
  [/FAILED and has no completed_at/, { ...step, status: StepStatus.FAILED }],
])('finds a step that is %s', (words, one) => {
  expect(new Trial(times).call(getStep, {}, { step: one })?.message).toMatch(words);
});

it('finds a wait that is not as its state', () => {
  const trial = new Trial(times);
  expect(trial.call(getWait, {}, { wait: { ...wait, completedAt: at(2) } })).toBeDefined();
  const completed = { ...wait, status: WaitStatus.COMPLETED };
  expect(trial.call(getWait, {}, { wait: completed })).toBeDefined();
});

it.each([
  ['created_at', { ...ended, createdAt: at(0) }],
  ['started_at', { ...ended, startedAt: at(3) }],
  ['started_at', { ...ended, startedAt: undefined }],
  ['completed_at', { ...ended, completedAt: at(4), updatedAt: at(4) }],
])('finds a %s that has changed', (member, changed) => {
  const trial = new Trial(times);
  trial.call(getRun, {}, { run: ended });
  expect(trial.call(getRun, {}, { run: changed })?.message).toMatch(`the ${member} of run run`);
});

it('accepts what was earlier from reads under way and from repeated writes', () => {
  const trial = new Trial(times);
  const same = together();
  trial.call(getRun, {}, { run });
  const pending = { ...run, status: RunStatus.PENDING, startedAt: undefined };
  expect(trial.call(getRun, {}, { run: pending }, same)).toBeUndefined();
  expect(trial.call(createEvent, { requestId: 'r' }, { run: pending })).toBeUndefined();
  expect(trial.call(getRun, {}, { run: pending })).toBeDefined();
});

it('finds a log whose times fall', async () => {
  const log = [runCreated(), event(2, { case: 'runStarted', value: {} }, { createdAt: at(0) })];
  expect(new Trial(times).call(listEvents, {}, { events: log })?.message).toMatch(/older than/);
  expect(await new Trial(times).audit(apiOf({ log }), ['run'])).toBeDefined();
  const loose = new Trial(times, worldWithout('POSITIONS'));
  expect(loose.call(listEvents, {}, { events: log })).toBeUndefined();
});

it('finds an event that is older than one that was answered before', () => {
  const started = event(2, { case: 'runStarted', value: {} }, { createdAt: at(0) });
  const write = (request = {}, setting = {}) => {
    const trial = new Trial(times);
    const { begun } = together();
    trial.call(createEvent, {}, { event: runCreated() });
    return trial.call(createEvent, request, { event: started }, { ...setting, begun });
  };
  expect(write()).toBeUndefined();
  const trial = new Trial(times);
  trial.call(createEvent, {}, { event: runCreated() });
  expect(trial.call(createEvent, { requestId: 'r' }, { event: started })).toBeUndefined();
  expect(trial.call(createEvent, {}, { event: started })?.message).toMatch(/answered before/);
});
