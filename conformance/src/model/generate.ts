import fc from 'fast-check';
import type { Program, ProgramStep, QueueAction } from './program.js';
import type { RunInput, WriteInput } from './run-log.types.js';
import type { StreamInput } from './stream.js';
import type { TokenInput } from './token.js';

/** The shape of a program. */
export interface Shape {
  /** How many clients run at the same time; 4 by default. */
  readonly clients?: number;
  /** How many steps each does; 6 by default. */
  readonly steps?: number;
  /** Whether requests carry request ids; false by default. */
  readonly requestIds?: boolean;
  /** How many percent of the writes lose their answer; 0 by default. */
  readonly lost?: number;
}

/** The shape of a program on one run. */
export interface RunShape extends Shape {
  /** Kinds of events left out, such as `attr` for a World without attributes; none by default. */
  readonly without?: readonly ('attr' | 'hook' | 'wait' | 'step')[];
  /** Whether run_started and step_started may carry what creates; false by default. */
  readonly lazy?: boolean;
  /** Whether hook_received carries resume ids; false by default. */
  readonly resumes?: boolean;
  /** How many entities of each kind there are; 2 by default. Few, so that clients collide. */
  readonly entities?: number;
}

/** The shape of a program on one stream. */
export interface StreamShape extends Shape {
  /** Whether appends carry a writer and a sequence; false by default. */
  readonly writers?: boolean;
  /** Whether the World lists chunks and says how far a stream has come; false by default. */
  readonly inspection?: boolean;
}

/** The program of a seed, the same on every machine. */
export function programOf<A>(programs: fc.Arbitrary<Program<A>>, seed: number): Program<A> {
  // The first samples of a run are biased towards small values; all of one seed are equally good.
  return fc.sample(programs, { seed, numRuns: 1 })[0]!;
}

/** Programs on one run: every event on few steps, hooks and waits, and reads between them. */
export function runLogPrograms(shape: RunShape = {}): fc.Arbitrary<Program<RunInput>> {
  const run = 'r1';
  const { entities = 2, without = [], lazy = false, resumes = false } = shape;
  const id = (kind: string) => fc.nat(entities - 1).map((n) => `${kind}${n + 1}`);
  const event = (
    type: WriteInput['type'],
    rest: Record<string, fc.Arbitrary<unknown>> = {},
  ): fc.Arbitrary<RunInput> =>
    fc
      .record({ op: fc.constant('write'), run: fc.constant(run), type: fc.constant(type), ...rest })
      .map((input) => input as unknown as RunInput);
  const flag = (name: string, on: boolean) =>
    on ? { [name]: fc.boolean().map((yes) => yes || undefined) } : {};
  const has = (kind: 'attr' | 'hook' | 'wait' | 'step') => !without.includes(kind);
  const step = { id: id('s') };
  const hook = { id: id('h') };
  const wait = { id: id('w') };
  const resume: Record<string, fc.Arbitrary<unknown>> = resumes
    ? { resumeId: fc.constantFrom(undefined, 'x', 'y') }
    : {};
  const choices: fc.WeightedArbitrary<RunInput>[] = [
    { weight: 1, arbitrary: event('run_started', flag('create', lazy)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('run_completed', 'run_failed', 'run_cancelled')
        .chain((type) => event(type as WriteInput['type'])),
    },
    { weight: 2, arbitrary: fc.constant<RunInput>({ op: 'list_events', run }) },
    { weight: 1, arbitrary: fc.constant<RunInput>({ op: 'get_run', run }) },
    ...(has('step')
      ? [
          { weight: 4, arbitrary: event('step_created', step) },
          { weight: 5, arbitrary: event('step_started', { ...step, ...flag('create', lazy) }) },
          { weight: 3, arbitrary: event('step_completed', step) },
          { weight: 2, arbitrary: event('step_failed', step) },
          { weight: 2, arbitrary: event('step_retrying', { ...step, ...flag('later', true) }) },
          {
            weight: 1,
            arbitrary: step.id.map((name): RunInput => ({ op: 'get_step', run, id: name })),
          },
        ]
      : []),
    ...(has('hook')
      ? [
          { weight: 3, arbitrary: event('hook_created', hook) },
          { weight: 3, arbitrary: event('hook_received', { ...hook, ...resume }) },
          { weight: 2, arbitrary: event('hook_disposed', hook) },
        ]
      : []),
    ...(has('wait')
      ? [
          { weight: 3, arbitrary: event('wait_created', wait) },
          { weight: 3, arbitrary: event('wait_completed', wait) },
        ]
      : []),
    ...(has('attr')
      ? [
          {
            weight: 2,
            arbitrary: event('attr_set', {
              id: id('a'),
              changes: fc.constantFrom({ k: '1' }, { l: '2' }, { k: null }, { k: '3', l: '3' }),
              ...flag('byStep', true),
            }),
          },
        ]
      : []),
  ];
  return programs('run-log', shape, fc.oneof(...choices), ({ op }) => op === 'write', {
    setup: [
      { op: 'write', run, type: 'run_created' },
      { op: 'write', run, type: 'run_started' },
    ],
    finish: [
      { op: 'get_run', run },
      { op: 'list_events', run },
    ],
  });
}

/** Programs on few tokens, contended by one run for each client. */
export function tokenPrograms(shape: Shape = {}): fc.Arbitrary<Program<TokenInput>> {
  const token = fc.constantFrom('t1', 't2');
  const run = fc.nat((shape.clients ?? 4) - 1).map((n) => `r${n + 1}`);
  const hook = fc.constantFrom('h1', 'h2');
  // A hook id goes with one token, so that each token can be judged by itself.
  const create = fc
    .record({ run, hook, token })
    .map((at): TokenInput => ({ op: 'hook_created', ...at, hook: `${at.token}-${at.hook}` }));
  const dispose = fc
    .record({ run, hook, token })
    .map((at): TokenInput => ({ op: 'hook_disposed', ...at, hook: `${at.token}-${at.hook}` }));
  const action = fc.oneof(
    { weight: 5, arbitrary: create },
    { weight: 3, arbitrary: dispose },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant('run_ended' as const), run, cancel: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: token.map((name): TokenInput => ({ op: 'get_by_token', token: name })),
    },
  );
  return programs<TokenInput>('token', shape, action, ({ op }) => op !== 'get_by_token', {
    setup: [],
    finish: [
      { op: 'get_by_token', token: 't1' },
      { op: 'get_by_token', token: 't2' },
    ],
  });
}

