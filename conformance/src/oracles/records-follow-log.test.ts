import type { Event } from '@worldwire/proto';
import { RunStatus, StepStatus, WaitStatus } from '@worldwire/proto';
import { describe, expect, it } from 'vitest';
import { recordsFollowLog } from './records-follow-log.js';
import { at, bytes, event, runCreated, Trial } from './testing/exchanges.js';
import { apiOf, type StoredRun } from './testing/stored-run.js';

const audit = async (stored: StoredRun) => {
  const trial = new Trial(recordsFollowLog);
  const found = await trial.audit(apiOf(stored), ['run']);
  return found ?? (trial.judge.seen === 0 ? 'nothing to judge' : undefined);
};

const of = (correlationId: string) => ({ correlationId });
const log: Event[] = [
  runCreated(),
  event(2, { case: 'runStarted', value: {} }),
  event(3, { case: 'stepCreated', value: { stepName: 's', input: bytes('in') } }, of('step')),
  event(4, { case: 'stepStarted', value: {} }, of('step')),
  event(5, { case: 'stepRetrying', value: { retryAfter: at(500) } }, of('step')),
  event(6, { case: 'hookCreated', value: { token: 't', metadata: bytes('m') } }, of('hook')),
  event(7, { case: 'hookCreated', value: { token: 'u' } }, of('gone')),
  event(8, { case: 'hookDisposed', value: {} }, of('gone')),
  event(9, { case: 'waitCreated', value: { resumeAt: at(900) } }, of('wait')),
  event(10, {
    case: 'attrSet',
    value: { changes: [{ key: 'k', value: 'v' }] },
  }),
];
const run = { status: RunStatus.RUNNING, lastPosition: 10n, attributes: { k: 'v' } };
const step = {
  runId: 'run',
  stepId: 'step',
  stepName: 's',
  status: StepStatus.PENDING,
  attempt: 1,
  input: bytes('in'),
  retryAfter: at(500),
};
const hook = { runId: 'run', hookId: 'hook', token: 't', metadata: bytes('m') };
const wait = { runId: 'run', waitId: 'wait', status: WaitStatus.WAITING, resumeAt: at(900) };
const lawful = { log, run, steps: [step], hooks: [hook], waits: [wait] };

it('accepts what the log makes', async () => {
  expect(await audit(lawful)).toBeUndefined();
});

it('says nothing where events came in between', async () => {
  const later = [...log, event(11, { case: 'runCancelled', value: {} })];
  expect(await audit({ ...lawful, run: {}, later })).toBe('nothing to judge');
});

describe.each<[string, Partial<StoredRun>, RegExp]>([
  ['a status', { run: { ...run, status: RunStatus.PENDING } }, /status of run/],
  ['attributes', { run: { ...run, attributes: {} } }, /attributes of run/],
  ['a last position', { run: { ...run, lastPosition: 9n } }, /last_position of run/],
  ['an input', { run: { ...run, input: bytes('other') } }, /input of run/],
  ['a lost input', { run: { ...run, input: undefined } }, /input of run/],
  ['a step that is missing', { steps: [] }, /lacks a step/],
  ['a step too many', { steps: [step, { ...step, stepId: 'x' }] }, /a step that its log does not/],
  ['a step status', { steps: [{ ...step, status: StepStatus.RUNNING }] }, /status of step/],
  ['an attempt', { steps: [{ ...step, attempt: 2 }] }, /attempt of step/],
  ['a retry time', { steps: [{ ...step, retryAfter: at(1) }] }, /retry_after of step/],
  ['a disposed hook', { hooks: [hook, { ...hook, hookId: 'gone' }] }, /a hook that its log/],
  ['a hook that is missing', { hooks: [] }, /lacks a hook/],
  ['a token', { hooks: [{ ...hook, token: 'x' }] }, /token of hook/],
  ['a wait that is missing', { waits: [] }, /lacks a wait/],
  ['a wait status', { waits: [{ ...wait, status: WaitStatus.COMPLETED }] }, /status of wait/],
  ['a resume time', { waits: [{ ...wait, resumeAt: at(1) }] }, /resume_at of wait/],
])('finds %s', (_what, change, words) => {
  it('that the log does not make', async () => {
    expect(await audit({ ...lawful, ...change })).toMatchObject({
      message: expect.stringMatching(words),
    });
  });
});

describe('after the end of the run', () => {
  const retained = event(
    11,
    { case: 'hookCreated', value: { token: 'r', tokenRetentionUntil: at(9_000) } },
    of('kept'),
  );
  const end = event(12, { case: 'runCompleted', value: { output: bytes('out') } });
  const ended = {
    log: [...log, retained, end],
    run: {
      ...run,
      status: RunStatus.COMPLETED,
      lastPosition: 12n,
      output: bytes('out'),
    },
    steps: [step],
  };

  it('accepts hooks with a retained token or without', async () => {
    expect(await audit(ended)).toBeUndefined();
    const hooks = [{ runId: 'run', hookId: 'kept', token: 'r' }];
    expect(await audit({ ...ended, hooks })).toBeUndefined();
  });

  it('finds hooks, waits and outputs that are not as they should be', async () => {
    expect(await audit({ ...ended, hooks: [hook] })).toBeDefined();
    expect(await audit({ ...ended, waits: [wait] })).toBeDefined();
    const lost = { ...ended.run, output: undefined };
    expect(await audit({ ...ended, run: lost })).toMatchObject({ actual: 'none' });
    expect(await audit({ ...ended, run: { ...lost, expiredAt: at(12) } })).toBeUndefined();
  });
});
