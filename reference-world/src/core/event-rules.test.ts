import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type EventDelta,
  EventType,
  type Failure,
  GetEventRequestSchema,
  GetRunRequestSchema,
  GetStepRequestSchema,
  ListEventsByCorrelationRequestSchema,
  ListEventsRequestSchema,
  ResolveData as Resolve,
  type ResolveData,
  RunStatus,
  SortOrder,
} from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { bytes, CREATION, ev, reasonOf, TestWorld } from '../testing/memory/world.js';
import { eventRules, runRules, stepRules } from './index.js';

const RUN = 'wrun_1';
const failure = { form: { case: 'payload' as const, value: bytes('boom') } };
const lazy = (id: string) => ev('stepStarted', { stepName: 's', input: bytes(`in ${id}`) }, id);
const positions = (delta: EventDelta | undefined) => delta?.events.map((e) => Number(e.position));

let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
  world.start(RUN, { input: bytes('in') });
});

const list = (init: Parameters<typeof create<typeof ListEventsRequestSchema>>[1]) =>
  world.call(eventRules.listEvents, create(ListEventsRequestSchema, init));
const getRun = (resolveData: ResolveData = Resolve.ALL) =>
  world.call(runRules.getRun, create(GetRunRequestSchema, { runId: RUN, resolveData })).run!;

describe('positions', () => {
  it('are dense from 1, also where the World writes two events for one', () => {
    world.write(RUN, lazy('step_1'));
    world.write(RUN, ev('stepCompleted', {}, 'step_1'));
    expect(world.types(RUN)).toEqual([
      'runCreated',
      'runStarted',
      'stepCreated',
      'stepStarted',
      'stepCompleted',
    ]);
    expect(world.log(RUN).map((e) => Number(e.position))).toEqual([1, 2, 3, 4, 5]);
    expect(world.log(RUN)[4]!.eventId).toBe(`evnt_${'5'.padStart(26, '0')}`);
    expect(getRun().lastPosition).toBe(5n);
  });

  it('never go back in time', () => {
    world.now -= 10_000;
    const { event } = world.write(RUN, lazy('step_1'));
    expect(event!.createdAt).toEqual(world.log(RUN)[1]!.createdAt);
  });

  it('stop at the limit, but for the end of the run', () => {
    world = new TestWorld({ maxEvents: 3 });
    world.start(RUN);
    expect(reasonOf(() => world.write(RUN, lazy('step_1')))).toBe('EVENT_LIMIT_EXCEEDED');
    world.write(RUN, ev('stepCreated', { stepName: 's' }, 'step_1'));
    expect(reasonOf(() => world.write(RUN, ev('stepStarted', {}, 'step_1')))).toBe(
      'EVENT_LIMIT_EXCEEDED',
    );
    expect(world.write(RUN, ev('runStarted', {})).event).toBeUndefined();
    world.write(RUN, ev('runFailed', { error: failure }));
    expect(world.log(RUN)).toHaveLength(4);
  });

  it('stop at the bytes, but for the end of the run', () => {
    world = new TestWorld({ maxRunBytes: 1_000 });
    world.start(RUN);
    const step = ev('stepCreated', { stepName: 's', input: new Uint8Array(900) }, 'step_1');
    expect(reasonOf(() => world.write(RUN, step))).toBe('RUN_TOO_LARGE');
    world.write(RUN, ev('runCompleted', { output: new Uint8Array(900) }));
  });

  it('are answered without reading the log', () => {
    const cost = (id: string) => {
      const before = world.operations;
      world.write(RUN, ev('stepCreated', { stepName: 's' }, id));
      return world.operations - before;
    };
    const first = cost('step_0');
    for (let i = 1; i < 50; i += 1)
      world.write(RUN, ev('stepCreated', { stepName: 's' }, `s_${i}`));
    expect(cost('step_last')).toBe(first);
    expect(first).toBeLessThanOrEqual(5);
  });
});

