import type { Event } from '@worldwire/proto';
import { RunStatus, SortOrder, StepStatus } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { RunHandle } from '../../fixtures/run-handle.js';
import type { Api } from '../../wire/api.js';
import { typeOf } from '../transitions/observation.js';

/** Kills in one check: each at another moment of the load. */
const ROUNDS = 3;

/** Clients that write at the same time. */
const WRITERS = 6;

/** An event whose request was answered with success. */
interface Acknowledged {
  readonly runId: string;
  readonly event: Event;
}

/** The process dies by kill -9 while clients write, and starts again on the same data. */
export const crashChecks: readonly Check[] = [
  check(
    'faults/acknowledged-events-survive',
    'Every acknowledged event stands in the log after a kill -9, as it was acknowledged',
    {
      requirements: ['WW-LOG-026', 'WW-LOG-025', 'WW-ID-023'],
      capabilities: ['DURABILITY'],
      needs: ['process'],
    },
    async (t) => {
      for (let round = 0; round < ROUNDS; round++) {
        const acknowledged: Acknowledged[] = [];
        await killUnderLoad(t, 40 + t.random.below(80), async (api, count) => {
          const { id } = await RunHandle.create(t, { api });
          for (let step = 0; ; step++) {
            const stepId = `step_${step}`;
            for (const event of [events.stepCreated(stepId), events.stepCompleted(stepId)]) {
              const response = await api.events.createEvent({ runId: id, event });
              acknowledged.push({ runId: id, event: response.event! });
              count();
            }
          }
        });
        await mustStand(t, t.client(`after kill ${round + 1}`), acknowledged);
      }
    },
  ),
  check(
    'faults/no-part-of-a-commit',
    'After a kill -9 every record is as its log makes it, and what belongs together is there or not',
    { requirements: ['WW-LOG-027'], capabilities: ['DURABILITY'], needs: ['process'] },
    async (t) => {
      for (let round = 0; round < ROUNDS; round++) {
        const runs: { id: string; token: string }[] = [];
        await killUnderLoad(t, 20 + t.random.below(60), async (api, count) => {
          for (;;) {
            const token = t.unique('token');
            const run = await RunHandle.create(t, { api, started: true });
            runs.push({ id: run.id, token });
            await run.write(events.hookCreated(t.unique('hook'), token), { api });
            count();
            await run.write(events.stepCreated('step_1'), { api });
            await run.write(events.stepStarted('step_1'), { api });
            count();
            await run.write(events.runCompleted(), { api });
            count();
          }
        });
        const api = t.client(`after kill ${round + 1}`);
        for (const { id, token } of runs) await mustAgree(t, api, id, token);
      }
    },
  ),
  check(
    'faults/batches-survive-whole',
    'After a kill -9 each batch stands in the log whole or not at all, and acknowledged ones whole',
    {
      requirements: ['WW-LOG-027', 'WW-LOG-040'],
      capabilities: ['DURABILITY', 'EVENT_BATCH'],
      needs: ['process'],
    },
    async (t) => {
      const size = Math.min(8, t.facts.limits.maxEventBatch || 8);
      for (let round = 0; round < ROUNDS; round++) {
        const batches: { runId: string; batch: number; acknowledged: boolean }[] = [];
        await killUnderLoad(t, 20 + t.random.below(40), async (api, count) => {
          const { id } = await RunHandle.create(t, { api, started: true });
          for (let batch = 0; ; batch++) {
            const entry = { runId: id, batch, acknowledged: false };
            batches.push(entry);
            await api.events.createEventBatch({
              runId: id,
              events: Array.from({ length: size }, (_, item) =>
                events.stepCreated(`step_${batch}_${item}`),
              ),
            });
            entry.acknowledged = true;
            count();
          }
        });
        const api = t.client(`after kill ${round + 1}`);
        const logs = new Map<string, Event[]>();
        for (const { runId, batch, acknowledged } of batches) {
          const log = logs.get(runId) ?? (await RunHandle.of(t, runId).log({}, api));
          logs.set(runId, log);
          const there = log.filter((event) => event.correlationId.startsWith(`step_${batch}_`));
          const lawful = acknowledged ? [size] : [0, size];
          t.ok(
            lawful.includes(there.length),
            acknowledged ? 'an acknowledged batch lost items' : 'a part of a batch survived',
            lawful.map((count) => `${count} of its events`).join(' or '),
            `${there.length} of them`,
          );
        }
      }
    },
  ),
  check(
    'faults/request-ids-survive',
    'A request under way at a kill -9 lands once when it is repeated with its request id',
    {
      requirements: ['WW-LOG-058', 'WW-LOG-050', 'WW-LOG-026'],
      capabilities: ['DURABILITY', 'REQUEST_IDS'],
      needs: ['process'],
    },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const asked: { requestId: string; eventId: string | undefined }[] = [];
      await killUnderLoad(t, 40 + t.random.below(60), async (api, count) => {
        for (;;) {
          const entry = {
            requestId: t.unique('request'),
            eventId: undefined as string | undefined,
          };
          asked.push(entry);
          const response = await run.write(events.hookReceived('hook_1'), {
            api,
            requestId: entry.requestId,
          });
          entry.eventId = response.event?.eventId;
          count();
        }
      });
      const api = t.client('after the kill');
      const landed = new Set<string>();
      for (const { requestId, eventId } of asked) {
        const { event } = await t.accepted('the repeated request', () =>
          run.write(events.hookReceived('hook_1'), { api, requestId }),
        );
        if (eventId !== undefined)
          t.equal(event?.eventId, eventId, 'the answer to a request that was answered before');
        landed.add(event?.eventId ?? '');
      }
      const received = (await run.log({}, api)).filter(
        (event) => typeOf(event) === 'hook_received',
      );
      t.equal(received.length, asked.length, 'the number of payloads in the log');
      t.equal(landed.size, asked.length, 'the number of events that the answers name');
    },
  ),
  check(
    'faults/cursors-survive',
    'A cursor from before a kill -9 goes on where it ended',
    { requirements: ['WW-PAGE-020'], capabilities: ['DURABILITY'], needs: ['process'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(...[1, 2, 3, 4, 5].map((step) => events.stepCreated(`step_${step}`)));
      const first = await t.given('a first page', () =>
        t.api.events.listEvents({
          runId: run.id,
          page: { limit: 3, sortOrder: SortOrder.ASCENDING },
        }),
      );
      const rest = await t.given('the rest', () =>
        t.api.events.listEvents({ runId: run.id, page: pageAfter(first.page?.cursor) }),
      );
      await t.process.kill();
      await t.process.start();
      const again = await t.client('after the kill').events.listEvents({
        runId: run.id,
        page: pageAfter(first.page?.cursor),
      });
      t.equal(
        again.events.map(({ eventId }) => eventId),
        rest.events.map(({ eventId }) => eventId),
        'the events after the cursor',
      );
    },
  ),
  check(
    'faults/tokens-survive',
    'After a kill -9 a hook still holds its token, and a disposed one does not',
    {
      requirements: ['WW-LOG-026', 'WW-LOG-027'],
      capabilities: ['DURABILITY'],
      needs: ['process'],
    },
    async (t) => {
      const [held, freed] = [t.unique('token'), t.unique('token')];
      const run = await t.startedRun();
      await run.given(
        events.hookCreated('hook_1', held),
        events.hookCreated('hook_2', freed),
        events.hookDisposed('hook_2'),
      );
      await t.process.kill();
      await t.process.start();
      const api = t.client('after the kill');
      const { hook } = await api.hooks.getHookByToken({ token: held });
      t.equal(hook?.runId, run.id, 'the run of the hook that holds the token');
      await t.refused(
        'the freed token is looked up',
        () => api.hooks.getHookByToken({ token: freed }),
        'HOOK_NOT_FOUND',
      );
      const other = await t.startedRun({ api });
      const taken = await other.write(events.hookCreated('hook_3', held), { api });
      t.equal(taken.event?.data.case, 'hookConflict', 'what asks for a held token');
      const free = await other.write(events.hookCreated('hook_4', freed), { api });
      t.equal(free.event?.data.case, 'hookCreated', 'what asks for a freed token');
    },
  ),
];

