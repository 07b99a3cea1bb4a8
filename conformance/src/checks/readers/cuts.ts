import { ResolveData, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { type ReaderInit, readerWithout } from '../../fixtures/readers.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { NOT_READ, olderVersion, otherForm, ownForm, pageOf, typesOf } from './support.js';

const BEGINNING = ['runCreated', 'runStarted', 'stepCreated'];

/** Logs that hold what the reader does not read and cannot go without. */
export const cutChecks: readonly Check[] = [
  check(
    'readers/page-ends-before',
    'A page ends before an event that the reader does not read, and the next one is refused',
    { requirements: ['WW-VER-014', 'WW-VER-015', 'WW-VER-022'], capabilities: ['READERS'] },
    async (t) => {
      const cancelled = await t.startedRun();
      await cancelled.given(events.stepCreated('step_1'), events.runCancelled());
      await endsBefore(t, cancelled, readerWithout('run_cancelled'), 'event_type:run_cancelled');
      const going = await t.startedRun();
      await going.given(
        events.stepCreated('step_1'),
        events.waitCreated('wait_1'),
        events.stepCompleted('step_1'),
      );
      await endsBefore(t, going, readerWithout('wait_created'), 'event_type:wait_created');
      await t.refused(
        'the newest event first',
        () =>
          pageOf(
            t,
            cancelled,
            { reader: readerWithout('run_cancelled') },
            { sortOrder: SortOrder.DESCENDING },
          ),
        NOT_READ,
      );
    },
  ),
  check(
    'readers/errors-in-logs',
    'An event with an error in a form that the reader does not read is not sent, unless without its payload',
    { requirements: ['WW-VER-014', 'WW-VER-015'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepFailed('step_1', run.failure()));
      const reader = { errorForms: [otherForm(run)] };
      await endsBefore(t, run, reader, `error_form:${ownForm(run)}`);
      t.equal(
        typesOf(await run.log({ reader, resolveData: ResolveData.NONE })),
        [...BEGINNING, 'stepFailed'],
        'the log without payloads',
      );
      const reads = { errorForms: [ownForm(run)] };
      t.equal(
        await run.log({ reader: reads }),
        await run.log(),
        'the log for a reader of the form',
      );
    },
  ),
  check(
    'readers/newer-logs',
    'The log of a run above the spec versions that the reader reads is refused with payloads',
    { requirements: ['WW-VER-015', 'WW-VER-022'], capabilities: ['READERS'] },
    async (t) => {
      const maxSpecVersion = olderVersion(t);
      const run = await t.startedRun();
      await run.given({ ...events.stepCreated('step_1'), specVersion: maxSpecVersion });
      const reader = { maxSpecVersion };
      const feature = `spec_version:${run.specVersion}`;
      await t.refused('the log', () => run.log({ reader }), NOT_READ, { run_id: run.id, feature });
      const { events: all, cursor } = await pageOf(t, run, {}, { limit: 2 });
      await t.refused(
        'the rest of the log',
        () => pageOf(t, run, { reader }, { cursor }),
        NOT_READ,
      );
      t.equal(typesOf(all), BEGINNING.slice(0, 2), 'its beginning without a reader');
      t.equal(
        typesOf(await run.log({ reader, resolveData: ResolveData.NONE })),
        BEGINNING,
        'the log without payloads',
      );
      if (maxSpecVersion < t.facts.info.minSpecVersion) return;
      const older = await t.startedRun({ specVersion: maxSpecVersion });
      await older.given({ ...events.stepCreated('step_1'), specVersion: t.specVersion });
      t.equal(await older.log({ reader }), await older.log(), 'the log of an older run');
    },
  ),
  check(
    'readers/one-event',
    'GetEvent is refused for an event that the reader does not read',
    { requirements: ['WW-VER-017', 'WW-VER-022'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(
        events.stepCreated('step_1'),
        events.stepFailed('step_1', run.failure()),
        events.runCancelled(),
      );
      const log = await run.log();
      const get = (index: number, reader: ReaderInit) => () =>
        t.api.events.getEvent({ runId: run.id, eventId: log[index]?.eventId ?? '', reader });
      const form = { errorForms: [otherForm(run)] };
      const refuse = (what: string, index: number, reader: ReaderInit, feature: string) =>
        t.refused(what, get(index, reader), NOT_READ, {
          run_id: run.id,
          event_id: log[index]?.eventId ?? '',
          feature,
        });
      await refuse('its type', 4, readerWithout('run_cancelled'), 'event_type:run_cancelled');
      await refuse('its error', 3, form, `error_form:${ownForm(run)}`);
      const { event } = await t.accepted('another event', get(2, form));
      t.equal(event, log[2], 'the other event');
    },
  ),
  check(
    'readers/one-skippable-event',
    'GetEvent is refused for an attr_set where the reader knows neither it nor noop',
    { requirements: ['WW-VER-017'], capabilities: ['READERS', 'ATTRIBUTES'] },
    async (t) => {
      const run = await t.startedRun();
      const writer = { writer: { case: 'step', value: { stepId: 'step_1', attempt: 1 } } } as const;
      const [written] = await run.given(
        events.attrSet('attr_1', { changes: [{ key: 'a', value: 'b' }], writer }),
      );
      const eventId = written?.event?.eventId ?? '';
      const get = (...lacking: string[]) =>
        t.api.events.getEvent({ runId: run.id, eventId, reader: readerWithout(...lacking) });
      await t.refused('an attr_set', () => get('attr_set', 'noop'), NOT_READ, {
        feature: 'event_type:attr_set',
      });
      t.equal((await get('noop')).event?.data.case, 'attrSet', 'for a reader that knows it');
    },
  ),
  check(
    'readers/cursors',
    'A cursor is good for any reader',
    { requirements: ['WW-VER-024'], capabilities: ['READERS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepStarted('step_1'));
      const whole = await run.log();
      const readers = [undefined, {}, readerWithout('noop', 'attr_set'), readerWithout('noop')];
      for (const given of readers) {
        const { cursor } = await pageOf(t, run, { reader: given }, { limit: 2 });
        for (const reader of readers) {
          const rest = await t.accepted('a cursor with another reader', () =>
            pageOf(t, run, { reader }, { cursor }),
          );
          t.equal(rest.events, whole.slice(2), 'the events behind the cursor');
        }
      }
    },
  ),
];

/** The log is served to its third event, and refused from the fourth. */
async function endsBefore(
  t: Context,
  run: RunHandle,
  reader: ReaderInit,
  feature: string,
): Promise<void> {
  const whole = await run.log();
  const unread = whole[BEGINNING.length];
  let cursor = '';
  for (let seen = 0; seen < BEGINNING.length; ) {
    const part = await t.accepted(`a page before ${feature}`, () =>
      pageOf(t, run, { reader }, { cursor }),
    );
    const wanted = whole.slice(seen, Math.min(seen + part.events.length, BEGINNING.length));
    t.equal(part.events, wanted, `a page before ${feature}`);
    t.ok(part.events.length > 0, 'a page before the unread event holds nothing');
    t.equal(part.hasMore, true, `has_more of a page before ${feature}`);
    seen += part.events.length;
    ({ cursor } = part);
  }
  await t.refused(
    `a page that begins with ${feature}`,
    () => pageOf(t, run, { reader }, { cursor }),
    NOT_READ,
    { run_id: run.id, event_id: unread?.eventId ?? '', feature },
  );
  const { events: rest } = await pageOf(t, run, {}, { cursor });
  t.equal(rest, whole.slice(BEGINNING.length), 'the same page without a reader');
}
