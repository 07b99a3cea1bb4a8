/** `node --import skew.mjs`: a process whose clock is wrong by `SKEW_MS` milliseconds. */
const skew = Number(process.env.SKEW_MS);
const now = Date.now.bind(Date);

globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [now() + skew] : args));
  }

  static now() {
    return now() + skew;
  }
};
