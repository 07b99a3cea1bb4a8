import { describe, expect, it } from 'vitest';
import { checkHistory } from './check.js';
import { type Operation, Recorder, refused } from './history.js';
import type { Model } from './model.js';
import { type QueueInput, type QueueOptions, type QueueOutput, queueModel } from './queue.js';
import { runLogModel } from './run-log.js';
import type { RunEventType, RunInput, RunLogOptions, RunOutput } from './run-log.types.js';
import { type StreamInput, type StreamOutput, streamModel } from './stream.js';
import { type TokenInput, type TokenOutput, tokenModel } from './token.js';

/** Client, call, return (0 for none), input, output, request id. */
type Row<I, O> = readonly [number, number, number, I, O?, string?];

function historyOf<I, O>(rows: readonly Row<I, O>[]): Operation<I, O>[] {
  return rows.map(([client, call, end, input, output, requestId]) => ({
    client,
    call,
    input,
    ...(end === 0 ? {} : { return: end }),
    ...(output === undefined ? {} : { output }),
    ...(requestId === undefined ? {} : { requestId }),
  }));
}

function judge<S, I, O>(model: Model<S, I, O>, rows: readonly Row<I, O>[]): string {
  const { verdict, witness } = checkHistory(model, historyOf(rows));
  return witness === undefined ? verdict : `${verdict}: ${witness.summary}`;
}

const write = (type: RunEventType, id?: string): RunInput => ({
  op: 'write',
  run: 'r',
  type,
  ...(id === undefined ? {} : { id }),
});
const ok = (type: string, position: number, rest: object = {}): RunOutput => ({
  kind: 'accepted',
  event: { type, position },
  ...rest,
});
const list = { op: 'list_events', run: 'r' } as const;
const events = (...names: string[]): RunOutput => ({
  kind: 'events',
  events: names.map((name) => {
    const [type, id] = name.split(' ') as [string, string?];
    return id === undefined ? { type } : { type, id };
  }),
});
const START: readonly Row<RunInput, RunOutput>[] = [
  [0, 1, 2, write('run_created'), ok('run_created', 1)],
  [0, 3, 4, write('run_started'), ok('run_started', 2)],
];
const run = (rows: readonly Row<RunInput, RunOutput>[], options?: RunLogOptions) =>
  judge(runLogModel(options), [...START, ...rows]);