describe('what the writer had not seen', () => {
  beforeEach(() => {
    for (const id of ['a', 'b', 'c']) world.write(RUN, ev('stepCreated', { stepName: 's' }, id));
  });
  const step = (id: string) => ev('stepCreated', { stepName: 's' }, id);

  it('comes with an expected position, up to the event', () => {
    const { delta, event } = world.write(RUN, step('d'), { expectedPosition: 3n });
    expect(event!.position).toBe(6n);
    expect(positions(delta)).toEqual([4, 5]);
    expect(delta!.page).toMatchObject({ cursor: '', hasMore: false });
  });

  it('is empty where the writer is up to date or ahead', () => {
    expect(positions(world.write(RUN, step('d'), { expectedPosition: 5n }).delta)).toEqual([]);
    const far = { expectedPosition: 2n ** 62n };
    expect(positions(world.write(RUN, step('e'), far).delta)).toEqual([]);
  });

  it('holds the creation that the World wrote before a lazy start', () => {
    const { delta, event } = world.write(RUN, lazy('d'), { expectedPosition: 5n });
    expect(event!.position).toBe(7n);
    expect(positions(delta)).toEqual([6]);
  });

  it('is all but complete where it exceeds a page, and says so', () => {
    world = new TestWorld({ maxEventPage: 2 });
    world.start(RUN);
    for (const id of ['a', 'b', 'c']) world.write(RUN, step(id));
    const { delta } = world.write(RUN, step('d'), { expectedPosition: 1n });
    expect(positions(delta)).toEqual([2, 3]);
    expect(delta!.page!.hasMore).toBe(true);
  });

  it('comes since a cursor, the new event included, and goes on from there', () => {
    const cursor = list({ runId: RUN }).page!.cursor;
    const { delta } = world.write(RUN, lazy('d'), { sinceCursor: cursor, expectedPosition: 1n });
    expect(positions(delta)).toEqual([6, 7]);
    const next = world.write(RUN, step('e'), { sinceCursor: delta!.page!.cursor });
    expect(positions(next.delta)).toEqual([8]);
    expect(list({ runId: RUN, page: { cursor: next.delta!.page!.cursor } }).events).toEqual([]);
  });

  it('keeps the cursor where nothing is new', () => {
    const cursor = list({ runId: RUN }).page!.cursor;
    const { delta } = world.write(RUN, ev('runStarted', {}), { sinceCursor: cursor });
    expect(delta).toMatchObject({ events: [], page: { cursor, hasMore: false } });
  });

  it('is the whole log with an empty cursor or a preload', () => {
    expect(positions(world.write(RUN, step('d'), { sinceCursor: '' }).delta)).toHaveLength(6);
    const preload = { preloadEvents: true };
    expect(positions(world.write(RUN, ev('runStarted', {}), preload).delta)).toHaveLength(6);
    expect(world.write(RUN, step('e'), preload).delta).toBeUndefined();
  });

  it('is nothing with skip_preload, on a start only', () => {
    const skip = { skipPreload: true, preloadEvents: true, sinceCursor: '' };
    expect(world.write(RUN, ev('runStarted', {}), skip).delta).toBeUndefined();
    expect(positions(world.write(RUN, step('d'), skip).delta)).toHaveLength(6);
  });

  it('refuses what is no cursor of this log, before it writes', () => {
    const { cursor } = list({ runId: RUN, types: [EventType.STEP_CREATED] }).page!;
    for (const sinceCursor of [cursor, 'x', `${list({ runId: RUN }).page!.cursor}x`])
      expect(reasonOf(() => world.write(RUN, step('z'), { sinceCursor }))).toBe('INVALID_CURSOR');
    expect(reasonOf(() => world.write(RUN, step('z'), { expectedPosition: -1n }))).toBe(
      'INVALID_ARGUMENT',
    );
  });
});

