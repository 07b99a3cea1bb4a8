import type { Context } from '../context.js';

/** Gives the ids of a program names that nothing else on the World has, and finds them again in answers. */
export class Names {
  readonly #outer = new Map<string, string>();
  readonly #inner = new Map<string, string>();
  readonly #scope: string;

  constructor(t: Context) {
    this.#scope = t.unique('h');
  }

  /** The name on the World. */
  outer(id: string): string {
    return this.#outer.get(id) ?? this.is(id, `${id}_${this.#scope}`);
  }

  /** Another name for the same id, for uses that the World may keep apart. */
  variant(id: string, use: string): string {
    const name = `${use}_${this.outer(id)}`;
    this.#inner.set(name, id);
    return name;
  }

  /** The id in the program; names that no program gave stay as they are. */
  inner(name: string): string {
    return this.#inner.get(name) ?? name;
  }

  /** Takes note of a name that the World chose. */
  is(id: string, name: string): string {
    this.#outer.set(id, name);
    this.#inner.set(name, id);
    return name;
  }
}
