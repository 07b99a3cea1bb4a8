/** What a program on a queue knows of its messages by the answers so far: when to stop waiting for deliveries. */
export class QueueBookkeeping {
  readonly #delivered = new Set<string>();
  readonly #done = new Set<string>();
  /** Messages that must still come or be acknowledged. */
  readonly #open = new Set<string>();
  /** Keys of messages that another one may stand for, by the ids under which they were answered. */
  readonly #suppressible = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  /** A message was accepted and, where it has a key, the World did not say that another one stands for it. */
  sent(messageId: string, tag: string, key: string | undefined): void {
    if (key !== undefined) this.#keys.set(tag, key);
    if (this.#delivered.has(messageId)) return;
    this.#open.add(messageId);
    if (key !== undefined) this.#suppressible.set(messageId, key);
  }

  arrived(messageId: string): void {
    this.#delivered.add(messageId);
    this.#suppressible.delete(messageId);
    if (!this.#done.has(messageId)) this.#open.add(messageId);
  }

  /** An acknowledgement was taken, or nobody knows whether it was. */
  acknowledged(messageId: string, tag: string): void {
    this.#done.add(messageId);
    this.#open.delete(messageId);
    const key = this.#keys.get(tag);
    // Until now this message may have stood for others with its key: they need not come.
    for (const [id, other] of this.#suppressible) if (other === key) this.#open.delete(id);
  }

  wasDelivered(messageId: string): boolean {
    return this.#delivered.has(messageId);
  }

  /** Whether something must still come. */
  get waits(): boolean {
    return this.#open.size > 0;
  }

  /** Whether each message that was answered has come, so that nothing is left once they are acknowledged. */
  get isComplete(): boolean {
    return this.#suppressible.size === 0;
  }
}