describe('request_id', () => {
  const requestId = 'req 1';

  it('answers a repetition with the first outcome, payloads included, whatever happened since', () => {
    const first = world.write(RUN, lazy('step_1'), { requestId });
    world.write(RUN, ev('stepCompleted', { result: bytes('r') }, 'step_1'));
    world.write(RUN, ev('runCompleted', {}));
    const before = world.store.snapshot();
    const again = world.write(RUN, lazy('step_1'), { requestId });
    expect(again).toEqual(first);
    expect(again.step).toMatchObject({ attempt: 1, input: bytes('in step_1') });
    expect(world.store.snapshot()).toEqual(before);
  });

  it('answers each kind of event as the first time', () => {
    const kinds = [
      ev('stepCreated', { stepName: 's', input: bytes('i') }, 's'),
      ev('stepRetrying', { error: failure }, 's'),
      ev('stepStarted', {}, 's'),
      ev('stepFailed', { error: failure }, 's'),
      ev('hookCreated', { token: 't', metadata: bytes('m') }, 'h'),
      ev('hookReceived', { payload: bytes('p') }, 'h'),
      ev('waitCreated', { resumeAt: timestampFromMs(5) }, 'w'),
      ev('waitCompleted', {}, 'w'),
      ev('hookDisposed', {}, 'h'),
      ev('runStarted', {}),
      ev('runCompleted', { output: bytes('o') }),
    ];
    const first = kinds.map((kind, i) => world.write(RUN, kind, { requestId: `r${i}` }));
    world.now += 3_600_000;
    const again = kinds.map((kind, i) => world.write(RUN, kind, { requestId: `r${i}` }));
    expect(again).toEqual(first);
  });

  it('answers with the error that the step had then, whatever errors came since', () => {
    const error = (text: string) => ({ form: { case: 'payload' as const, value: bytes(text) } });
    const story = [
      lazy('s'),
      ev('stepRetrying', { error: error('first') }, 's'),
      ev('stepStarted', {}, 's'),
      ev('stepRetrying', {}, 's'),
      ev('stepStarted', {}, 's'),
      ev('stepRetrying', { error: error('second') }, 's'),
      ev('stepStarted', {}, 's'),
      ev('stepFailed', { error: error('last') }, 's'),
    ];
    const first = story.map((event, i) => world.write(RUN, event, { requestId: `r${i}` }));
    expect(first.map(({ step }) => textOf(step?.error))).toEqual([
      undefined,
      ...['first', 'first', 'first', 'first', 'second', 'second', 'last'],
    ]);
    expect(story.map((event, i) => world.write(RUN, event, { requestId: `r${i}` }))).toEqual(first);
    const retried = () => world.batch(RUN, [ev('stepStarted', {}, 'b')], 'batch');
    world.write(RUN, lazy('b'));
    world.write(RUN, ev('stepRetrying', { error: error('of b') }, 'b'));
    const started = retried();
    world.write(RUN, ev('stepFailed', { error: error('end of b') }, 'b'));
    expect(retried()).toEqual(started);
    const { outcome } = started.results[0]!;
    expect(outcome.case === 'created' && textOf(outcome.value.step?.error)).toBe('of b');
  });

  it('keeps no payloads of its own', () => {
    world.write(RUN, ev('runCompleted', { output: bytes('SECRET') }), { requestId });
    const [outcome] = world.store.outcomes.values();
    expect(Buffer.from(outcome!.response).includes('SECRET')).toBe(false);
  });

  it('creates a run without an id once', () => {
    const first = world.write('', ev('runCreated', CREATION), { requestId });
    expect(first.run!.runId).toMatch(/^wrun_/);
    expect(world.write('', ev('runCreated', CREATION), { requestId })).toEqual(first);
  });

  it('reads the delta anew', () => {
    const step = ev('stepCreated', { stepName: 's' }, 'a');
    world.write(RUN, step, { requestId, sinceCursor: '' });
    world.write(RUN, ev('stepCreated', { stepName: 's' }, 'b'));
    const again = world.write(RUN, step, { requestId, sinceCursor: '' });
    expect(positions(again.delta)).toEqual([1, 2, 3, 4]);
  });

  it('of a run that exists is told so, however old its id is', () => {
    const old = 'wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV';
    const creation = ev('runCreated', CREATION);
    expect(reasonOf(() => world.write(old, creation))).toBe('RUN_ID_TIME_OUT_OF_RANGE');
    world.start(old);
    expect(reasonOf(() => world.write(old, creation))).toBe('RUN_ALREADY_EXISTS');
  });

  it.each([
    ['entity', RUN, ev('stepCreated', { stepName: 's' }, 'other')],
    ['type', RUN, ev('stepCompleted', {}, 'step_1')],
    ['run', 'wrun_2', ev('stepCreated', { stepName: 's' }, 'step_1')],
  ])('is refused for another %s', (_what, runId, event) => {
    world.start('wrun_2');
    world.write(RUN, ev('stepCreated', { stepName: 's' }, 'step_1'), { requestId });
    expect(reasonOf(() => world.write(runId, event, { requestId }))).toBe('REQUEST_ID_REUSED');
  });

  it('of a refused request is decided anew', () => {
    const step = ev('stepCompleted', {}, 'step_1');
    expect(reasonOf(() => world.write(RUN, step, { requestId }))).toBe('STEP_NOT_FOUND');
    world.write(RUN, lazy('step_1'));
    expect(world.write(RUN, step, { requestId }).event).toBeDefined();
  });

  it('may be 128 characters of anything that can be stored', () => {
    world.write(RUN, lazy('step_1'), { requestId: '✓'.repeat(128) });
    for (const bad of ['x'.repeat(129), 'a\0b', '\ud800'])
      expect(reasonOf(() => world.write(RUN, lazy('z'), { requestId: bad }))).toBe(
        'INVALID_ARGUMENT',
      );
  });
});

