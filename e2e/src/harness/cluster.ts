import { Balancer } from './balancer.js';
import { WorldServer } from './world.js';

/** Servers over one PostgreSQL database, and the balancer before them. */
export class Cluster {
  readonly #balancer: Balancer;
  readonly #servers: WorldServer[] = [];

  private constructor(
    readonly databaseUrl: string,
    balancer: Balancer,
  ) {
    this.#balancer = balancer;
  }

  static async start(databaseUrl: string, servers = 2): Promise<Cluster> {
    const cluster = new Cluster(databaseUrl, await Balancer.before([]));
    const added = await Promise.allSettled(Array.from({ length: servers }, () => cluster.add()));
    const failed = added.find(({ status }) => status === 'rejected');
    if (failed === undefined) return cluster;
    await cluster.stop();
    throw (failed as PromiseRejectedResult).reason;
  }

  /** The address of the balancer. */
  get url(): string {
    return this.#balancer.url;
  }

  get servers(): readonly WorldServer[] {
    return this.#servers;
  }

  /** What all servers printed. */
  get logs(): string {
    return this.#servers.map(({ logs }) => logs).join('\n--\n');
  }

  /** Starts one more server, which may see the database elsewhere. */
  async add(env: Record<string, string> = {}): Promise<WorldServer> {
    const server = new WorldServer({
      args: ['--log-level', 'warn'],
      env: { WORLDWIRE_DATABASE_URL: this.databaseUrl, ...env },
    });
    this.#servers.push(server);
    await server.start();
    this.#balancer.targets = [...this.#balancer.targets, server.url];
    return server;
  }

  /** Sends nothing new to a server, and stops it. Returns how it ended. */
  async drain(server: WorldServer) {
    this.#balancer.targets = this.#balancer.targets.filter((url) => url !== server.url);
    return server.stop();
  }

  async stop(): Promise<void> {
    this.#balancer.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}