/**
 * Lets writers write until `count` was called so often, kills the process in the middle of what they do, and starts it
 * again. Writers end by the error that the dead process gives them.
 */
async function killUnderLoad(
  t: Context,
  acknowledgements: number,
  write: (api: Api, count: () => void) => Promise<never>,
): Promise<void> {
  let left = acknowledgements;
  let enough: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    enough = resolve;
  });
  let dead = false;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    try {
      await write(t.client(`writer ${writer + 1}`), () => {
        left -= 1;
        if (left === 0) enough();
      });
    } catch (error) {
      if (!dead) throw error;
    }
  });
  // A writer that fails while the World lives says more than a load that never comes.
  await Promise.race([reached, Promise.all(writers)]);
  dead = true;
  await t.process.kill();
  await Promise.all(writers);
  await t.process.start();
}

async function mustStand(
  t: Context,
  api: Api,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  const logs = new Map<string, Map<string, Event>>();
  for (const { runId, event } of acknowledged) {
    let log = logs.get(runId);
    if (log === undefined) {
      const listed = await RunHandle.of(t, runId).log({}, api);
      log = new Map(listed.map((each) => [each.eventId, each]));
      logs.set(runId, log);
    }
    const found = log.get(event.eventId);
    if (found === undefined)
      t.fail(
        'an acknowledged event is gone after the kill',
        `${typeOf(event)} of ${event.correlationId} (${event.eventId})`,
        `a log of ${log.size} events without it`,
      );
    t.equal(
      [found.correlationId, found.position, found.createdAt],
      [event.correlationId, event.position, event.createdAt],
      'an event after the kill',
    );
  }
}

/** A run, its step and its hook are as the log says, whatever the log holds. */
async function mustAgree(t: Context, api: Api, runId: string, token: string): Promise<void> {
  const handle = RunHandle.of(t, runId);
  const types = (await handle.log({}, api)).map(typeOf);
  const { run } = await api.runs.getRun({ runId });
  const completed = types.includes('run_completed');
  const status = completed
    ? RunStatus.COMPLETED
    : types.includes('run_started')
      ? RunStatus.RUNNING
      : RunStatus.PENDING;
  t.equal(run?.status, status, `the status of a run whose log is ${types.join(', ')}`);
  const held = await t.outcome(() => api.hooks.getHookByToken({ token }));
  t.equal(
    'value' in held,
    types.includes('hook_created') && !completed,
    `whether the token is held in a run whose log is ${types.join(', ')}`,
  );
  const step = await t.outcome(() => api.steps.getStep({ runId, stepId: 'step_1' }));
  t.equal('value' in step, types.includes('step_created'), 'whether the step is there');
  if ('value' in step)
    t.equal(
      step.value.step?.status,
      types.includes('step_started') ? StepStatus.RUNNING : StepStatus.PENDING,
      `the state of a step in a run whose log is ${types.join(', ')}`,
    );
}

function pageAfter(cursor: string | undefined) {
  return { cursor: cursor ?? '', limit: 100, sortOrder: SortOrder.ASCENDING };
}
