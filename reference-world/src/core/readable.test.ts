import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  BatchGetRunsRequestSchema,
  type Event,
  EventType,
  eventTypeNames,
  GetEventRequestSchema,
  GetRunRequestSchema,
  GetStepRequestSchema,
  ListEventsByCorrelationRequestSchema,
  ListEventsRequestSchema,
  ListRunsRequestSchema,
  ListStepsRequestSchema,
  type ReaderSchema,
  ResolveData,
  SortOrder,
} from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { bytes, CREATION, ev, reasonOf, TestWorld } from '../testing/memory/world.js';
import { eventRules, Rejection, runRules, stepRules } from './index.js';

type ReaderInit = MessageInitShape<typeof ReaderSchema>;

const RUN = 'wrun_1';
const NAMES = Object.values(EventType).flatMap((type) => eventTypeNames.nameOf(Number(type)) ?? []);
const without = (...names: string[]): ReaderInit => ({
  eventTypes: NAMES.filter((name) => !names.includes(name)),
});
const failure = { form: { case: 'payload' as const, value: bytes('boom') } };
const attrSet = (key: string) =>
  ev('attrSet', {
    changes: [{ key, value: 'x' }],
    writer: { writer: { case: 'step', value: { stepId: 's', attempt: 1 } } },
  });
const shape = (events: readonly Event[]) =>
  events.map(({ position, data }) => `${position} ${data.case}`);

let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
  world.start(RUN, { input: bytes('in') });
});

const list = (reader: ReaderInit, init: MessageInitShape<typeof ListEventsRequestSchema> = {}) =>
  world.call(
    eventRules.listEvents,
    create(ListEventsRequestSchema, { ...init, runId: RUN, reader } as never),
  );
const lacking = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof Rejection && error.reason === 'FEATURE_NOT_READ')
      return error.metadata.feature ?? '';
    throw error;
  }
  return 'nothing';
};

describe('a skippable event of a type that the reader does not name', () => {
  beforeEach(() => {
    world.write(RUN, attrSet('a'));
    world.write(RUN, ev('stepCreated', { stepName: 's' }, 'step_1'));
    world.write(RUN, attrSet('b'));
  });

  it('comes as a noop that has all but its data', () => {
    const whole = list({}).events;
    const { events } = list(without('attr_set'));
    expect(shape(events)).toEqual([
      '1 runCreated',
      '2 runStarted',
      '3 noop',
      '4 stepCreated',
      '5 noop',
    ]);
    expect({ ...events[2], data: whole[2]!.data }).toEqual(whole[2]);
  });

  it('is left out for a reader that does not name noop, page by page', () => {
    const reader = without('attr_set', 'noop');
    const seen: Event[] = [];
    let cursor = '';
    for (let more = true; more; ) {
      const { events, page } = list(reader, { page: { limit: 1, cursor } });
      expect(events).toHaveLength(1);
      seen.push(...events);
      ({ cursor } = page!);
      more = page!.hasMore;
    }
    expect(shape(seen)).toEqual(['1 runCreated', '2 runStarted', '4 stepCreated']);
    expect(list(reader, { types: [EventType.ATTR_SET] })).toMatchObject({
      events: [],
      page: { hasMore: false },
    });
  });

  it('leaves gaps in deltas as in pages', () => {
    const reader = without('attr_set', 'noop');
    const { delta } = world.write(RUN, ev('waitCreated', { resumeAt: {} }, 'wait_1'), {
      expectedPosition: 2n,
      reader,
    });
    expect(shape(delta!.events)).toEqual(['4 stepCreated']);
    expect(delta!.page!.hasMore).toBe(false);
    const preload = world.write(RUN, ev('runStarted', {}), { preloadEvents: true, reader }).delta!;
    expect(shape(preload.events).slice(2)).toEqual(['4 stepCreated', '6 waitCreated']);
    expect(preload.page!.hasMore).toBe(false);
  });

  it('is left out of the events of an entity over all runs', () => {
    world.write(RUN, { ...attrSet('c'), correlationId: 'x' });
    world.start('wrun_2');
    world.write('wrun_2', ev('stepCreated', { stepName: 's' }, 'x'));
    const read = (reader: ReaderInit) =>
      world.call(
        eventRules.listEventsByCorrelation,
        create(ListEventsByCorrelationRequestSchema, { correlationId: 'x', reader } as never),
      ).events;
    expect(shape(read(without('attr_set', 'noop')))).toEqual(['3 stepCreated']);
    expect(shape(read(without('attr_set')))).toEqual(['6 noop', '3 stepCreated']);
  });

  it('is refused by itself where no noop can stand for it', () => {
    const { eventId } = list({}).events[2]!;
    const get = (reader: ReaderInit) =>
      world.call(
        eventRules.getEvent,
        create(GetEventRequestSchema, { runId: RUN, eventId, reader } as never),
      ).event!;
    expect(shape([get(without('attr_set'))])).toEqual(['3 noop']);
    expect(lacking(() => get(without('attr_set', 'noop')))).toBe('event_type:attr_set');
  });
});

