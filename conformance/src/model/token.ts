import { BUSY_REASONS, type Refused } from './history.js';
import { type Model, partitionBy, type Step } from './model.js';
import { put } from './run-log.state.js';

/** Creates a hook that wants a token. */
export interface CreateHookInput {
  readonly op: 'hook_created';
  readonly run: string;
  /** Unique within the run, also among tokens. */
  readonly hook: string;
  readonly token: string;
  /** Asks for a retention that the history does not see end. */
  readonly retained?: boolean;
}

/** Disposes of a hook. */
export interface DisposeHookInput {
  readonly op: 'hook_disposed';
  readonly run: string;
  readonly hook: string;
  readonly token: string;
}

/** Ends a run, which releases its hooks. */
export interface EndRunInput {
  readonly op: 'run_ended';
  readonly run: string;
  /** By run_cancelled, which succeeds on a cancelled run. */
  readonly cancel?: boolean;
}

/** Looks up the holder of a token. */
export interface GetByTokenInput {
  readonly op: 'get_by_token';
  readonly token: string;
}

/** An operation around a token. The runs are there and active when the history begins. */
export type TokenInput = CreateHookInput | DisposeHookInput | EndRunInput | GetByTokenInput;

/** The answer of an operation around a token. */
export type TokenOutput =
  | { readonly kind: 'created' }
  /** The token is taken, by a hook of this run where the World says so. */
  | { readonly kind: 'conflict'; readonly run?: string }
  /** A disposal or an end was accepted. */
  | { readonly kind: 'done' }
  | { readonly kind: 'hook'; readonly run: string; readonly hook: string }
  | Refused;

/** Where Worlds may differ. */
export interface TokenOptions {
  /** Whether a hook may be created again under the id of a disposed or conflicted one; `either` by default. */
  readonly recreatedHook?: 'refused' | 'either';
}

/** One token. */
export interface TokenState {
  readonly ended: Readonly<Record<string, 'cancelled' | 'ended'>>;
  /** Hooks that were created, by run and id. */
  readonly hooks: Readonly<Record<string, 'live' | 'gone'>>;
  readonly holder: Holder | undefined;
}

interface Holder {
  readonly run: string;
  readonly hook: string;
  readonly retained: boolean;
}

type Choice =
  | { readonly reasons: readonly string[]; readonly rule: string }
  | { readonly state: TokenState; readonly output: TokenOutput };

const ONE_HOLDER = 'a token has one holder at a time';
const FREE = 'the token was free';

/** One hook token that several runs contend for. */
export function tokenModel(options: TokenOptions = {}): Model<TokenState, TokenInput, TokenOutput> {
  return {
    name: 'hook token',
    partition: (history) =>
      partitionBy(history, ({ input }) =>
        input.op === 'run_ended' ? undefined : `token ${input.token}`,
      ),
    init: () => ({ ended: {}, hooks: {}, holder: undefined }),
    steps: (state, input, output) => {
      if (output?.kind === 'refused' && BUSY_REASONS.has(output.reason))
        return [{ state, outcome: output }];
      return choices(state, input, options).flatMap((choice) => follow(state, choice, output));
    },
    key: (state) => JSON.stringify(state),
    isRead: (input, output) => input.op === 'get_by_token' || output.kind === 'refused',
    isKept: ({ kind }) => kind !== 'refused',
    subject: (input) => ('token' in input ? `token ${input.token}` : `run ${input.run}`),
    tell: (input, output) => {
      const request = 'run' in input ? `${input.op} of run ${input.run}` : input.op;
      const { past, perfect } = outcomeText(output);
      return { request, past, perfect };
    },
    objection: (state, { input, output }) => objection(state, input, output, options),
  };
}

