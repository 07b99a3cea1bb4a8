import { create } from '@bufbuild/protobuf';
import {
  EventService,
  GetWorldResponseSchema,
  HookService,
  RunService,
  RunStatus,
  WorldService,
} from '@worldwire/proto';
import { expect, it } from 'vitest';
import { WorldFacts } from '../subject/world.js';
import { answersComplete } from './answers-complete.js';
import { at, event, runCreated, Trial } from './testing/exchanges.js';

const { getRun, listRuns } = RunService.method;
const { createEvent, createEventBatch, listEvents } = EventService.method;
const run = {
  runId: 'run',
  status: RunStatus.PENDING,
  workflowName: 'w',
  deploymentId: 'd',
  createdAt: at(1),
};
const hook = { runId: 'run', hookId: 'h', token: 't', createdAt: at(1) };

const newer = new WorldFacts(create(GetWorldResponseSchema, { protocolVersion: '1.1' }));
const unknown = { $unknown: [{ no: 99, wireType: 0, data: new Uint8Array([1]) }] };

it('accepts complete answers', () => {
  const trial = new Trial(answersComplete);
  expect(trial.call(getRun, {}, { run })).toBeUndefined();
  expect(trial.call(listRuns, {}, { runs: [run], page: { cursor: 'c' } })).toBeUndefined();
  expect(trial.call(listRuns, {}, {})).toBeUndefined();
  expect(trial.call(createEvent, {}, { event: runCreated(), run })).toBeUndefined();
  const { getHook } = HookService.method;
  expect(trial.call(getHook, {}, { hook: { ...hook, run: {} } })).toBeUndefined();
  expect(trial.judge.seen).toBe(5);
});

it.each(['runId', 'status', 'workflowName', 'deploymentId', 'createdAt'] as const)(
  'finds a run without %s',
  (member) => {
    const { [member]: _left, ...rest } = run;
    expect(new Trial(answersComplete).call(getRun, {}, { run: rest })?.message).toMatch(
      /a Run with/,
    );
  },
);

it('finds answers that lack something', () => {
  const trial = new Trial(answersComplete);
  expect(trial.call(getRun, {}, {})?.message).toMatch(/GetRunResponse without run/);
  expect(trial.call(listRuns, {}, { runs: [run] })?.message).toMatch(/items and no page/);
  expect(trial.call(createEvent, {}, { event: runCreated() })?.message).toMatch(/without the run/);
  const bare = { ...runCreated(), data: { case: undefined } } as const;
  const page = { cursor: 'c' };
  expect(trial.call(listEvents, {}, { events: [bare], page })?.message).toMatch(/without data/);
  expect(trial.call(createEventBatch, {}, { results: [{}] })?.message).toMatch(/without outcome/);
  const step = event(2, { case: 'stepStarted', value: {} });
  expect(trial.call(createEvent, {}, { event: step })?.expected).toMatch(/the step/);
  expect(trial.call(HookService.method.getHook, {}, { hook })?.message).toMatch(/without run/);
});

it('finds what the definitions do not have, unless the World is newer', () => {
  const { getWorld } = WorldService.method;
  const world = { implementation: 'i', version: 'v', protocolVersion: '1.0' };
  const trial = new Trial(answersComplete);
  const later = new Trial(answersComplete, newer);
  for (const odd of [
    Object.assign(create(GetWorldResponseSchema, world), unknown),
    { ...world, capabilities: [999] },
  ]) {
    expect(trial.call(getWorld, {}, odd)?.message).toMatch(/the protocol does not have/);
    expect(later.call(getWorld, {}, odd)).toBeUndefined();
  }
});
