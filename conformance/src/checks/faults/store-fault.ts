import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { typeOf } from '../transitions/observation.js';

/** An event whose insert the store refuses once. */
interface Case {
  readonly type: string;
  /** Brings a started run into the state in which the event is lawful. */
  readonly before: (id: string, run: RunHandle, token: string) => events.NewEventInit[];
  readonly event: (id: string, run: RunHandle, token: string) => events.NewEventInit;
}

const step: Case['before'] = (id) => [events.stepCreated(id)];
const startedStep: Case['before'] = (id) => [events.stepCreated(id), events.stepStarted(id)];
const hook: Case['before'] = (id, _run, token) => [events.hookCreated(id, token)];
const none: Case['before'] = () => [];

const cases: readonly Case[] = [
  { type: 'run_completed', before: none, event: () => events.runCompleted() },
  { type: 'run_failed', before: none, event: (_id, run) => events.runFailed(run.failure()) },
  { type: 'run_cancelled', before: none, event: () => events.runCancelled() },
  { type: 'step_created', before: none, event: (id) => events.stepCreated(id) },
  { type: 'step_started', before: step, event: (id) => events.stepStarted(id) },
  { type: 'step_completed', before: startedStep, event: (id) => events.stepCompleted(id) },
  {
    type: 'step_failed',
    before: startedStep,
    event: (id, run) => events.stepFailed(id, run.failure()),
  },
  {
    type: 'step_retrying',
    before: startedStep,
    event: (id, run) => events.stepRetrying(id, run.failure()),
  },
  {
    type: 'hook_created',
    before: none,
    event: (id, _run, token) => events.hookCreated(id, token),
  },
  { type: 'hook_received', before: hook, event: (id) => events.hookReceived(id) },
  { type: 'hook_disposed', before: hook, event: (id) => events.hookDisposed(id) },
  { type: 'wait_created', before: none, event: (id) => events.waitCreated(id) },
  {
    type: 'wait_completed',
    before: (id) => [events.waitCreated(id)],
    event: (id) => events.waitCompleted(id),
  },
];

/** The store refuses the event once: afterwards a retry ends with the event in the log, and no record ran ahead. */
export const storeFaultChecks: readonly Check[] = [
  ...cases.map((each) =>
    check(
      `faults/store-refuses-${each.type.replaceAll('_', '-')}`,
      `A ${each.type} that the store refused once can be written afterwards`,
      { requirements: ['WW-LOG-021', 'WW-LOG-023'], needs: ['store-fault'] },
      async (t) => {
        const run = await t.startedRun();
        const id = t.unique(each.type.split('_')[0] ?? 'id');
        const token = t.unique('token');
        await run.given(...each.before(id, run, token));
        const before = await run.log();
        await underFault(t, each.type, () => run.write(each.event(id, run, token)));
        t.equal(
          (await run.log()).length,
          before.length,
          'the length of the log while it is refused',
        );
        await t.accepted(`the retry of ${each.type}`, () => run.write(each.event(id, run, token)));
        const added = (await run.log()).slice(before.length).map(typeOf);
        t.equal(added, [each.type], 'what the log gained');
      },
    ),
  ),
  check(
    'faults/store-refuses-run-created',
    'A run whose run_created the store refused is not there, and can be created afterwards',
    { requirements: ['WW-LOG-021', 'WW-LOG-023'], needs: ['store-fault'] },
    async (t) => {
      // The id is lawful everywhere: it is that of a run which the World made a moment ago, but for its random part.
      const { id: similar } = await t.run();
      const runId = `${similar.slice(0, -8)}${t.random.text(8)}`;
      const write = () => t.api.events.createEvent({ runId, event: events.runCreated() });
      await underFault(t, 'run_created', write);
      await t.refused('the run is read', () => t.api.runs.getRun({ runId }), 'RUN_NOT_FOUND');
      await t.accepted('the retry of run_created', write);
      const { events: log } = await t.api.events.listEvents({ runId });
      t.equal(log.map(typeOf), ['run_created'], 'the log');
    },
  ),
];

/** Calls while the store refuses the event, and expects that nothing is acknowledged. */
async function underFault(t: Context, type: string, call: () => Promise<unknown>): Promise<void> {
  await t.storeFault.arm(type);
  try {
    const outcome = await t.outcome(call);
    t.ok(
      'refusal' in outcome,
      `${type} is acknowledged though the store refuses it`,
      'an error',
      'accepted',
    );
  } finally {
    await t.storeFault.disarm();
  }
}