describe('a run', () => {
  it('may answer racing writers in any order', () => {
    expect(
      run([
        [1, 5, 10, write('step_created', 's'), refused('STEP_ALREADY_EXISTS')],
        [2, 6, 9, write('step_created', 's'), ok('step_created', 3)],
        [1, 11, 12, list, events('run_created', 'run_started', 'step_created s')],
      ]),
    ).toBe('ok');
  });

  it('ends a step once', () => {
    const verdict = run([
      [1, 5, 6, write('step_created', 's1'), ok('step_created', 3)],
      [1, 7, 8, write('step_failed', 's1'), ok('step_failed', 4)],
      [2, 9, 10, write('step_completed', 's1'), ok('step_completed', 5)],
    ]);
    expect(verdict).toBe(
      "illegal: step s1: client 2's step_completed was accepted (event 5) although client 1's step_failed had been accepted (event 4) before client 2 called; a step ends once.",
    );
  });

  it('creates a step once, also where two creations race and no event has a position', () => {
    const accepted: RunOutput = { kind: 'accepted' };
    const verdict = run([
      [1, 5, 8, write('step_created', 's1'), accepted],
      [2, 6, 7, write('step_created', 's1'), accepted],
    ]);
    expect(verdict).toMatch(/at the same time; a step is created once/);
  });

  it('receives nothing after its end', () => {
    const verdict = run([
      [1, 5, 6, write('hook_created', 'h'), ok('hook_created', 3)],
      [1, 7, 20, write('hook_received', 'h'), ok('hook_received', 5)],
      [2, 8, 12, write('run_completed'), ok('run_completed', 4)],
    ]);
    expect(verdict).toMatch(
      /^illegal: hook h: client 1's hook_received was accepted \(event 5\) although client 2's run_completed \(the run\) was accepted \(event 4\) at the same time; nothing is received after the end of a run\.$/,
    );
  });

  it('ends once', () => {
    expect(
      run([
        [1, 5, 8, write('run_completed'), ok('run_completed', 3)],
        [2, 6, 9, write('run_failed'), ok('run_failed', 4)],
      ]),
    ).toMatch(/a run ends once/);
  });

  it('counts every start', () => {
    expect(
      run([
        [1, 5, 6, write('step_created', 's'), ok('step_created', 3)],
        [1, 7, 8, write('step_started', 's'), ok('step_started', 4, { attempt: 1 })],
        [2, 9, 10, write('step_started', 's'), ok('step_started', 5, { attempt: 1 })],
      ]),
    ).toMatch(/the attempt was 2: each start counts one more/);
  });

  it('shows what was accepted', () => {
    const verdict = run([
      [
        1,
        5,
        6,
        write('step_created', 's'),
        { kind: 'accepted', event: { type: 'step_created', eventId: 'e3' } },
      ],
      [2, 7, 8, list, events('run_created', 'run_started')],
    ]);
    expect(verdict).toMatch(
      /client 2's list_events showed 2 events although client 1's step_created .* before client 2 called; it lacks step_created/,
    );
  });

  it('shows nothing that was refused', () => {
    expect(
      run([
        [1, 5, 6, write('step_created', 's'), ok('step_created', 3)],
        [2, 7, 8, write('step_created', 's'), refused('STEP_ALREADY_EXISTS')],
        [1, 9, 10, list, events('run_created', 'run_started', 'step_created s', 'step_created s')],
      ]),
    ).toMatch(/its event 4, step_created s, cannot be there: a step is created once/);
  });

  it('grows at its end only', () => {
    const rows: Row<RunInput, RunOutput>[] = [
      [1, 5, 6, write('step_created', 's'), { kind: 'accepted' }],
      [3, 7, 20, write('step_created', 't'), { kind: 'accepted' }],
      [2, 8, 9, list, events('run_created', 'run_started', 'step_created s')],
      [2, 30, 31, list, events('run_created', 'run_started', 'step_created t', 'step_created s')],
    ];
    expect(run(rows)).toMatch(/illegal/);
    expect(run(rows, { reads: 'subsequence' })).toBe('ok');
  });

  it('may leave the effect of a lost request open', () => {
    const lost: Row<RunInput, RunOutput> = [1, 5, 0, write('step_created', 's')];
    const exists = refused('STEP_ALREADY_EXISTS');
    expect(run([lost, [1, 7, 8, write('step_created', 's'), exists]])).toBe('ok');
    expect(run([lost, [1, 7, 8, write('step_created', 's'), ok('step_created', 3)]])).toBe('ok');
    expect(run([[1, 7, 8, write('step_created', 's'), exists]])).toMatch(
      /nothing stood in its way/,
    );
  });

  it('answers the same request the same', () => {
    const start = write('step_started', 's');
    const begun: readonly Row<RunInput, RunOutput>[] = [
      [1, 5, 6, write('step_created', 's'), ok('step_created', 3)],
      [1, 7, 0, start, undefined, 'q'],
      [2, 8, 9, write('step_retrying', 's'), ok('step_retrying', 5)],
    ];
    const again = (position: number, attempt: number): Row<RunInput, RunOutput> => [
      1,
      10,
      11,
      start,
      ok('step_started', position, { attempt }),
      'q',
    ];
    expect(run([...begun, again(4, 1)])).toBe('ok');
    expect(run([...begun, again(6, 2)])).toMatch(/illegal/);
  });

  it('may differ where first-party Worlds do, unless told otherwise', () => {
    const rows: Row<RunInput, RunOutput>[] = [
      [1, 5, 6, write('step_created', 's'), ok('step_created', 3)],
      [1, 7, 8, write('step_started', 's'), ok('step_started', 4)],
      [1, 9, 10, write('run_cancelled'), ok('run_cancelled', 5)],
      [1, 11, 12, write('run_cancelled'), ok('run_cancelled', 6)],
      [1, 13, 14, write('step_started', 's'), ok('step_started', 7)],
      [1, 15, 16, write('step_completed', 's'), ok('step_completed', 8)],
    ];
    expect(run(rows)).toBe('ok');
    expect(run(rows, { repeatedCancel: 'unwritten' })).toMatch(/illegal/);
    expect(run(rows, { startAfterEnd: 'refused' })).toMatch(/illegal/);
  });

  it('is not judged where the bound is reached', () => {
    const rows = historyOf([
      ...START,
      [1, 5, 6, write('run_completed'), ok('run_completed', 3)],
      [1, 7, 8, write('run_failed'), ok('run_failed', 4)],
    ]);
    expect(checkHistory(runLogModel(), rows, { maxStates: 2 }).verdict).toBe('unknown');
  });
});

