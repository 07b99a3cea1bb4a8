import { EventService, ResolveData, RunService, StepService, StepStatus } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { payloadsOnDemand } from './payloads-on-demand.js';
import { at, bytes, event, runCreated, Trial, together } from './testing/exchanges.js';

const { getRun, listRuns } = RunService.method;
const { getStep } = StepService.method;
const { createEvent, listEvents } = EventService.method;
const none = { resolveData: ResolveData.NONE };
const run = { runId: 'run', input: bytes('in') };
const bare = { runId: 'run' };

it('accepts payloads where they are asked for', () => {
  const trial = new Trial(payloadsOnDemand);
  expect(trial.call(getRun, {}, { run })).toBeUndefined();
  expect(trial.call(getRun, none, { run: bare })).toBeUndefined();
  expect(trial.call(listRuns, {}, { runs: [run] })).toBeUndefined();
  expect(trial.judge.seen).toBe(3);
});

it('finds payloads where none were asked for', () => {
  const trial = new Trial(payloadsOnDemand);
  expect(trial.call(getRun, none, { run })).toMatchObject({ expected: 'no input' });
  expect(trial.call(listEvents, none, { events: [runCreated()] })).toBeDefined();
  expect(trial.call(createEvent, none, { event: runCreated() })).toBeDefined();
  const failed = event(2, {
    case: 'stepFailed',
    value: { error: { form: { case: 'structured', value: { message: 'm' } } } },
  });
  expect(trial.call(createEvent, none, { event: failed })?.expected).toBe('no error');
  expect(trial.call(createEvent, none, { delta: { events: [runCreated()] } })?.expected).toBe(
    'no input',
  );
});

it('finds a payload that was lost', () => {
  const trial = new Trial(payloadsOnDemand);
  trial.call(listEvents, {}, { events: [runCreated()] });
  const lost = event(1, { case: 'runCreated', value: {} });
  expect(trial.call(listEvents, {}, { events: [lost] })?.message).toMatch(/no longer returns/);
  trial.call(getRun, {}, { run });
  expect(trial.call(getRun, {}, { run: bare })).toBeDefined();
});

it('expects no payload of reads under way, of answers to writes, or of tries gone by', () => {
  const trial = new Trial(payloadsOnDemand);
  const same = together();
  trial.call(getRun, {}, { run });
  expect(trial.call(getRun, {}, { run: bare }, same)).toBeUndefined();
  expect(trial.call(createEvent, {}, { run: bare })).toBeUndefined();
  const error = { form: { case: 'payload', value: bytes('e') } } as const;
  const step = { runId: 'run', stepId: 's', status: StepStatus.PENDING, error };
  trial.call(getStep, {}, { step });
  const started = { ...step, status: StepStatus.RUNNING, error: undefined };
  expect(trial.call(getStep, {}, { step: started })).toBeUndefined();
});

it('lets retention remove payloads', () => {
  const purged = new Trial(payloadsOnDemand);
  purged.call(getRun, {}, { run });
  expect(purged.call(getRun, {}, { run: { ...bare, expiredAt: at(1) } })).toBeUndefined();
  const asked = new Trial(payloadsOnDemand);
  asked.call(getRun, {}, { run });
  const changes = [{ key: '$retention', value: '0' }];
  const data = { case: 'attrSet', value: { changes } } as const;
  asked.call(createEvent, { runId: 'run', event: { data } }, {});
  expect(asked.call(getRun, {}, { run: bare })).toBeUndefined();
});
