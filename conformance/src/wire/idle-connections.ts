import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** Servers close a connection that was idle for some seconds, five in Node: one that was idle for less can be used. */
const FRESH_MS = 2_000;

/** Knows since when each kept connection of an agent is idle. */
export class IdleConnections {
  readonly #since = new WeakMap<Duplex, number>();

  constructor(private readonly agent: Agent) {
    const keep = agent.keepSocketAlive.bind(agent);
    agent.keepSocketAlive = (socket) => {
      this.#since.set(socket, performance.now());
      return keep(socket);
    };
  }

  /** Closes those that the server may be about to close: a call on them would break for no fault of the World. */
  dropStale(): void {
    const limit = performance.now() - FRESH_MS;
    for (const sockets of Object.values(this.agent.freeSockets))
      for (const socket of sockets ?? [])
        if ((this.#since.get(socket) ?? limit) <= limit) socket.destroy();
  }
}
