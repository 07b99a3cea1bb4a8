/** Where the World says what happened: the part of pino that it uses. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

const ignore = (): void => {};

/** Says nothing but faults, on stderr: for a World inside of another program. */
export const faultsOnly: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (facts, message) => console.error(`worldwire: ${message}`, facts),
};
