import type { Program, ProgramStep, RunInput, WriteInput } from '../model/index.js';

/** What has a beginning and an end within a run. */
export type EntityKind = 'step' | 'hook' | 'wait';

/** Rounds that all clients spend on one entity: in the first one it begins, in the last one it ends. */
const ROUNDS_OF_ONE = 2;

const ENDINGS: readonly WriteInput['type'][] = ['run_completed', 'run_failed', 'run_cancelled'];

const ENTITY_ENDINGS: Readonly<Record<EntityKind, WriteInput['type']>> = {
  step: 'step_completed',
  hook: 'hook_disposed',
  wait: 'wait_completed',
};

/**
 * The same program, made for clients that keep step: in each round all of them turn to the same step, hook or wait. The
 * first client begins it, the last one ends it, and the others do what they would have done. In the last round some of
 * them end the run, which lives until then.
 */
export function colliding(
  program: Program<RunInput>,
  kinds: readonly EntityKind[],
): Program<RunInput> {
  const { run } = program.setup[0]!.action;
  const last = program.clients.length - 1;
  const clients = program.clients.map((steps, client) =>
    steps.map((step, round): ProgramStep<RunInput> => {
      const write = (type: WriteInput['type'], id?: string): ProgramStep<RunInput> => ({
        ...step,
        action: { op: 'write', run, type, ...(id === undefined ? {} : { id }) },
      });
      const ending = ENDINGS[client];
      if (round === steps.length - 1 && ending !== undefined) return write(ending);
      const number = Math.floor(round / ROUNDS_OF_ONE) + 1;
      const kind = kinds[number % kinds.length]!;
      const place = round % ROUNDS_OF_ONE;
      if (client === 0 && place === 0) return write(`${kind}_created`, idOf(kind, number));
      if (client === last && place === ROUNDS_OF_ONE - 1)
        return write(ENTITY_ENDINGS[kind], idOf(kind, number));
      const { action } = step;
      if (action.op === 'write' && ENDINGS.includes(action.type))
        return { action: { op: 'list_events', run } };
      return { ...step, action: turnedTo(action, number) };
    }),
  );
  return { ...program, clients };
}

function idOf(kind: EntityKind, number: number): string {
  return `${kind[0]}${number}`;
}

function turnedTo(action: RunInput, number: number): RunInput {
  if (!('id' in action) || action.id === undefined || !/^[shw]/.test(action.id)) return action;
  return { ...action, id: `${action.id[0]}${number}` };
}