describe('any other event that the reader does not read', () => {
  it('ends the page before it, and refuses the next one', () => {
    world.write(RUN, ev('stepCreated', { stepName: 's' }, 'step_1'));
    world.write(RUN, ev('runCancelled', {}));
    const reader = without('run_cancelled');
    const { events, page } = list(reader);
    expect(shape(events)).toEqual(['1 runCreated', '2 runStarted', '3 stepCreated']);
    expect(page!.hasMore).toBe(true);
    const next = { page: { cursor: page!.cursor } };
    expect(lacking(() => list(reader, next))).toBe('event_type:run_cancelled');
    expect(shape(list({}, next).events)).toEqual(['4 runCancelled']);
    const newest = { page: { sortOrder: SortOrder.DESCENDING } };
    expect(lacking(() => list(reader, newest))).toBe('event_type:run_cancelled');
  });

  it('is one with an error in another form, unless it comes without', () => {
    world.write(RUN, ev('runFailed', { error: failure }));
    const reader = { errorForms: ['structured'] };
    const { page } = list(reader);
    expect(page!.hasMore).toBe(true);
    const next = { page: { cursor: page!.cursor } };
    expect(lacking(() => list(reader, next))).toBe('error_form:payload');
    expect(list(reader, { ...next, resolveData: ResolveData.NONE }).events).toHaveLength(1);
  });

  it('is every one with payloads of a run that is too new', () => {
    expect(lacking(() => list({ maxSpecVersion: 6 }))).toBe('spec_version:7');
    expect(list({ maxSpecVersion: 7 }).events).toHaveLength(2);
    expect(list({ maxSpecVersion: 6 }, { resolveData: ResolveData.NONE }).events).toHaveLength(2);
  });

  it('ends a delta without a refusal', () => {
    world.write(RUN, ev('stepCreated', { stepName: 's' }, 'step_1'));
    const reader = without('step_created');
    const { delta } = world.write(RUN, ev('runStarted', {}), { preloadEvents: true, reader });
    expect(shape(delta!.events)).toEqual(['1 runCreated', '2 runStarted']);
    expect(delta!.page!.hasMore).toBe(true);
    const { cursor } = delta!.page!;
    expect(lacking(() => list(reader, { page: { cursor } }))).toBe('event_type:step_created');
  });
});

