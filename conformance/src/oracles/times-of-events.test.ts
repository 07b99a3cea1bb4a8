import { RunStatus } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { at, event, runCreated, Trial } from './testing/exchanges.js';
import { apiOf } from './testing/stored-run.js';
import { timesOfEvents } from './times-of-events.js';

const log = [runCreated(), event(2, { case: 'runStarted', value: {} })];
const run = { status: RunStatus.RUNNING, startedAt: at(2) };

it('accepts the times of the events', async () => {
  const trial = new Trial(timesOfEvents);
  expect(await trial.audit(apiOf({ log, run }), ['run'])).toBeUndefined();
  expect(trial.judge.seen).toBe(1);
});

it('finds other times', async () => {
  const trial = new Trial(timesOfEvents);
  const late = { ...run, startedAt: at(3) };
  expect(await trial.audit(apiOf({ log, run: late }), ['run'])).toMatchObject({
    message: 'the started_at of run run is not the time of its event',
  });
});
