import { refused } from '../history.js';
import type { TokenInput, TokenOutput } from '../token.js';
import { Outcomes } from './outcomes.js';
import type { Task, TestWorld } from './simulate.js';

/** What is wrong with a World. */
export type TokenBug =
  | 'two owners'
  | 'not released at the end'
  | 'released late'
  | 'lookup of a released token';

/** Tokens, in the plainest way. */
export class TestTokenWorld implements TestWorld<TokenInput, TokenOutput> {
  readonly #holders = new Map<string, { run: string; hook: string }>();
  readonly #hooks = new Map<string, { token: string; live: boolean }>();
  readonly #ended = new Map<string, 'cancelled' | 'ended'>();
  readonly #last = new Map<string, { run: string; hook: string }>();
  readonly #outcomes = new Outcomes<TokenOutput>();

  constructor(private readonly bug?: TokenBug) {}

  *handle(input: TokenInput, requestId: string | undefined): Task<TokenOutput> {
    return yield* this.#outcomes.once(requestId, () => this.#decide(input));
  }

  *#decide(input: TokenInput): Task<TokenOutput> {
    if (input.op === 'get_by_token') {
      const held = this.bug === 'lookup of a released token' ? this.#last : this.#holders;
      const holder = held.get(input.token);
      return holder === undefined ? refused('HOOK_NOT_FOUND') : { kind: 'hook', ...holder };
    }
    const { run } = input;
    const ended = this.#ended.get(run);
    if (input.op === 'run_ended') {
      if (ended === 'cancelled' && input.cancel) return { kind: 'done' };
      if (ended !== undefined) return refused('RUN_ALREADY_ENDED');
      this.#ended.set(run, input.cancel ? 'cancelled' : 'ended');
      if (this.bug !== 'not released at the end')
        for (const [token, holder] of this.#holders)
          if (holder.run === run) this.#holders.delete(token);
      return { kind: 'done' };
    }
    const { hook, token } = input;
    const known = this.#hooks.get(`${run}/${hook}`);
    if (input.op === 'hook_created') {
      if (ended !== undefined) return refused('RUN_ALREADY_ENDED');
      if (known !== undefined) return refused('HOOK_ALREADY_EXISTS');
      const holder = this.#holders.get(token);
      if (this.bug === 'two owners') yield;
      this.#hooks.set(`${run}/${hook}`, { token, live: holder === undefined });
      if (holder !== undefined) return { kind: 'conflict', run: holder.run };
      this.#holders.set(token, { run, hook });
      this.#last.set(token, { run, hook });
      return { kind: 'created' };
    }
    if (ended !== undefined || !known?.live) return refused('HOOK_NOT_FOUND');
    known.live = false;
    if (this.bug !== 'released late') this.#holders.delete(token);
    return { kind: 'done' };
  }
}