/** Programs on one queue, with and without idempotency keys. */
export function queuePrograms(shape: Shape = {}): fc.Arbitrary<Program<QueueAction>> {
  const queue = 'q1';
  const enqueue = fc
    .constantFrom(undefined, 'k1', 'k2')
    .map((key): QueueAction => ({ op: 'enqueue', queue, tag: '', ...(key ? { key } : {}) }));
  const consume = fc
    .constantFrom('ack', 'ack', 'ack_twice', 'retry', 'ask_again', 'extend_and_ack')
    .map((then) => ({ op: 'consume', queue, then }) as QueueAction);
  return programs<QueueAction>(
    'queue',
    shape,
    fc.oneof(enqueue, consume),
    ({ op }) => op === 'enqueue',
    {
      setup: [],
      finish: [{ op: 'drain', queue }],
    },
  ).map((program) =>
    eachStep(program, (step, place) =>
      step.action.op === 'enqueue'
        ? { ...step, action: { ...step.action, tag: `m${place}` } }
        : step,
    ),
  );
}

/** Programs on one stream: each client a writer of its own, and readers between them. */
export function streamPrograms(shape: StreamShape = {}): fc.Arbitrary<Program<StreamInput>> {
  const stream = 'out';
  const { writers = false, inspection = false } = shape;
  const append = fc
    .record({ count: fc.integer({ min: 1, max: 3 }), close: fc.nat(30).map((n) => n === 0) })
    .map(
      ({ count, close }): StreamInput => ({
        op: 'append',
        stream,
        chunks: Array.from({ length: count }, () => ''),
        ...(close ? { close } : {}),
      }),
    );
  const action = fc.oneof(
    { weight: 8, arbitrary: append },
    { weight: 1, arbitrary: fc.constant<StreamInput>({ op: 'close', stream }) },
    {
      weight: 2,
      arbitrary: fc.nat(4).map((from): StreamInput => ({ op: 'read', stream, from })),
    },
    ...(inspection
      ? [
          {
            weight: 3,
            arbitrary: fc.constantFrom<StreamInput>({ op: 'list', stream }, { op: 'info', stream }),
          },
        ]
      : []),
  );
  return programs<StreamInput>('stream', shape, action, ({ op }) => op === 'append' && writers, {
    setup: [],
    finish: [
      { op: 'close', stream },
      { op: 'read', stream, from: 0 },
    ],
  }).map((program) => numbered(program, writers));
}

/** Gives every chunk a name of its own, and where writers are known, each append its place. */
function numbered(program: Program<StreamInput>, writers: boolean): Program<StreamInput> {
  const next = new Map<number, number>();
  return eachStep(program, (step, _place, client) => {
    const { action } = step;
    if (action.op !== 'append') return step;
    const sequence = next.get(client) ?? 0;
    next.set(client, sequence + action.chunks.length);
    const writer = `w${client}`;
    const chunks = action.chunks.map((_, index) => `${writer}.${sequence + index}`);
    return { ...step, action: { ...action, chunks, ...(writers ? { writer, sequence } : {}) } };
  });
}

function programs<A>(
  model: Program<A>['model'],
  { clients = 4, steps = 6, requestIds = false, lost = 0 }: Shape,
  action: fc.Arbitrary<A>,
  isWrite: (action: A) => boolean,
  { setup, finish }: { readonly setup: readonly A[]; readonly finish: readonly A[] },
): fc.Arbitrary<Program<A>> {
  const step = fc.record({ action, loses: fc.nat(99).map((n) => n < lost) });
  const fixed = <T>(item: fc.Arbitrary<T>, length: number) =>
    fc.array(item, { minLength: length, maxLength: length });
  return fixed(fixed(step, steps), clients).map((all) => {
    const program: Program<A> = {
      model,
      setup: setup.map((one) => ({ action: one })),
      clients: all.map((own) =>
        own.map(({ action: one, loses }) => ({
          action: one,
          ...(loses && isWrite(one) ? { loseAnswer: true } : {}),
        })),
      ),
      finish: finish.map((one) => ({ action: one })),
    };
    const named = eachStep(program, (one, place) =>
      requestIds && isWrite(one.action) ? { ...one, requestId: `q${place}` } : one,
    );
    // As the program is printed, saved and read again: without fields that say nothing.
    return JSON.parse(JSON.stringify(named)) as Program<A>;
  });
}

/** Changes every step of the clients; places count through all of them, from 1. */
function eachStep<A>(
  program: Program<A>,
  change: (step: ProgramStep<A>, place: number, client: number) => ProgramStep<A>,
): Program<A> {
  let place = 0;
  return {
    ...program,
    clients: program.clients.map((steps, index) =>
      steps.map((step) => {
        place += 1;
        return change(step, place, index + 1);
      }),
    ),
  };
}