describe('RESOLVE_DATA_NONE', () => {
  it('leaves out payloads, and nothing else', () => {
    const none = { resolveData: Resolve.NONE };
    const at = timestampFromMs(1_800_000_000_000);
    world.write(RUN, lazy('s'));
    const created = world.write(
      RUN,
      ev('hookCreated', { token: 't', metadata: bytes('m'), isWebhook: true }, 'h'),
      none,
    );
    expect(created.hook).toMatchObject({ token: 't', isWebhook: true });
    expect(created.hook).not.toHaveProperty('metadata');
    world.write(RUN, ev('waitCreated', { resumeAt: at }, 'w'));
    world.write(RUN, ev('stepRetrying', { error: failure, retryAfter: timestampFromMs(1) }, 's'));
    const started = world.write(RUN, ev('stepStarted', {}, 's'), none);
    expect(started.step).toMatchObject({ attempt: 2, stepName: 's' });
    expect(started.step).not.toHaveProperty('input');
    const ended = world.write(RUN, ev('runFailed', { error: failure, errorCode: 'E' }), none);
    expect(ended.run).toMatchObject({ errorCode: 'E', status: RunStatus.FAILED });
    for (const field of ['input', 'output', 'error']) expect(ended.run).not.toHaveProperty(field);

    const { events } = list({ runId: RUN, ...none });
    const data = events.map((event) => event.data.value as unknown as Record<string, unknown>);
    for (const field of ['input', 'output', 'error', 'result', 'metadata', 'payload'])
      for (const value of data) expect(value[field]).toBeUndefined();
    expect(data[0]).toMatchObject(CREATION);
    expect(data[4]).toMatchObject({ token: 't', isWebhook: true });
    expect(data[5]).toMatchObject({ resumeAt: at });
    expect(data[6]).toMatchObject({ retryAfter: timestampFromMs(1) });
    expect(data.at(-1)).toMatchObject({ errorCode: 'E' });
    expect(getRun(Resolve.NONE)).not.toHaveProperty('input');
    expect(getRun().input).toEqual(bytes('in'));
  });

  it('is told from ALL by a value that exists', () => {
    expect(reasonOf(() => world.write(RUN, lazy('s'), { resolveData: 9 as ResolveData }))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(world.log(RUN)).toHaveLength(2);
  });
});

describe('lists', () => {
  beforeEach(() => {
    for (const id of ['a', 'b', 'c']) world.write(RUN, lazy(id));
  });

  it('page to the end and on, without gap or repetition', () => {
    const seen: bigint[] = [];
    let cursor = '';
    for (let more = true; more; ) {
      const page = list({ runId: RUN, page: { limit: 3, cursor } });
      seen.push(...page.events.map((event) => event.position));
      ({ cursor, hasMore: more } = page.page!);
    }
    expect(seen).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
    expect(list({ runId: RUN, page: { cursor } }).page).toMatchObject({ cursor, hasMore: false });
    world.write(RUN, ev('stepCompleted', {}, 'a'));
    expect(list({ runId: RUN, page: { cursor } }).events.map((e) => e.position)).toEqual([9n]);
  });

  it('go from last to first', () => {
    const page = { limit: 5, sortOrder: SortOrder.DESCENDING };
    const first = list({ runId: RUN, page });
    expect(first.events[0]!.position).toBe(8n);
    const { cursor } = first.page!;
    expect(list({ runId: RUN, page: { ...page, cursor } }).events.at(-1)!.position).toBe(1n);
    expect(reasonOf(() => list({ runId: RUN, page: { cursor } }))).toBe('INVALID_CURSOR');
  });

  it('take the limits as they should', () => {
    expect(list({ runId: RUN, page: { limit: 0 } }).events).toHaveLength(8);
    expect(list({ runId: RUN, page: { limit: 2 ** 31 - 1 } }).events).toHaveLength(8);
    expect(reasonOf(() => list({ runId: RUN, page: { limit: -1 } }))).toBe('INVALID_ARGUMENT');
    expect(reasonOf(() => list({ runId: RUN, page: { sortOrder: 7 as SortOrder } }))).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('refuse every other cursor', () => {
    world.start('wrun_2');
    const { cursor } = list({ runId: RUN, page: { limit: 2 } }).page!;
    const forged = Buffer.from('events.0.2').toString('base64url');
    const foreign = list({ runId: 'wrun_2' }).page!.cursor;
    const bad = [
      foreign,
      forged,
      cursor.slice(0, -1),
      `${cursor}=`,
      ` ${cursor}`,
      'null',
      '✓',
      '\0',
    ];
    for (const wrong of bad)
      expect(reasonOf(() => list({ runId: RUN, page: { cursor: wrong } }))).toBe('INVALID_CURSOR');
    const types = [EventType.STEP_CREATED];
    expect(reasonOf(() => list({ runId: RUN, types, page: { cursor } }))).toBe('INVALID_CURSOR');
  });

  it('filter by types, in any order, known ones only', () => {
    const types = [EventType.STEP_STARTED, EventType.STEP_CREATED, EventType.STEP_CREATED];
    const { events, page } = list({ runId: RUN, types, page: { limit: 2 } });
    expect(events.map((e) => e.data.case)).toEqual(['stepCreated', 'stepStarted']);
    const same = [EventType.STEP_CREATED, EventType.STEP_STARTED];
    list({ runId: RUN, types: same, page: { cursor: page!.cursor } });
    expect(list({ runId: RUN, types: [EventType.UNSPECIFIED] }).events).toHaveLength(8);
    const unknown = [99 as EventType];
    expect(reasonOf(() => list({ runId: RUN, types: unknown }))).toBe('INVALID_ARGUMENT');
  });

  it('follow one entity, within a run and over the project', () => {
    world.start('wrun_2');
    world.write('wrun_2', lazy('a'));
    const by = (runId: string) =>
      world.call(
        eventRules.listEventsByCorrelation,
        create(ListEventsByCorrelationRequestSchema, { runId, correlationId: 'a' }),
      ).events;
    expect(by(RUN)).toHaveLength(2);
    expect(by('')).toHaveLength(4);
    expect(reasonOf(() => by('wrun_none'))).toBe('RUN_NOT_FOUND');
  });

  it('say why there is nothing', () => {
    const get = (runId: string, eventId: string) =>
      world.call(eventRules.getEvent, create(GetEventRequestSchema, { runId, eventId }));
    expect(get(RUN, world.log(RUN)[3]!.eventId).event!.position).toBe(4n);
    for (const absent of ['evnt_1', `evnt_${'9'.padStart(26, '0')}`, `evnt_${'0'.repeat(26)}`])
      expect(reasonOf(() => get(RUN, absent))).toBe('EVENT_NOT_FOUND');
    expect(reasonOf(() => get(RUN, ''))).toBe('INVALID_ARGUMENT');
    expect(reasonOf(() => get(RUN, '../'))).toBe('INVALID_ID');
    expect(reasonOf(() => get('wrun_none', 'x'))).toBe('RUN_NOT_FOUND');
    expect(reasonOf(() => list({ runId: 'wrun_none' }))).toBe('RUN_NOT_FOUND');
  });
});

describe('projects', () => {
  it('see nothing of each other', () => {
    world.project = 'other';
    expect(reasonOf(() => world.write(RUN, lazy('s')))).toBe('RUN_NOT_FOUND');
    world.start(RUN);
    world.write(RUN, ev('hookCreated', { token: 't' }, 'h'), { requestId: 'r' });
    world.project = 'default';
    const { event } = world.write(RUN, ev('hookCreated', { token: 't' }, 'h'), { requestId: 'r' });
    expect(event!.data.case).toBe('hookCreated');
  });
});

describe('the end of a run', () => {
  it('is one, and lets go of waits and hooks with the last event', () => {
    world.write(RUN, ev('waitCreated', { resumeAt: timestampFromMs(5) }, 'w'));
    world.write(RUN, ev('hookCreated', { token: 't' }, 'h'));
    world.write(RUN, ev('runCompleted', {}));
    expect(reasonOf(() => world.write(RUN, ev('runFailed', {})))).toBe('RUN_ALREADY_ENDED');
    expect(reasonOf(() => world.write(RUN, ev('waitCompleted', {}, 'w')))).toBe('WAIT_NOT_FOUND');
    expect(reasonOf(() => world.write(RUN, ev('hookReceived', {}, 'h')))).toBe('HOOK_NOT_FOUND');
    world.start('wrun_2');
    const { event } = world.write('wrun_2', ev('hookCreated', { token: 't' }, 'h'));
    expect(event!.data.case).toBe('hookCreated');
    expect(world.store.runs.get(1)!.waits.size).toBe(0);
  });

  it('removes every payload under $retention=0, and keeps later ones out', () => {
    const run = 'wrun_gone';
    world.start(run, {
      input: bytes('SECRET'),
      attributes: { $retention: '0' },
      allowReservedAttributes: true,
    });
    const step = ev('stepStarted', { stepName: 's', input: bytes('SECRET') }, 's');
    world.write(run, step);
    const hook = ev('hookCreated', { token: 't', metadata: bytes('SECRET') }, 'h');
    world.write(run, hook);
    world.write(run, ev('hookReceived', { payload: bytes('SECRET') }, 'h'), {
      requestId: 'r',
    });
    const end = world.write(run, ev('runCompleted', { output: bytes('SECRET') }));
    expect(end.run!.expiredAt).toEqual(end.run!.completedAt);
    const completed = ev('stepCompleted', { result: bytes('SECRET') }, 's');
    expect(reasonOf(() => world.write(run, completed))).toBe('RUN_GONE');
    const cell = [...world.store.runs.values()].find(({ record }) => record.runId === run);
    const held = JSON.stringify(cell, big);
    expect(held).toContain('wrun_gone');
    expect(held).not.toContain([...bytes('SECRET')].join());
    const again = world.write(run, ev('hookReceived', {}, 'h'), { requestId: 'r' });
    expect(again.event!.data.value).not.toHaveProperty('payload');
  });
});

describe('steps', () => {
  const getStep = (stepId: string) =>
    world.call(stepRules.getStep, create(GetStepRequestSchema, { runId: RUN, stepId })).step!;

  it('keep the start, the input and the error through their tries', () => {
    world.write(RUN, lazy('s'));
    world.now += 1_000;
    world.write(RUN, ev('stepRetrying', { error: failure }, 's'));
    const { step } = world.write(RUN, ev('stepStarted', {}, 's'));
    expect(step).toMatchObject({ attempt: 2, input: bytes('in s') });
    expect(step!.startedAt).toEqual(world.log(RUN)[3]!.createdAt);
    expect(getStep('s').error).toMatchObject(failure);
  });

  it.each([
    ['stepCompleted', { result: bytes('out') }],
    ['stepFailed', { error: failure }],
    ['stepFailed', {}],
  ] as const)(
    'are answered as they can be read, the error of a try included, up to %s',
    (kind, end) => {
      const story = [
        ev('stepCreated', { stepName: 's', input: bytes('in') }, 's'),
        ev('stepStarted', {}, 's'),
        ev('stepRetrying', { error: failure }, 's'),
        ev('stepStarted', {}, 's'),
        ev(kind, end, 's'),
      ];
      for (const event of story) {
        const { step } = world.write(RUN, event);
        expect(step).toEqual(getStep('s'));
      }
      expect(getStep('s').error).toMatchObject(failure);
      const items = story.map((event) => ({ ...event, correlationId: 'b' }));
      for (const event of items) {
        const { outcome } = world.batch(RUN, [event]).results[0]!;
        expect(outcome.case === 'created' && outcome.value.step).toEqual(getStep('b'));
      }
    },
  );
});

const textOf = (error: Failure | undefined): string | undefined =>
  error?.form.case === 'payload' ? new TextDecoder().decode(error.form.value) : undefined;

const big = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return [...value].join();
  return value instanceof Map ? [...value] : value;
};
