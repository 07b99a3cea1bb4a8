import { digestOf } from './digest.js';
import type { Listener } from './listener.js';

/** Finds commits that nobody told of: their server died before it could. */
const SWEEP_MS = 750;

/** Calls back those who watch a topic, after commits of this server and of others. */
export class Watchers {
  /** By the digests of the topics, which is what servers tell each other. */
  readonly #topics = new Map<string, Set<() => void>>();
  readonly #sweep: NodeJS.Timeout;
  #seen = '';

  constructor(private readonly listener: Listener) {
    listener.onNews = (digests) => {
      for (const digest of digests ?? [...this.#topics.keys()])
        this.#wake(this.#topics.get(digest));
    };
    this.#sweep = setInterval(() => void this.#look(), SWEEP_MS).unref();
  }

  watch(topic: string, wake: () => void): () => void {
    const digest = digestOf(topic);
    const wakes = this.#topics.get(digest) ?? new Set();
    this.#topics.set(digest, wakes);
    // One object per call, so that the same function may watch twice.
    let watching = true;
    const entry = () => {
      if (watching) wake();
    };
    wakes.add(entry);
    return () => {
      watching = false;
      const present = this.#topics.get(digest);
      if (present?.delete(entry) && present.size === 0) this.#topics.delete(digest);
    };
  }

  /** Tells watchers here, and other servers, that topics have changed. */
  committed(topics: ReadonlySet<string>): void {
    if (topics.size === 0) return;
    const digests = [...topics].map((topic) => digestOf(topic));
    for (const digest of digests) this.#wake(this.#topics.get(digest));
    this.listener.tell(digests);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#topics.clear();
  }

  #wake(wakes: ReadonlySet<() => void> | undefined): void {
    // Each on its own: one that throws must not keep the others from being called.
    for (const wake of wakes ?? []) queueMicrotask(wake);
  }

  /** Where anything at all was committed since the last look, everybody looks: an idle database wakes nobody. */
  async #look(): Promise<void> {
    if (this.#topics.size === 0) return;
    const mark = await this.listener.mark();
    if (mark === undefined || mark === this.#seen) return;
    this.#seen = mark;
    for (const wakes of this.#topics.values()) this.#wake(wakes);
  }
}
