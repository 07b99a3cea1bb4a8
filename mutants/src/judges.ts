import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import type { CheckVerdict } from './judge.js';

/** What a worker is asked: the mutant's name, and whether it meets every check or those meant for it. */
export interface Order {
  readonly name: string;
  readonly full: boolean;
}

/** What it answers. */
export type Answer = { readonly verdicts: CheckVerdict[] } | { readonly failed: string };

const worker = fileURLToPath(new URL('../dist/judge-worker.js', import.meta.url));

/** Most checks wait more than they work, so that a core serves two mutants at once. */
const JUDGES_PER_CORE = 2;

/** Judges mutants side by side, each in a process of its own that is used again. */
export class Judges {
  readonly #limit = pLimit(JUDGES_PER_CORE * availableParallelism());
  readonly #idle: ChildProcess[] = [];
  readonly #all = new Set<ChildProcess>();

  /** Judges one mutant when its turn comes. */
  judge(order: Order): Promise<CheckVerdict[]> {
    return this.#limit(async () => {
      const child = this.#idle.pop() ?? this.#start();
      const answer = await this.#ask(child, order);
      this.#idle.push(child);
      if ('failed' in answer) throw new Error(answer.failed);
      return answer.verdicts;
    });
  }

  /** Ends the processes. */
  close(): void {
    for (const child of this.#all) child.disconnect();
  }

  async #ask(child: ChildProcess, order: Order): Promise<Answer> {
    const ended = new AbortController();
    try {
      child.send(order);
      const answered = once(child, 'message', ended).then(([answer]) => answer as Answer);
      const exited = once(child, 'exit', ended).then(([code, signal]): never => {
        throw new Error(`the judge of ${order.name} ended with ${signal ?? code}`);
      });
      return await Promise.race([answered, exited]);
    } finally {
      ended.abort();
    }
  }

  #start(): ChildProcess {
    const child = fork(worker, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#all.add(child);
    child.once('exit', () => this.#all.delete(child));
    return child;
  }
}
