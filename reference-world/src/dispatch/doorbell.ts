/** Waits for news. A ring while nobody waits is remembered; several are one. */
export class Doorbell {
  #rung = false;
  #broken: Error | undefined;
  #settle: (() => void) | undefined;

  /** Something happened. */
  readonly ring = (): void => {
    this.#rung = true;
    this.#settle?.();
  };

  /** Makes this and every later wait fail. */
  break(error: Error): void {
    this.#broken ??= error;
    this.#settle?.();
  }

  /** Fails if the bell is broken. */
  check(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Waits for a ring. Returns false when the time passes first. */
  async wait(ms: number): Promise<boolean> {
    this.check();
    if (!this.#rung && ms > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#settle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#settle = undefined;
    this.check();
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}