function choices(state: TokenState, input: TokenInput, options: TokenOptions): readonly Choice[] {
  const { ended, hooks, holder } = state;
  switch (input.op) {
    case 'hook_created': {
      const { run, hook, retained = false } = input;
      const id = `${run}/${hook}`;
      const known = hooks[id];
      if (ended[run] !== undefined)
        return [
          refuse(
            'an ended run creates no hook',
            'RUN_ALREADY_ENDED',
            'RUN_GONE',
            'HOOK_ALREADY_EXISTS',
          ),
        ];
      const creation: Choice =
        holder === undefined
          ? {
              state: { ...state, hooks: put(hooks, id, 'live'), holder: { run, hook, retained } },
              output: { kind: 'created' },
            }
          : {
              state: { ...state, hooks: put(hooks, id, known ?? 'gone') },
              output: { kind: 'conflict', run: holder.run },
            };
      if (known === undefined) return [creation];
      const once = refuse('a hook is created once', 'HOOK_ALREADY_EXISTS');
      return known === 'live' || options.recreatedHook === 'refused' ? [once] : [once, creation];
    }
    case 'hook_disposed': {
      const { run, hook } = input;
      const id = `${run}/${hook}`;
      if (ended[run] !== undefined)
        return [
          refuse(
            'the end of a run removes its hooks',
            'HOOK_NOT_FOUND',
            'RUN_GONE',
            'RUN_ALREADY_ENDED',
          ),
        ];
      if (hooks[id] !== 'live')
        return [refuse('only a live hook is disposed of', 'HOOK_NOT_FOUND')];
      const held = holder?.run === run && holder.hook === hook;
      const next = { ...state, hooks: put(hooks, id, 'gone' as const) };
      return [{ state: held ? { ...next, holder: undefined } : next, output: { kind: 'done' } }];
    }
    case 'run_ended': {
      const { run, cancel } = input;
      if (ended[run] === 'cancelled' && cancel) return [{ state, output: { kind: 'done' } }];
      if (ended[run] !== undefined)
        return [refuse('a run ends once', 'RUN_ALREADY_ENDED', 'RUN_GONE')];
      const next = { ...state, ended: put(ended, run, cancel ? 'cancelled' : 'ended') } as const;
      const released = holder?.run === run && !holder.retained;
      return [
        { state: released ? { ...next, holder: undefined } : next, output: { kind: 'done' } },
      ];
    }
    case 'get_by_token': {
      const none = refuse('no live hook held the token', 'HOOK_NOT_FOUND');
      if (holder === undefined) return [none];
      const { run, hook } = holder;
      const found: Choice = { state, output: { kind: 'hook', run, hook } };
      // Whether a hook that only its retention keeps is still found is left to the World.
      return ended[run] === undefined ? [found] : [found, none];
    }
  }
}

function follow(
  state: TokenState,
  choice: Choice,
  output: TokenOutput | undefined,
): readonly Step<TokenState, TokenOutput>[] {
  if ('reasons' in choice)
    return output?.kind === 'refused' && choice.reasons.includes(output.reason)
      ? [{ state, outcome: output }]
      : [];
  if (output === undefined) return [{ state: choice.state, outcome: choice.output }];
  return agrees(choice.output, output) ? [{ state: choice.state, outcome: output }] : [];
}

function agrees(lawful: TokenOutput, output: TokenOutput): boolean {
  if (lawful.kind === 'conflict' && output.kind === 'conflict')
    return output.run === undefined || output.run === lawful.run;
  if (lawful.kind === 'hook' && output.kind === 'hook')
    return output.run === lawful.run && output.hook === lawful.hook;
  return lawful.kind === output.kind;
}

function objection(
  state: TokenState,
  input: TokenInput,
  output: TokenOutput,
  options: TokenOptions,
): string | undefined {
  const { holder } = state;
  const lawful = choices(state, input, options);
  const [choice] = lawful;
  if (choice === undefined || lawful.some((one) => follow(state, one, output).length > 0))
    return undefined;
  if ('reasons' in choice)
    return output.kind === 'refused' ? `the reason is ${choice.reasons.join(' or ')}` : choice.rule;
  if (holder === undefined) return output.kind === 'conflict' ? FREE : 'nothing stood in its way';
  const held = `hook ${holder.hook} of run ${holder.run} held it`;
  return input.op === 'hook_created' && output.kind === 'created'
    ? `${held}, and ${ONE_HOLDER}`
    : output.kind === 'refused' && input.op !== 'get_by_token'
      ? 'nothing stood in its way'
      : held;
}

function refuse(rule: string, ...reasons: string[]): Choice {
  return { rule, reasons };
}

function outcomeText(output: TokenOutput | undefined): { past: string; perfect: string } {
  switch (output?.kind) {
    case undefined:
      return { past: 'was sent', perfect: 'had been sent' };
    case 'refused':
      return {
        past: `was refused with ${output.reason}`,
        perfect: `had been refused with ${output.reason}`,
      };
    case 'created':
      return { past: 'got the token', perfect: 'had got the token' };
    case 'conflict': {
      const taken = `told that ${output.run === undefined ? 'it is taken' : `run ${output.run} holds it`}`;
      return { past: `was ${taken}`, perfect: `had been ${taken}` };
    }
    case 'hook':
      return {
        past: `showed hook ${output.hook} of run ${output.run}`,
        perfect: `had shown hook ${output.hook} of run ${output.run}`,
      };
    case 'done':
      return { past: 'was accepted', perfect: 'had been accepted' };
  }
}
