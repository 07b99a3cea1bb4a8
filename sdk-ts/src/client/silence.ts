/** Why a live read was aborted on which nothing came, not even a sign of life: its connection is none any more. */
export class Silence extends Error {
  constructor(readonly ms: number) {
    super(`nothing was received for ${ms} ms`);
  }
}
