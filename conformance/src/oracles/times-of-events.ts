import type { Event } from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Api } from '../wire/api.js';
import type { Judge, Oracle } from './oracle.js';
import { kindOf, msOf, showTime } from './parts/events.js';
import { type Snapshot, snapshotOf } from './parts/snapshot.js';

/** Records tell the times of their events. */
export const timesOfEvents: Oracle = {
  id: 'oracle/times-of-events',
  title: 'The times of a record are those of the events that set them',
  requirements: ['WW-LOG-009'],
  capabilities: [],
  judge: (facts) => new TimesOfEvents(facts),
};

const RUN_ENDINGS = ['run_completed', 'run_failed', 'run_cancelled'];
const STEP_ENDINGS = ['step_completed', 'step_failed'];

class TimesOfEvents implements Judge {
  seen = 0;

  constructor(private readonly facts: WorldFacts) {}

  async audit(api: Api, runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const snapshot = await snapshotOf(api, runId, this.facts);
      if (snapshot?.still !== true) continue;
      this.seen += 1;
      compare(snapshot);
    }
  }
}

function compare({ log, run, steps, waits }: Snapshot): void {
  const first = (kinds: readonly string[], id = ''): number | undefined =>
    msOf(log.find((event) => kinds.includes(kindOf(event)) && isOf(event, id))?.createdAt);
  const what = `run ${run.runId}`;
  same(what, 'created_at', msOf(run.createdAt), first(['run_created']));
  same(what, 'started_at', msOf(run.startedAt), first(['run_started']));
  same(what, 'completed_at', msOf(run.completedAt), first(RUN_ENDINGS));
  for (const step of steps) {
    const { stepId } = step;
    same(`step ${stepId}`, 'created_at', msOf(step.createdAt), first(['step_created'], stepId));
    same(`step ${stepId}`, 'started_at', msOf(step.startedAt), first(['step_started'], stepId));
    same(`step ${stepId}`, 'completed_at', msOf(step.completedAt), first(STEP_ENDINGS, stepId));
  }
  for (const wait of waits ?? []) {
    const { waitId } = wait;
    same(`wait ${waitId}`, 'created_at', msOf(wait.createdAt), first(['wait_created'], waitId));
    const completed = first(['wait_completed'], waitId);
    same(`wait ${waitId}`, 'completed_at', msOf(wait.completedAt), completed);
  }
}

function isOf({ correlationId }: Event, id: string): boolean {
  return id === '' || correlationId === id;
}

/** What is missing on either side is for other oracles. */
function same(
  what: string,
  member: string,
  actual: number | undefined,
  expected: number | undefined,
): void {
  if (actual !== undefined && expected !== undefined && actual !== expected)
    throw new Departure(
      `the ${member} of ${what} is not the time of its event`,
      showTime(expected),
      showTime(actual),
    );
}
