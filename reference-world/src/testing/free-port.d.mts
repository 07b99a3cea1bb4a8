/** A port of this machine that nobody listens on, for a server that may be started there more than once. */
export function freePort(): Promise<number>;
