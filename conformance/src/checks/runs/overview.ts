import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { RunStatus, StepStatus, WaitStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { atOf, stepOf, waitOf } from '../../fixtures/records.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Longer than a timer that looks about once a second. */
const IDLE_MS = 1_600;

/** Who does what: the client decides, the World remembers. */
export const overviewChecks: readonly Check[] = [
  check(
    'runs/nothing-by-itself',
    'The World completes no wait, starts, fails or retries no step and ends no run by itself',
    { requirements: ['WW-OVR-005', 'WW-OVR-006', 'WW-WAIT-009'] },
    async (t) => {
      const now = Date.now();
      const run = await t.startedRun();
      const [past, soon] = [t.unique('wait'), t.unique('wait')];
      const [running, retrying, due, failing] = ['step', 'step', 'step', 'step'].map(t.unique, t);
      await run.given(
        events.waitCreated(past, timestampFromMs(now - HOUR_MS)),
        events.waitCreated(soon, timestampFromMs(now + 300)),
        events.stepCreated(running!),
        events.stepStarted(running!),
        events.stepCreated(retrying!),
        events.stepStarted(retrying!),
        events.stepRetrying(retrying!, run.failure(), timestampFromMs(now + 300)),
        events.stepCreated(due!),
        events.stepRetrying(due!, run.failure()),
        events.stepCreated(failing!),
        events.stepStarted(failing!),
        events.stepStarted(failing!),
        events.hookCreated(t.unique('hook'), t.unique('token')),
      );
      const pending = await t.run();
      const [log, record] = [await run.log(), await run.get()];
      await t.sleep(IDLE_MS);
      t.equal((await run.types()).slice(log.length), [], 'events that nobody asked for');
      t.equal(await run.get(), record, 'the run');
      t.equal(record.status, RunStatus.RUNNING, 'its state');
      t.equal(await pending.types(), ['runCreated'], 'the log of a run that nobody started');
      for (const id of [running!, failing!])
        t.equal((await stepOf(t, run, id)).status, StepStatus.RUNNING, 'a running step');
      for (const id of [retrying!, due!])
        t.equal((await stepOf(t, run, id)).status, StepStatus.PENDING, 'a step sent back');
      if (t.has('WAIT_READS'))
        for (const id of [past, soon])
          t.equal((await waitOf(t, run, id)).status, WaitStatus.WAITING, 'a wait whose time came');
      for (const id of [past, soon])
        await t.accepted('wait_completed by the client', () => run.write(events.waitCompleted(id)));
    },
  ),
  check(
    'runs/own-clock',
    'No time that a client sends becomes a time that the World records',
    { requirements: ['WW-OVR-010'] },
    async (t) => {
      for (const offsetMs of [-DAY_MS, DAY_MS]) {
        const occurredAt = timestampFromMs(Date.now() + offsetMs);
        const clock = atOf(t, 'created_at', (await (await t.run()).get()).createdAt);
        const near = (what: string, time: Parameters<typeof atOf>[2]) => {
          const apart = Math.abs(atOf(t, what, time) - clock);
          t.ok(apart < HOUR_MS, `${what} is of the World's clock`, clock, time);
        };
        const stepId = t.unique('step');
        const waitId = t.unique('wait');
        const at = timestampFromMs(Date.now() + offsetMs);
        const { run: created } = await t.api.events.createEvent({
          event: { ...events.runCreated(), occurredAt },
        });
        const run = await t.run();
        for (const event of [
          events.runStarted(),
          events.stepCreated(stepId),
          events.stepStarted(stepId),
          events.stepCompleted(stepId),
          events.waitCreated(waitId, at),
        ])
          await run.given({ ...event, occurredAt });
        const { wait } = await run.write({ ...events.waitCompleted(waitId), occurredAt });
        await run.given({ ...events.runCompleted(), occurredAt });
        const record = await run.get();
        const step = await stepOf(t, run, stepId);
        near('created_at of a run', created?.createdAt);
        for (const [what, value] of [
          ['a run', record],
          ['a step', step],
        ] as const)
          for (const name of ['createdAt', 'startedAt', 'completedAt', 'updatedAt'] as const)
            near(`${name} of ${what}`, value[name]);
        near('completed_at of a wait', wait?.completedAt);
        near('created_at of a wait', wait?.createdAt);
        for (const event of await run.log())
          near(`created_at of ${event.data.case}`, event.createdAt);
      }
    },
  ),
];
