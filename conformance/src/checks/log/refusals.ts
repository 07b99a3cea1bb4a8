import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import { CreateEventRequestSchema, NewEventSchema } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { unchanged } from './support.js';

/** The member numbers of Event that NewEvent does not have. */
const WORLD_WRITTEN = { hook_conflict: 36, noop: 37 } as const;

/** A number that no member has. */
const UNKNOWN_MEMBER = 99;

/** Sends an event whose data is a member that clients cannot write, in binary form. */
function sendMember(t: Context, run: RunHandle, member: number, correlationId: string) {
  const event = create(NewEventSchema, { correlationId });
  // An empty message: its length.
  event.$unknown = [{ no: member, wireType: 2, data: new Uint8Array([0]) }];
  const request = create(CreateEventRequestSchema, { runId: run.id });
  request.event = event;
  return t.raw({
    path: '/worldwire.v1.EventService/CreateEvent',
    headers: { 'content-type': 'application/proto' },
    body: toBinary(CreateEventRequestSchema, request),
  });
}

/** Expects that a raw answer is an error with the reason. */
function refusedWith(
  t: Context,
  what: string,
  { status, body }: { status: number; body: Uint8Array },
  reason: string,
): void {
  const text = new TextDecoder().decode(body);
  if (status === 200) t.fail(`${what} was accepted`, `a refusal with ${reason}`, text);
  let details: { debug?: { reason?: string }; value?: string }[] = [];
  try {
    details = (JSON.parse(text) as { details?: typeof details }).details ?? [];
  } catch {
    t.fail(`${what}: the error is no Connect error`, 'JSON', text);
  }
  const named = details.some(({ value = '' }) =>
    Buffer.from(value, 'base64').toString('latin1').includes(reason),
  );
  t.ok(named, `${what}: refused for another reason`, reason, text);
}

