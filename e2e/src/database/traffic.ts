import { setTimeout as sleep } from 'node:timers/promises';
import { createWorldClient, type WorldClient } from '@worldwire/sdk';
import { until } from '../harness/until.js';
import { Log } from './lanes/log.js';
import { Queue } from './lanes/queue.js';
import { Runs } from './lanes/runs.js';
import { Stream } from './lanes/stream.js';

/** Between two steps of a lane, so that tests and servers share a small machine. */
const PAUSE_MS = 10;
/** What a lane has to get done for it to flow. */
const FLOWING = 5;

/** One kind of traffic. It keeps an account of what was acknowledged, and fails with whatever a client does not retry. */
export interface Lane {
  /** How much was acknowledged. */
  readonly acknowledged: number;
  /** Does the next thing. */
  step(): Promise<void>;
  /** Ends what is open. */
  close?(): Promise<void>;
  /** Compares what is stored with the account. */
  audit(judge: WorldClient): Promise<void>;
}

/** What applications ask of a World, all of it at once and without end. */
export class Traffic {
  readonly #clients: WorldClient[] = [];
  readonly #lanes: readonly Lane[];
  readonly #running: Promise<unknown>;
  #ending = false;

  private constructor(private readonly url: string) {
    const connect = () => this.#connect();
    const log = new Log(connect);
    this.#lanes = [
      ...[log.writer(), log.writer(), log.writer()],
      ...[new Runs(connect), new Runs(connect)],
      new Queue(connect),
      ...[new Stream(connect), new Stream(connect)],
    ];
    this.#running = Promise.all(this.#lanes.map((lane) => this.#run(lane)));
    // Whoever waits for the traffic hears of it.
    this.#running.catch(() => {});
  }

  /** Starts to call a World, and returns when all of it flows. */
  static async at(url: string): Promise<Traffic> {
    const traffic = new Traffic(url);
    await traffic.flows();
    return traffic;
  }

  /** Waits until every lane has got something done from now on. */
  async flows(): Promise<void> {
    const before = this.#lanes.map(({ acknowledged }) => acknowledged);
    const flows = until(
      'all traffic flows',
      () =>
        this.#lanes.every(({ acknowledged }, i) => acknowledged >= before[i]! + FLOWING) ||
        undefined,
    );
    await Promise.race([flows, this.#running]);
  }

  /** Ends the traffic, and checks that all that was acknowledged is there, and nothing else. */
  async audit(): Promise<void> {
    this.#ending = true;
    await this.#running;
    const judge = this.#connect();
    for (const lane of this.#lanes) await lane.audit(judge);
  }

  /** Gives the traffic up. */
  async close(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#running.catch(() => {});
  }

  async #run(lane: Lane): Promise<void> {
    while (!this.#ending) {
      await lane.step();
      await sleep(PAUSE_MS);
    }
    await lane.close?.();
  }

  /** A client of its own, as another application has. */
  #connect(): WorldClient {
    const client = createWorldClient({ url: this.url, token: '', onStatus: () => {} });
    this.#clients.push(client);
    return client;
  }
}
