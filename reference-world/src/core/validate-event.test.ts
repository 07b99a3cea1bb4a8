import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  bytes,
  CREATION,
  type EventInit,
  ev,
  reasonOf,
  TestWorld,
} from '../testing/memory/world.js';

const RUN = 'wrun_1';
const LONE = 'x\ud800';
const long = (length: number) => 'x'.repeat(length);
const structured = (value: object) => ({ form: { case: 'structured' as const, value } }) as never;
const writer = (value: object) => ({ writer: { case: 'step' as const, value } }) as never;
const context = (value: unknown) =>
  ev('runCreated', { ...CREATION, executionContext: { value } as never });
const nest = (depth: number): unknown => (depth === 0 ? 1 : { a: nest(depth - 1) });

let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
  world.start(RUN);
});

describe('malformed events are refused, with a reason, before anything is written', () => {
  const step = (id: string) => ev('stepCreated', { stepName: 's' }, id);
  const named = (stepName: string) => ev('stepCreated', { stepName }, 's');
  const with_ = (more: EventInit) => ev('stepCreated', { stepName: 's' }, 's', more);
  const at = (seconds: bigint, nanos = 0) => ({ seconds, nanos }) as never;

  it.each<[string, EventInit, string]>([
    ['no data', {}, 'EVENT_TYPE_REQUIRED'],
    ['an empty entity', step(''), 'INVALID_ARGUMENT'],
    ...[
      '../x',
      'a/b',
      '..',
      '.',
      'a..b',
      'a\\b',
      'a b',
      'a\0b',
      'é',
      '%2e%2e',
      'a\n',
      LONE,
      '.a',
      '-a',
      long(257),
      long(300),
    ].map((id): [string, EventInit, string] => [
      `the id ${JSON.stringify(id.slice(0, 9))}`,
      step(id),
      'INVALID_ID',
    ]),
    ['an odd id on a run event', ev('runCompleted', {}, '../x'), 'INVALID_ID'],
    ['no step name', named(''), 'INVALID_ARGUMENT'],
    ['NUL in a step name', named('a\0'), 'INVALID_ID'],
    ['a control character in a step name', named('a\u009f'), 'INVALID_ID'],
    ['broken Unicode in a step name', named(LONE), 'INVALID_ID'],
    ['a long step name', named(long(1_025)), 'INVALID_ID'],
    [
      'NUL in a workflow name',
      ev('stepCreated', { stepName: 's', workflowName: '\0' }, 's'),
      'INVALID_ID',
    ],
    ['NUL in the name of a result', ev('stepCompleted', { stepName: '\0' }, 's'), 'INVALID_ID'],
    ['NUL in the name of a retry', ev('stepRetrying', { stepName: '\0' }, 's'), 'INVALID_ID'],
    ['NUL in the token of a payload', ev('hookReceived', { token: '\0' }, 'h'), 'INVALID_ID'],
    ['NUL in the token of a disposal', ev('hookDisposed', { token: '\0' }, 'h'), 'INVALID_ID'],
    ['NUL in an error code', ev('runFailed', { errorCode: '\0' }), 'INVALID_ID'],
    ['no token', ev('hookCreated', { token: '' }, 'h'), 'INVALID_ARGUMENT'],
    ['NUL in a token', ev('hookCreated', { token: 'a\0' }, 'h'), 'INVALID_ID'],
    ['a long token', ev('hookCreated', { token: long(1_025) }, 'h'), 'INVALID_ID'],
    ['no deployment', ev('runCreated', { ...CREATION, deploymentId: '' }), 'INVALID_ARGUMENT'],
    ['no workflow', ev('runCreated', { ...CREATION, workflowName: '' }), 'INVALID_ARGUMENT'],
    [
      'no workflow in a start',
      ev('runStarted', { create: { deploymentId: 'd' } }),
      'INVALID_ARGUMENT',
    ],
    ['NaN in a context', context(Number.NaN), 'INVALID_ARGUMENT'],
    ['infinity in a context', context([{ a: -Infinity }]), 'INVALID_ARGUMENT'],
    ['a bigint in a context', context(1n), 'INVALID_ARGUMENT'],
    ['broken Unicode in a context', context({ [LONE]: 1 }), 'INVALID_ARGUMENT'],
    [
      'a key that maps lose in a context',
      context(JSON.parse('{"__proto__":{"polluted":1}}')),
      'INVALID_ARGUMENT',
    ],
    ['a deep context', context(nest(5_000)), 'INVALID_ARGUMENT'],
    [
      'an error of no form',
      ev('stepFailed', { error: { form: { case: undefined } } }, 's'),
      'INVALID_ARGUMENT',
    ],
    [
      'broken Unicode in an error',
      ev('stepFailed', { error: structured({ message: LONE }) }, 's'),
      'INVALID_ARGUMENT',
    ],
    [
      'broken Unicode in a stack',
      ev('runFailed', { error: structured({ message: '', stack: LONE }) }),
      'INVALID_ARGUMENT',
    ],
    [
      'a large structured error',
      ev('runFailed', { error: structured({ message: long(51 * 1024 * 1024) }) }),
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'a large payload',
      ev('stepCompleted', { result: new Uint8Array(50 * 1024 * 1024 + 1) }, 's'),
      'PAYLOAD_TOO_LARGE',
    ],
    ['a long cancel reason', ev('runCancelled', { cancelReason: long(513) }), 'INVALID_ARGUMENT'],
    ['a low spec version', with_({ specVersion: 1 }), 'RUN_NOT_SUPPORTED'],
    ['a high spec version', with_({ specVersion: 8 }), 'RUN_NOT_SUPPORTED'],
    ['a negative spec version', with_({ specVersion: -1 }), 'RUN_NOT_SUPPORTED'],
    ['a spec version that is no number', with_({ specVersion: Number.NaN }), 'RUN_NOT_SUPPORTED'],
    ['a time after the year 9999', with_({ occurredAt: at(253_402_300_800n) }), 'INVALID_ARGUMENT'],
    ['a time before the year 1', with_({ occurredAt: at(-62_135_596_801n) }), 'INVALID_ARGUMENT'],
    ['a time of odd nanoseconds', with_({ occurredAt: at(0n, -1) }), 'INVALID_ARGUMENT'],
    [
      'a time beyond numbers',
      ev('waitCreated', { resumeAt: at(2n ** 63n - 1n) }, 'w'),
      'INVALID_ARGUMENT',
    ],
    [
      'a retry time beyond numbers',
      ev('stepRetrying', { retryAfter: at(-(2n ** 63n)) }, 's'),
      'INVALID_ARGUMENT',
    ],
    ['no time for a wait', ev('waitCreated', {}, 'w'), 'INVALID_ARGUMENT'],
    ['a resume_id of a step', with_({ resumeId: 'r' }), 'INVALID_ARGUMENT'],
    ['an empty resume_id', ev('hookReceived', {}, 'h', { resumeId: '' }), 'INVALID_ARGUMENT'],
    ['an odd resume_id', ev('hookReceived', {}, 'h', { resumeId: 'a/b' }), 'INVALID_ID'],
    [
      'a digest that is none',
      ev('hookReceived', {}, 'h', { resumeId: 'r', resumePayloadDigest: 'A'.repeat(64) }),
      'INVALID_ARGUMENT',
    ],
    ['NUL in a trace id', with_({ traceRequestId: '\0' }), 'INVALID_ARGUMENT'],
    ['a long instance id', with_({ computeInstanceId: long(1_025) }), 'INVALID_ARGUMENT'],
    ['no writer', ev('attrSet', { changes: [{ key: 'k' }] }, 'a'), 'INVALID_ARGUMENT'],
    [
      'a writer of no kind',
      ev('attrSet', { changes: [{ key: 'k' }], writer: { writer: { case: undefined } } }, 'a'),
      'INVALID_ARGUMENT',
    ],
    [
      'a step that writes without id',
      ev('attrSet', { changes: [{ key: 'k' }], writer: writer({ stepId: '', attempt: 1 }) }),
      'INVALID_ARGUMENT',
    ],
    [
      'a step that writes with an odd id',
      ev('attrSet', { changes: [{ key: 'k' }], writer: writer({ stepId: '../x' }) }),
      'INVALID_ID',
    ],
    [
      'a try beyond 32 bits',
      ev('attrSet', { changes: [{ key: 'k' }], writer: writer({ stepId: 's', attempt: 2 ** 40 }) }),
      'INVALID_ARGUMENT',
    ],
    ['a start beyond 32 bits', ev('stepStarted', { attempt: 1.5 }, 's'), 'INVALID_ARGUMENT'],
    [
      'a count beyond 32 bits',
      ev('stepCompleted', { timings: { stepCount: 2 ** 31 } }, 's'),
      'INVALID_ARGUMENT',
    ],
    [
      'a workflow that writes without id',
      ev('attrSet', {
        changes: [{ key: 'k' }],
        writer: { writer: { case: 'workflow', value: {} } },
      }),
      'INVALID_ARGUMENT',
    ],
  ])('%s', (_what, event, reason) => {
    const runId = event.data?.case === 'runCreated' ? 'wrun_new' : RUN;
    expect(reasonOf(() => world.write(runId, event))).toBe(reason);
    expect(world.log(RUN)).toHaveLength(2);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(['', '../x', 'a/b', '..', '\0', long(300)])('the run id %j', (runId) => {
    const reason = runId === '' ? 'INVALID_ARGUMENT' : 'INVALID_ID';
    expect(reasonOf(() => world.write(runId, ev('runStarted', {})))).toBe(reason);
    if (runId !== '')
      expect(reasonOf(() => world.write(runId, ev('runCreated', CREATION)))).toBe(reason);
  });
});

describe('what is odd but right is kept as it came', () => {
  it('bytes, empty ones too', () => {
    world.write(RUN, ev('stepCreated', { stepName: 's', input: new Uint8Array() }, 'a'));
    world.write(RUN, ev('stepCompleted', { result: bytes('a\0\xff') }, 'a'));
    const [, , created, completed] = world.log(RUN).map(({ data }) => data);
    expect(created).toMatchObject({ value: { input: new Uint8Array() } });
    expect(completed).toMatchObject({ value: { result: bytes('a\0\xff') } });
  });

  it('text of errors, NUL included', () => {
    const error = structured({ message: 'a\0b ✓ 😀', stack: '\u0007', code: 'E' });
    const { run } = world.write(RUN, ev('runFailed', { error }));
    expect(run!.error!.form).toMatchObject({ value: { message: 'a\0b ✓ 😀', stack: '\u0007' } });
  });

  it('names that objects have, in a context', () => {
    const executionContext = { constructor: 'c', toString: { hasOwnProperty: [null, 1.5, true] } };
    const { run } = world.write(
      'wrun_2',
      ev('runCreated', { ...CREATION, executionContext } as never),
    );
    expect(run!.executionContext).toEqual(executionContext);
  });

  it('times, to the millisecond and the same on every read', () => {
    const fine = { seconds: 1_800_000_000n, nanos: 123_456_789 };
    const whole = timestampFromMs(1_800_000_000_123);
    const { event, wait } = world.write(
      RUN,
      ev('waitCreated', { resumeAt: fine }, 'w', { occurredAt: fine }),
    );
    expect([wait!.resumeAt, event!.occurredAt]).toEqual([whole, whole]);
    expect(event!.data.value).toMatchObject({ resumeAt: whole });
    expect(world.log(RUN)[2]!.data).toEqual(event!.data);
    const retry = world.write(RUN, ev('stepCreated', { stepName: 's' }, 's')).step!;
    expect(retry.retryAfter).toBeUndefined();
    const { step } = world.write(RUN, ev('stepRetrying', { retryAfter: fine }, 's'));
    expect(step!.retryAfter).toEqual(whole);
  });

  it.each([-62_135_596_800_000, 253_402_300_799_999])('the time %i', (ms) => {
    const resumeAt = timestampFromMs(ms);
    expect(world.write(RUN, ev('waitCreated', { resumeAt }, 'w')).wait!.resumeAt).toEqual(resumeAt);
  });

  it('the spec version of the run, where the writer names none', () => {
    world.write('wrun_2', ev('runCreated', CREATION, '', { specVersion: 3 }));
    const { event } = world.write('wrun_2', ev('runStarted', {}));
    expect(event!.specVersion).toBe(3);
    expect(world.log(RUN)[0]!.specVersion).toBe(7);
  });
});