/** What is no event. */
export const eventRefusalChecks: readonly Check[] = [
  check(
    'log/type-required',
    'An event without a data member, or with an unknown one, is refused and leaves nothing',
    { requirements: ['WW-LOG-016'] },
    async (t) => {
      const run = await t.startedRun();
      await unchanged(t, run, 'the refusals', async () => {
        for (const correlationId of ['', 'step_1'])
          await t.refused(
            'an event without data',
            () => run.write({ correlationId }),
            'EVENT_TYPE_REQUIRED',
          );
        const answer = await sendMember(t, run, UNKNOWN_MEMBER, 'step_1');
        refusedWith(t, 'an event with an unknown member', answer, 'EVENT_TYPE_REQUIRED');
      });
      const missing = absentRun(t);
      await t.refused('an event without data', () => missing.write({}), [
        'EVENT_TYPE_REQUIRED',
        'RUN_NOT_FOUND',
      ]);
      await t.accepted('a step_created', () => run.write(events.stepCreated('step_1')));
    },
  ),
  check(
    'log/world-written',
    'What only the World writes cannot be asked for, in binary form or in JSON',
    { requirements: ['WW-LOG-019', 'WW-LOG-016'] },
    async (t) => {
      const run = await t.startedRun();
      await unchanged(t, run, 'the requests', async () => {
        for (const [name, member] of Object.entries(WORLD_WRITTEN)) {
          const answer = await sendMember(t, run, member, 'hook_1');
          refusedWith(t, `${name} in binary form`, answer, 'EVENT_TYPE_REQUIRED');
        }
        for (const name of ['hookConflict', 'noop', 'hook_conflict']) {
          const request = JSON.parse(
            toJsonString(
              CreateEventRequestSchema,
              create(CreateEventRequestSchema, {
                runId: run.id,
                event: { correlationId: 'hook_1' },
              }),
            ),
          ) as { event: Record<string, unknown> };
          request.event[name] = {};
          const answer = await t.raw({
            path: '/worldwire.v1.EventService/CreateEvent',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(request),
          });
          t.ok(answer.status !== 200, `${name} in JSON`, 'a refusal', 'accepted');
        }
      });
      await t.accepted('hook_created', () =>
        run.write(events.hookCreated('hook_1', t.unique('token'))),
      );
    },
  ),
  check(
    'log/correlation-id-required',
    'A step, hook or wait event without a correlation id is refused and leaves nothing',
    { requirements: ['WW-LOG-017'] },
    async (t) => {
      const run = await t.startedRun();
      const without = [
        events.stepCreated(''),
        events.stepStarted(''),
        events.stepCompleted(''),
        events.stepFailed('', run.failure()),
        events.stepRetrying('', run.failure()),
        events.hookCreated('', t.unique('token')),
        events.hookReceived(''),
        events.hookDisposed(''),
        events.waitCreated(''),
        events.waitCompleted(''),
      ];
      await unchanged(t, run, 'the refusals', async () => {
        for (const event of without)
          await t.refused(
            `${event.data?.case} without a correlation id`,
            () => run.write(event),
            'INVALID_ARGUMENT',
          );
      });
      await t.accepted('with one', () => run.write(events.stepCreated('step_1')));
    },
  ),
  check(
    'log/run-id-required',
    'An event without a run id is refused, unless it creates a run',
    { requirements: ['WW-LOG-018'] },
    async (t) => {
      const { events: service } = t.api;
      const some = [
        events.runStarted(),
        events.runStarted(events.createsRun()),
        events.runCompleted(),
        events.runCancelled(),
        events.stepCreated('step_1'),
        events.hookCreated('hook_1', t.unique('token')),
        events.waitCreated('wait_1'),
      ];
      for (const event of some)
        await t.refused(
          `${event.data?.case} without a run id`,
          () => service.createEvent({ event }),
          'INVALID_ARGUMENT',
        );
      const { run } = await t.accepted('run_created without a run id', () =>
        service.createEvent({ event: events.runCreated() }),
      );
      t.ok(run?.runId, 'the run has an id', 'an id', run?.runId);
    },
  ),
  check(
    'log/refusals-change-nothing',
    'A refused event leaves the log, the records and the tokens as they were',
    { requirements: ['WW-LOG-022', 'WW-LOG-030'] },
    async (t) => {
      const run = await t.startedRun();
      const [held, free] = [t.unique('token'), t.unique('token')];
      await run.given(
        events.stepCreated('step_done'),
        events.stepStarted('step_done'),
        events.stepCompleted('step_done'),
        events.stepCreated('step_open'),
        events.hookCreated('hook_1', held),
        events.waitCreated('wait_1'),
        events.waitCompleted('wait_1'),
      );
      const { steps, hooks } = t.api;
      const records = async () => [
        await run.log(),
        await run.get(),
        (await steps.listSteps({ runId: run.id })).steps,
        (await hooks.listHooks({ runId: run.id })).hooks,
      ];
      const before = await records();
      const refused: readonly (readonly [events.NewEventInit, string | string[]])[] = [
        [events.runCreated(), 'RUN_ALREADY_EXISTS'],
        [events.stepCreated('step_open'), 'STEP_ALREADY_EXISTS'],
        [events.stepStarted('step_done'), 'STEP_ALREADY_ENDED'],
        [events.stepCompleted('step_done'), 'STEP_ALREADY_ENDED'],
        [events.stepCompleted('step_none'), 'STEP_NOT_FOUND'],
        [events.hookCreated('hook_1', free), 'HOOK_ALREADY_EXISTS'],
        [events.hookReceived('hook_none'), 'HOOK_NOT_FOUND'],
        [events.hookDisposed('hook_none'), 'HOOK_NOT_FOUND'],
        [events.waitCreated('wait_1'), 'WAIT_ALREADY_EXISTS'],
        [events.waitCompleted('wait_1'), 'WAIT_ALREADY_COMPLETED'],
        [events.waitCompleted('wait_none'), 'WAIT_NOT_FOUND'],
      ];
      for (const [event, reason] of refused) {
        await t.refused(`${event.data?.case}`, () => run.write(event), reason);
        t.equal(await records(), before, `what is read after a refused ${event.data?.case}`);
      }
      await t.refused(
        'GetHookByToken',
        () => hooks.getHookByToken({ token: free }),
        'HOOK_NOT_FOUND',
      );
      const { event } = await t.accepted('hook_created with the free token', () =>
        run.write(events.hookCreated('hook_2', free)),
      );
      t.equal(event?.data.case, 'hookCreated', 'the event');
      if (t.has('POSITIONS'))
        t.equal(
          Number(event?.position),
          (await run.log()).length,
          'the position of the next event',
        );
    },
  ),
];