const hook = (who: string): TokenInput => ({ op: 'hook_created', run: who, hook: 'h', token: 't' });
const get: TokenInput = { op: 'get_by_token', token: 't' };
const CREATED: TokenOutput = { kind: 'created' };
const DONE: TokenOutput = { kind: 'done' };
const token = (rows: readonly Row<TokenInput, TokenOutput>[]) => judge(tokenModel(), rows);

describe('a token', () => {
  it('has one holder, until the end of its run', () => {
    expect(
      token([
        [1, 1, 4, hook('a'), CREATED],
        [2, 2, 3, hook('b'), { kind: 'conflict', run: 'a' }],
        [1, 5, 6, { op: 'run_ended', run: 'a' }, DONE],
        [3, 7, 8, hook('c'), CREATED],
        [3, 9, 10, get, { kind: 'hook', run: 'c', hook: 'h' }],
      ]),
    ).toBe('ok');
  });

  it('has no two holders', () => {
    expect(
      token([
        [1, 1, 4, hook('a'), CREATED],
        [2, 2, 5, hook('b'), CREATED],
      ]),
    ).toBe(
      "illegal: token t: client 2's hook_created of run b got the token although client 1's hook_created of run a got the token at the same time; hook h of run a held it, and a token has one holder at a time.",
    );
  });

  it('is free after the end', () => {
    expect(
      token([
        [1, 1, 2, hook('a'), CREATED],
        [1, 3, 4, { op: 'run_ended', run: 'a' }, DONE],
        [2, 5, 6, hook('b'), { kind: 'conflict', run: 'a' }],
      ]),
    ).toMatch(/the token was free/);
  });
});

const send = (tag: string, key?: string): QueueInput => ({
  op: 'enqueue',
  queue: 'q',
  tag,
  ...(key === undefined ? {} : { key }),
});
const deliver: QueueInput = { op: 'deliver', queue: 'q' };
const settle = (lease: string, action: 'ack' | 'retry' | 'ask_again' = 'ack'): QueueInput => ({
  op: 'settle',
  queue: 'q',
  tag: 'm',
  lease,
  action,
});
const sent = (messageId: string, deduplicated = false): QueueOutput => ({
  kind: 'enqueued',
  messageId,
  deduplicated,
});
const got = (lease: string, attempt: number, messageId = 'i1'): QueueOutput => ({
  kind: 'delivered',
  tag: 'm',
  messageId,
  lease,
  attempt,
});
const SETTLED: QueueOutput = { kind: 'settled', settled: true };
const LOST: QueueOutput = { kind: 'settled', settled: false };
const inspect: QueueInput = { op: 'inspect', queue: 'q' };
const queue = (rows: readonly Row<QueueInput, QueueOutput>[], options?: QueueOptions) =>
  judge(queueModel(options), rows);

