import { EventType, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { EVERY_TYPE, readerWithout } from '../../fixtures/readers.js';
import {
  asNoop,
  NOT_READ,
  pageOf,
  pagesOf,
  plainly,
  runWithAttributes,
  typesOf,
} from './support.js';

const ATTRIBUTES = ['READERS', 'ATTRIBUTES'] as const;

/** Logs for readers that do not know every type. */
export const logChecks: readonly Check[] = [
  check(
    'readers/what-is-read',
    'What a reader reads comes as it does without one',
    { requirements: ['WW-VER-011', 'WW-VER-023'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_1'),
        events.stepStarted('step_1'),
        events.stepFailed('step_1', run.failure()),
        events.runFailed(run.failure()),
      );
      const whole = await run.log();
      const [first] = whole;
      for (const reader of [
        {},
        {
          eventTypes: [...EVERY_TYPE, 'teleported'],
          errorForms: ['payload', 'structured', 'song'],
        },
        { maxSpecVersion: t.specVersion },
        { ...readerWithout('wait_created', 'attr_set'), maxSpecVersion: t.specVersion + 1 },
      ]) {
        const which = `for the reader ${JSON.stringify(reader)}`;
        t.equal(await run.log({ reader }), whole, `the log ${which}`);
        t.equal(await pagesOf(t, run, reader, 2), whole, `the pages of the log ${which}`);
        const one = await t.api.events.getEvent({
          runId: run.id,
          eventId: first?.eventId ?? '',
          reader,
        });
        t.equal(one.event, first, `GetEvent ${which}`);
        const entity = await t.api.events.listEventsByCorrelation({
          runId: run.id,
          correlationId: 'step_1',
          reader,
        });
        t.equal(entity.events, whole.slice(2, 5), `the events of the step ${which}`);
      }
    },
  ),
  check(
    'readers/unknown-names',
    'Names that the World does not know are as good as none',
    { requirements: ['WW-VER-023', 'WW-VER-022'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      await t.refused(
        'the log for a reader of unknown types alone',
        () => run.log({ reader: { eventTypes: ['teleported'] } }),
        NOT_READ,
        { run_id: run.id, feature: 'event_type:run_created' },
      );
      await run.given(events.runFailed(run.failure()));
      await t.refused(
        'the run for a reader of an unknown form of errors alone',
        () => t.api.runs.getRun({ runId: run.id, reader: { errorForms: ['song'] } }),
        NOT_READ,
        { run_id: run.id, feature: `error_form:${run.failure().form?.case}` },
      );
    },
  ),
  check(
    'readers/noop-in-place',
    'A noop stands where the reader knows noop and not the attr_set that is there',
    { requirements: ['WW-VER-012'], capabilities: ATTRIBUTES },
    async (t) => {
      const run = await runWithAttributes(t);
      const reader = readerWithout('attr_set');
      const whole = await run.log();
      const wanted = whole.map((event) => (event.data.case === 'attrSet' ? asNoop(event) : event));
      t.equal(plainly(await run.log({ reader })), wanted, 'the log');
      t.equal(plainly(await pagesOf(t, run, reader, 1)), wanted, 'the log page by page');
      const newest = await pageOf(t, run, { reader }, { sortOrder: SortOrder.DESCENDING });
      t.equal(plainly(newest.events), wanted.toReversed(), 'the log, newest first');
      const { eventId = '' } = whole.find(({ data }) => data.case === 'attrSet') ?? {};
      const { event } = await t.api.events.getEvent({ runId: run.id, eventId, reader });
      t.equal(plainly(event ? [event] : []), [wanted[2]], 'GetEvent');
    },
  ),
  check(
    'readers/left-out',
    'An attr_set is left out for a reader that knows neither it nor noop, and pages are honest without it',
    { requirements: ['WW-VER-013'], capabilities: ATTRIBUTES },
    async (t) => {
      const run = await runWithAttributes(t);
      const reader = readerWithout('attr_set', 'noop');
      const wanted = (await run.log()).filter(({ data }) => data.case !== 'attrSet');
      for (const limit of [1, 2, 100])
        t.equal(await pagesOf(t, run, reader, limit), wanted, `the log in pages of ${limit}`);
      const newest = await pageOf(
        t,
        run,
        { reader },
        { limit: 1, sortOrder: SortOrder.DESCENDING },
      );
      t.equal(newest.events, wanted.slice(-1), 'the newest event');
      const none = await pageOf(t, run, { reader, types: [EventType.ATTR_SET] });
      t.equal([typesOf(none.events), none.hasMore], [[], false], 'a list of nothing else');
    },
  ),
  check(
    'readers/entities-over-runs',
    'The events of an entity over all runs come in the terms of the reader',
    { requirements: ['WW-VER-012', 'WW-VER-013', 'WW-VER-015'], capabilities: ATTRIBUTES },
    async (t) => {
      const [first, second] = [await runWithAttributes(t), await t.startedRun()];
      const correlationId = t.unique('attr');
      const attribute = { changes: [{ key: 'a', value: 'b' }], writer: STEP_WRITER };
      await first.given(events.attrSet(correlationId, attribute));
      await second.given(events.stepCreated(correlationId));
      const read = async (...lacking: string[]) =>
        typesOf(
          (
            await t.api.events.listEventsByCorrelation({
              correlationId,
              reader: readerWithout(...lacking),
            })
          ).events,
        );
      t.equal(await read(), ['attrSet', 'stepCreated'], 'the events');
      t.equal(await read('attr_set'), ['noop', 'stepCreated'], 'without attr_set');
      t.equal(await read('attr_set', 'noop'), ['stepCreated'], 'without attr_set and noop');
      await t.refused(
        'what begins with an unread event',
        () => read('attr_set', 'noop', 'step_created'),
        NOT_READ,
        { run_id: second.id, feature: 'event_type:step_created' },
      );
    },
  ),
];

const STEP_WRITER = { writer: { case: 'step', value: { stepId: 'step_1', attempt: 1 } } } as const;
