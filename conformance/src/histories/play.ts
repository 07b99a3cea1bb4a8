import type { Context } from '../context.js';
import {
  type Operation,
  type Program,
  type ProgramStep,
  Recorder,
  type Refused,
  UNDECIDED_REASONS,
} from '../model/index.js';
import { NotTestable } from '../outcome.js';
import type { Api } from '../wire/api.js';
import { allOf } from './all-of.js';
import { answerTo } from './answers.js';
import { Seat } from './seat.js';

/** Who asks. */
export interface Asking {
  /** 0 for what begins and ends a program. */
  readonly client: number;
  /** Empty for none. */
  readonly requestId: string;
}

/** Does one action; fails where the World refuses it. */
export type Perform<A, O> = (api: Api, action: A, asking: Asking) => Promise<O>;

/** What a player may be told beside its program. */
export interface PlayOptions {
  /** Awaited before each request of the clients. */
  readonly gate?: () => Promise<void>;
  /** Whether each client waits for the others before its next step; they run freely by default. */
  readonly keepStep?: boolean;
}

/** A request whose answer is lost is sent so often before it is given up; only the same request id makes that safe. */
const SENDINGS = 3;

/** Runs a program each of whose actions is one request, and records what happened. */
export async function play<A, O extends { readonly kind: string }>(
  t: Context,
  program: Program<A>,
  perform: Perform<A, O>,
  { gate = async () => {}, keepStep = false }: PlayOptions = {},
): Promise<readonly Operation<A, O | Refused>[]> {
  const recorder = new Recorder<A, O | Refused>();

  const send = async (api: Api, seat: Seat, { action, requestId }: ProgramStep<A>) => {
    const call = recorder.call(seat.client, action, requestId);
    const answer = await answerTo(() =>
      perform(api, action, { client: seat.client, requestId: requestId ?? '' }),
    );
    if (answer !== undefined) call.answer(answer);
    return isDecided(answer);
  };
  const take = async (seat: Seat, step: ProgramStep<A>) => {
    await gate();
    if (step.loseAnswer) await send(await seat.losingNext(), seat, step);
    for (let sendings = 1; sendings <= SENDINGS; sendings++) {
      await gate();
      if (await send(seat.api, seat, step)) return;
      if (step.requestId === undefined) return;
    }
  };
  const inOrder = async (seat: Seat, steps: readonly ProgramStep<A>[]) => {
    for (const step of steps) await take(seat, step);
  };
  const mustAnswer = async (what: string, steps: readonly ProgramStep<A>[]) => {
    for (const step of steps)
      if (!(await send(main.api, main, step)))
        throw new NotTestable(`${what} was not answered: nothing can be said of the history`);
  };

  const main = new Seat(t, 0);
  await mustAnswer('a request that begins a program', program.setup);
  const seats = program.clients.map((steps, index) => ({ seat: new Seat(t, index + 1), steps }));
  if (keepStep) {
    const rounds = Math.max(...program.clients.map((steps) => steps.length));
    for (let round = 0; round < rounds; round++)
      await allOf(seats.map(({ seat, steps }) => inOrder(seat, steps.slice(round, round + 1))));
  } else await allOf(seats.map(({ seat, steps }) => inOrder(seat, steps)));
  await mustAnswer('a request that ends a program', program.finish);
  return recorder.history();
}

function isDecided(answer: { readonly kind: string } | undefined): boolean {
  if (answer === undefined) return false;
  return answer.kind !== 'refused' || !UNDECIDED_REASONS.has((answer as Refused).reason);
}