describe('a record that the reader does not read', () => {
  const getRun = (reader: ReaderInit, resolveData = ResolveData.ALL) =>
    world.call(
      runRules.getRun,
      create(GetRunRequestSchema, { runId: RUN, reader, resolveData } as never),
    ).run!;
  beforeEach(() => {
    world.write(RUN, ev('stepCreated', { stepName: 's', input: bytes('arg') }, 'step_1'));
    world.write(RUN, ev('stepFailed', { error: failure }, 'step_1'));
    world.write(RUN, ev('runFailed', { error: failure, errorCode: 'USER_ERROR' }));
  });

  it('is refused with payloads', () => {
    const getStep = (reader: ReaderInit) =>
      world.call(
        stepRules.getStep,
        create(GetStepRequestSchema, { runId: RUN, stepId: 'step_1', reader } as never),
      );
    for (const get of [getRun, getStep]) {
      expect(lacking(() => get({ errorForms: ['structured'] }))).toBe('error_form:payload');
      expect(lacking(() => get({ maxSpecVersion: 6 }))).toBe('spec_version:7');
      expect(lacking(() => get({ maxSpecVersion: 7, errorForms: ['payload'] }))).toBe('nothing');
    }
    const { errorCode } = getRun({ maxSpecVersion: 6 }, ResolveData.NONE);
    expect(errorCode).toBe('USER_ERROR');
  });

  it('comes in a list without what is not read', () => {
    const lists = (reader: ReaderInit) => [
      world.call(runRules.listRuns, create(ListRunsRequestSchema, { reader } as never)).runs[0]!,
      world.call(
        runRules.batchGetRuns,
        create(BatchGetRunsRequestSchema, { runIds: [RUN], reader } as never),
      ).results[0]!.run!,
      world.call(
        stepRules.listSteps,
        create(ListStepsRequestSchema, { runId: RUN, reader } as never),
      ).steps[0]!,
    ];
    for (const record of lists({ errorForms: ['structured'] })) {
      expect(record.input).toBeDefined();
      expect(record.error).toBeUndefined();
    }
    for (const record of lists({ maxSpecVersion: 6 })) {
      expect(record.input).toBeUndefined();
      expect(record.error).toBeUndefined();
    }
    for (const record of lists({ maxSpecVersion: 7 })) {
      expect(record.input).toBeDefined();
      expect(record.error).toBeDefined();
    }
  });
});

describe('a write with a reader', () => {
  const reader = { maxSpecVersion: 6 };

  it('is refused where somebody starts what it cannot read', () => {
    world.write(RUN, ev('stepCreated', { stepName: 's' }, 'step_1'));
    const starts = [ev('runStarted', {}), ev('stepStarted', {}, 'step_1')];
    for (const start of starts) {
      expect(lacking(() => world.write(RUN, start, { reader }))).toBe('spec_version:7');
      world.write(RUN, start, { reader: { maxSpecVersion: 7 } });
    }
    const creates = ev('runStarted', { create: CREATION });
    expect(lacking(() => world.write('wrun_2', creates, { reader }))).toBe('spec_version:7');
    world.write(RUN, ev('runCancelled', {}));
    expect(reasonOf(() => world.write(RUN, ev('runStarted', {}), { reader }))).toBe('RUN_GONE');
  });

  it('is decided as without one otherwise, and answered without what is not read', () => {
    const { event, run } = world.write(RUN, ev('runCancelled', { cancelReason: 'enough' }), {
      reader: { ...reader, eventTypes: ['run_created'] },
    });
    expect(event!.data.case).toBe('runCancelled');
    expect(run).toMatchObject({ cancelReason: 'enough', specVersion: 7 });
    expect(run!.input).toBeUndefined();
  });
});

describe('a reader', () => {
  it('may name what nobody knows', () => {
    const reader = { eventTypes: [...NAMES, 'teleported'], errorForms: ['telepathic'] };
    expect(list(reader).events).toEqual(list({}).events);
    expect(lacking(() => list({ eventTypes: ['teleported'] }))).toBe('event_type:run_created');
  });

  it('bounds nothing by what it leaves unset', () => {
    world.write(RUN, attrSet('a'));
    expect(list({}).events).toEqual(world.log(RUN));
  });

  it('has no negative spec version', () => {
    expect(reasonOf(() => list({ maxSpecVersion: -1 }))).toBe('INVALID_ARGUMENT');
  });
});
