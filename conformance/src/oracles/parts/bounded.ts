/** Enough for every check of the suite; beyond it the oldest is forgotten, which can only miss something. */
export const MOST_REMEMBERED = 200_000;

/** A map that forgets its oldest entries where it grows too large. */
export class Bounded<V> {
  readonly #entries = new Map<string, V>();

  constructor(private readonly most = MOST_REMEMBERED) {}

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.most) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }

  /** The value of a key, made where there is none. */
  of(key: string, make: () => V): V {
    let value = this.#entries.get(key);
    if (value === undefined) {
      value = make();
      this.set(key, value);
    }
    return value;
  }
}