describe('a queue', () => {
  it('may deliver again until the acknowledgement', () => {
    const rows: Row<QueueInput, QueueOutput>[] = [
      [1, 1, 2, send('m'), sent('i1')],
      [2, 1, 3, deliver, got('a', 1)],
      [3, 1, 4, deliver, got('b', 2)],
      [2, 5, 6, settle('a'), LOST],
      [3, 7, 8, settle('b'), SETTLED],
      [0, 9, 10, inspect, { kind: 'empty' }],
    ];
    expect(queue(rows)).toBe('ok');
    expect(queue(rows, { leasesMayBeLost: false })).toMatch(/a message has one lease at a time/);
  });

  it('delivers nothing after the acknowledgement', () => {
    expect(
      queue([
        [1, 1, 2, send('m'), sent('i1')],
        [2, 1, 3, deliver, got('a', 1)],
        [2, 4, 5, settle('a'), SETTLED],
        [3, 1, 9, deliver, got('b', 2)],
      ]),
    ).toMatch(
      /client 2's ack was taken at the same time; a message that was acknowledged is not delivered again/,
    );
  });

  it('settles one lease of a message', () => {
    expect(
      queue([
        [1, 1, 2, send('m'), sent('i1')],
        [2, 1, 3, deliver, got('a', 1)],
        [3, 1, 4, deliver, got('b', 2)],
        [2, 5, 6, settle('a'), SETTLED],
      ]),
    ).toMatch(/only one lease of a message counts/);
  });

  it('counts deliveries, and from 1 anew where the message was asked for again', () => {
    const rows = (action: 'retry' | 'ask_again'): Row<QueueInput, QueueOutput>[] => [
      [1, 1, 2, send('m'), sent('i1')],
      [2, 1, 3, deliver, got('a', 1)],
      [2, 4, 5, settle('a', action), SETTLED],
      [2, 6, 7, deliver, got('b', 1)],
    ];
    expect(queue(rows('ask_again'))).toBe('ok');
    expect(queue(rows('retry'))).toMatch(/the attempt was 2: each delivery counts one more/);
  });

  it('keeps the id of a message', () => {
    expect(
      queue([
        [1, 1, 2, send('m'), sent('i1')],
        [2, 1, 3, deliver, got('a', 1, 'i2')],
      ]),
    ).toMatch(/the message's id was i1/);
  });

  it('loses nothing', () => {
    expect(
      queue([
        [1, 1, 2, send('m'), sent('i1')],
        [0, 3, 4, inspect, { kind: 'empty' }],
      ]),
    ).toMatch(/accepted, never delivered, and is not there any more/);
  });

  it('forgets a spent key', () => {
    const until = (second: QueueOutput): Row<QueueInput, QueueOutput>[] => [
      [1, 1, 2, send('m', 'k'), sent('i1')],
      [1, 3, 4, send('n', 'k'), sent('i1', true)],
      [2, 1, 5, deliver, got('a', 1)],
      [2, 6, 7, settle('a'), SETTLED],
      [1, 8, 9, send('o', 'k'), second],
    ];
    expect(queue(until(sent('i2')))).toBe('ok');
    expect(queue(until(sent('i1', true)))).toMatch(/a spent key suppresses nothing/);
  });

  it('may suppress a message without saying so, and then delivers it never', () => {
    const rows = (...last: Row<QueueInput, QueueOutput>[]): Row<QueueInput, QueueOutput>[] => [
      [1, 1, 2, send('m', 'k'), sent('i1')],
      [1, 3, 4, send('n', 'k'), { kind: 'enqueued', messageId: 'i2' }],
      [2, 1, 5, deliver, got('a', 1)],
      [2, 6, 7, settle('a'), SETTLED],
      ...last,
    ];
    expect(queue(rows([0, 8, 9, inspect, { kind: 'empty' }]))).toBe('ok');
    const second = { ...got('b', 1, 'i2'), tag: 'n' } as QueueOutput;
    expect(queue(rows([2, 1, 9, deliver, second]))).toMatch(/a key has one live message/);
  });

  it('has one live message for a key', () => {
    expect(
      queue([
        [1, 1, 2, send('m', 'k'), sent('i1')],
        [1, 3, 4, send('n', 'k'), sent('i2')],
      ]),
    ).toMatch(/a key has one live message/);
  });
});

const append = (chunks: string, writer?: string, sequence = 0): StreamInput => ({
  op: 'append',
  stream: 's',
  chunks: chunks.split(' '),
  ...(writer === undefined ? {} : { writer, sequence }),
});
const read: StreamInput = { op: 'read', stream: 's', from: 0 };
const close: StreamInput = { op: 'close', stream: 's' };
const APPENDED: StreamOutput = { kind: 'appended' };
const shown = (chunks: string, done = true, from = 0): StreamOutput => ({
  kind: 'chunks',
  from,
  chunks: chunks === '' ? [] : chunks.split(' '),
  done,
});
const stream = (rows: readonly Row<StreamInput, StreamOutput>[]) => judge(streamModel(), rows);

describe('a stream', () => {
  const writes: readonly Row<StreamInput, StreamOutput>[] = [
    [1, 1, 4, append('a b'), APPENDED],
    [2, 2, 3, append('c d'), APPENDED],
    [0, 5, 6, close, { kind: 'closed' }],
  ];

  it('may have racing appends in any order, each in one piece', () => {
    expect(stream([...writes, [3, 1, 9, read, shown('c d a b')]])).toBe('ok');
    expect(stream([...writes, [3, 1, 9, read, shown('a c b d')]])).toMatch(
      /an append is one piece/,
    );
  });

  it('loses no append', () => {
    expect(stream([...writes, [3, 7, 9, read, shown('c d')]])).toMatch(
      /it lacks "a": a chunk that was accepted stays/,
    );
  });

  it('takes an append once for its writer and sequence', () => {
    const twice = (rest: StreamOutput): Row<StreamInput, StreamOutput>[] => [
      [1, 1, 0, append('a', 'w')],
      [1, 2, 3, append('a', 'w'), APPENDED],
      [0, 5, 6, close, { kind: 'closed' }],
      [3, 7, 9, read, rest],
    ];
    expect(stream(twice(shown('a')))).toBe('ok');
    expect(stream(twice(shown('a a')))).toMatch(/it shows "a" twice: each append lands once/);
  });

  it('takes nothing after its close', () => {
    expect(
      stream([
        [0, 1, 2, close, { kind: 'closed' }],
        [1, 3, 4, append('a'), { kind: 'appended', wasClosed: false }],
      ]),
    ).toMatch(/nothing lands after a close/);
  });

  it('may discard without a word what was sent before its close was answered', () => {
    const appended: StreamOutput = { kind: 'appended', tail: 0, appended: 1, wasClosed: false };
    const racing: readonly Row<StreamInput, StreamOutput>[] = [
      [2, 1, 2, append('a'), { kind: 'appended', wasClosed: false }],
      [0, 3, 6, close, { kind: 'closed' }],
      [1, 4, 5, append('b'), appended],
    ];
    expect(stream([...racing, [3, 7, 8, read, shown('a')]])).toBe('ok');
    expect(stream([...racing, [3, 7, 8, read, shown('b')]])).not.toBe('ok');
  });

  it('shows all readers one sequence', () => {
    expect(
      stream([...writes, [3, 7, 9, read, shown('a b c d')], [4, 8, 10, read, shown('c d', false)]]),
    ).toMatch(/all readers see one sequence|no order/);
  });

  it('goes on where a cut read ended', () => {
    expect(
      stream([
        ...writes,
        [3, 1, 5, read, shown('a b c', false)],
        [3, 6, 9, { op: 'read', stream: 's', from: 3 }, shown('d', true, 3)],
      ]),
    ).toBe('ok');
  });
});

describe('a recorder', () => {
  it('leaves open what an answer leaves open', () => {
    const recorder = new Recorder<RunInput, RunOutput>();
    recorder.call(1, write('run_created')).answer(refused('UNAVAILABLE'));
    recorder.call(1, write('run_created')).answer(refused('RUN_ALREADY_EXISTS'));
    const history = recorder.history();
    expect(history.map((operation) => operation.return !== undefined)).toEqual([false, true]);
    expect(checkHistory(runLogModel(), history).verdict).toBe('ok');
  });
});
