import { type Operation, Recorder } from '../history.js';
import type { Program, ProgramStep, QueueAction } from '../program.js';
import type { QueueInput, QueueOutput } from '../queue.js';
import type { QueueWorld } from './queue-world.js';
import { randomOf } from './random.js';

/** Work that lets others run wherever it yields. */
export type Task<T = void> = Generator<void, T>;

/** Something that answers requests; a correct one does each in one piece between two yields. */
export interface TestWorld<I, O> {
  handle(input: I, requestId: string | undefined): Task<O>;
}

/** Runs a program against a World, with the interleaving of a seed. */
export function simulate<I, O>(
  program: Program<I>,
  world: TestWorld<I, O>,
  seed: number,
): readonly Operation<I, O>[] {
  const recorder = new Recorder<I, O>();
  schedule(program, seed, (client, step, spawn) => send(recorder, world, client, step, spawn));
  return recorder.history();
}

/** The same for a queue. */
export function simulateQueue(
  program: Program<QueueAction>,
  world: QueueWorld,
  seed: number,
): readonly Operation<QueueInput, QueueOutput>[] {
  const recorder = new Recorder<QueueInput, QueueOutput>();
  schedule(program, seed, (client, { action, ...step }, spawn) => {
    if (action.op === 'enqueue') return send(recorder, world, client, { ...step, action }, spawn);
    return consume(recorder, world, client, action);
  });
  return recorder.history();
}

type Spawn = (task: Task) => void;

function schedule<A>(
  program: Program<A>,
  seed: number,
  run: (client: number, step: ProgramStep<A>, spawn: Spawn) => Task,
): void {
  const random = randomOf(seed);
  const tasks: Task[] = [];
  const client = function* (number: number, steps: readonly ProgramStep<A>[]): Task {
    for (const step of steps) yield* run(number, step, (task) => tasks.push(task));
  };
  const finish = () => {
    while (tasks.length > 0) {
      const index = random(tasks.length);
      if (tasks[index]!.next().done) tasks.splice(index, 1);
    }
  };
  tasks.push(client(0, program.setup));
  finish();
  for (const [index, steps] of program.clients.entries()) tasks.push(client(index + 1, steps));
  finish();
  tasks.push(client(0, program.finish));
  finish();
}

function* send<I, O>(
  recorder: Recorder<I, O>,
  world: TestWorld<I, O>,
  client: number,
  { action, requestId, loseAnswer }: ProgramStep<I>,
  spawn: Spawn,
): Task {
  if (loseAnswer) {
    recorder.call(client, action, requestId);
    // It may arrive after the retry.
    spawn(arriveLate(world, action, requestId));
    yield;
  }
  const call = recorder.call(client, action, requestId);
  yield;
  const output = yield* world.handle(action, requestId);
  yield;
  call.answer(output);
}

function* arriveLate<I, O>(world: TestWorld<I, O>, action: I, requestId: string | undefined): Task {
  yield;
  yield* world.handle(action, requestId);
}

function* consume(
  recorder: Recorder<QueueInput, QueueOutput>,
  world: QueueWorld,
  client: number,
  action: Exclude<QueueAction, { op: 'enqueue' }>,
): Task {
  const { queue } = action;
  const since = recorder.mark();
  yield;
  let delivery = world.lease();
  while (delivery !== undefined) {
    yield;
    recorder.arrival(client, since, { op: 'deliver', queue }, delivery);
    const { lease, tag } = delivery;
    for (const settlement of SETTLEMENTS[action.op === 'drain' ? 'ack' : action.then]) {
      yield;
      const input = { op: 'settle', queue, lease, tag, action: settlement } as const;
      const call = recorder.call(client, input);
      yield;
      const output = world.settle(lease, settlement);
      yield;
      call.answer(output);
    }
    if (action.op !== 'drain') return;
    delivery = world.lease();
  }
  if (action.op !== 'drain') return;
  const call = recorder.call(client, { op: 'inspect', queue });
  if (world.isEmpty()) call.answer({ kind: 'empty' });
}

const SETTLEMENTS = {
  ack: ['ack'],
  ack_twice: ['ack', 'ack'],
  retry: ['retry'],
  ask_again: ['ask_again'],
  extend_and_ack: ['extend', 'ack'],
  drop: [],
} as const;
