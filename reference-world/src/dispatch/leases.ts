/** The leases of a consumer, and when they end. */
export class Leases {
  readonly #ends = new Map<string, number>();
  /** Never later than the first end: extending and settling leave it, and looking corrects it. */
  #dueAt = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#ends.size;
  }

  /** When to look whether a lease has run out; infinite where there is none. */
  get dueAt(): number {
    return this.#ends.size === 0 ? Number.POSITIVE_INFINITY : this.#dueAt;
  }

  has(leaseId: string): boolean {
    return this.#ends.has(leaseId);
  }

  /** A lease begins, or goes on, until a time. */
  set(leaseId: string, endsAt: number): void {
    this.#ends.set(leaseId, endsAt);
    this.#dueAt = Math.min(this.#dueAt, endsAt);
  }

  delete(leaseId: string): void {
    this.#ends.delete(leaseId);
  }

  /** Forgets the leases that have run out. */
  forget(now: number): void {
    for (const [leaseId, endsAt] of this.#ends) if (endsAt <= now) this.#ends.delete(leaseId);
  }

  /** Whether a lease has run out. */
  lapsed(now: number): boolean {
    if (this.dueAt > now) return false;
    this.#dueAt = Number.POSITIVE_INFINITY;
    for (const endsAt of this.#ends.values()) this.#dueAt = Math.min(this.#dueAt, endsAt);
    return this.#dueAt <= now;
  }
}
