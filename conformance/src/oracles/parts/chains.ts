import { Bounded, MOST_REMEMBERED } from './bounded.js';

/** Items of pages that follow each other by cursor. Chains that continue one another share their memory. */
export class Chain<T> {
  private constructor(
    /** When the first page was asked for. */
    readonly begun: number,
    private readonly shared: { readonly items: T[]; readonly places: Map<string, number> },
    readonly length: number,
  ) {}

  static from<T>(begun: number): Chain<T> {
    return new Chain(begun, { items: [], places: new Map() }, 0);
  }

  has(key: string): boolean {
    const place = this.shared.places.get(key);
    return place !== undefined && place < this.length;
  }

  /** All items so far. */
  get items(): readonly T[] {
    return this.shared.items.slice(0, this.length);
  }

  /** The chain with another page behind it. */
  with(page: readonly { readonly key: string; readonly item: T }[]): Chain<T> {
    let { shared } = this;
    // Another page was read from the same cursor before.
    if (shared.items.length !== this.length) {
      const places = [...shared.places].filter(([, place]) => place < this.length);
      shared = { items: shared.items.slice(0, this.length), places: new Map(places) };
    }
    for (const { key, item } of page) {
      if (!shared.places.has(key)) shared.places.set(key, shared.items.length);
      shared.items.push(item);
    }
    return new Chain(this.begun, shared, shared.items.length);
  }
}

/** Chains by the cursor that continues them. */
export class Chains<T> {
  #chains = new Bounded<Chain<T>>();
  #items = 0;

  get(key: string): Chain<T> | undefined {
    return this.#chains.get(key);
  }

  /** Keeps a chain; `added` says how many items it has more than the one before. */
  set(key: string, chain: Chain<T>, added: number): void {
    this.#items += added;
    if (this.#items > MOST_REMEMBERED) {
      this.#chains = new Bounded();
      this.#items = added;
    }
    this.#chains.set(key, chain);
  }
}
