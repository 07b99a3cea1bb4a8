import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import {
  type Delivery,
  ErrorInfoSchema,
  EventService,
  HookService,
  QueueService,
  RunService,
  StepService,
  StreamService,
  WorldService,
} from '@worldwire/proto';
import { createLocalWorld } from 'workflow-world-local-4';
import { createWorld } from 'workflow-world-local-5';
import { QueueHost } from '../queue-host.js';
import { type ServeOptions, serveWorld } from '../server.js';
import type { UpstreamWorld } from '../upstream-world.js';

/** The lines of the SDK of which a real World is at hand. */
export type Line = 'v4' | 'v5';

/** Makes a real World that keeps its data in a folder, and delivers to an address where it cannot in the process. */
export function localWorld(line: Line, dataDir: string, baseUrl?: string): UpstreamWorld {
  const options = { dataDir, ...(baseUrl !== undefined && { baseUrl }) };
  const world = line === 'v4' ? createLocalWorld(options) : createWorld(options);
  return world as unknown as UpstreamWorld;
}

/** A World that is served, with stock Connect clients for it. */
export class Served {
  readonly transport: Transport;
  readonly world: Client<typeof WorldService>;
  readonly events: Client<typeof EventService>;
  readonly runs: Client<typeof RunService>;
  readonly steps: Client<typeof StepService>;
  readonly hooks: Client<typeof HookService>;
  readonly queue: Client<typeof QueueService>;
  readonly streams: Client<typeof StreamService>;

  private constructor(
    readonly url: string,
    private readonly end: () => Promise<void>,
  ) {
    this.transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1' });
    this.world = createClient(WorldService, this.transport);
    this.events = createClient(EventService, this.transport);
    this.runs = createClient(RunService, this.transport);
    this.steps = createClient(StepService, this.transport);
    this.hooks = createClient(HookService, this.transport);
    this.queue = createClient(QueueService, this.transport);
    this.streams = createClient(StreamService, this.transport);
  }

  /** Serves what `make` returns, given a folder and the address that the World delivers to. */
  static async start(
    make: (dataDir: string, queueUrl: string) => unknown,
    options: ServeOptions = {},
  ): Promise<Served> {
    const dataDir = mkdtempSync(join(tmpdir(), 'worldwire-bridge-'));
    const queueHost = await QueueHost.open({});
    const served = await serveWorld(make(dataDir, queueHost.url), {
      port: 0,
      queueHost,
      ...options,
    });
    return new Served(served.url, async () => {
      await served.close();
      rmSync(dataDir, { recursive: true, force: true });
    });
  }

  static local(line: Line, options: ServeOptions = {}): Promise<Served> {
    return Served.start((dataDir) => localWorld(line, dataDir), options);
  }

  close(): Promise<void> {
    return this.end();
  }
}

/** The deliveries of a consumer, one after the other; `stop` ends its stream. */
export function deliveries(
  queue: Client<typeof QueueService>,
  request: Parameters<Client<typeof QueueService>['receive']>[0],
) {
  const abort = new AbortController();
  const waiting: Delivery[] = [];
  let ring: (() => void) | undefined;
  let failed: ConnectError | undefined;
  const done = (async () => {
    try {
      for await (const response of queue.receive(request, { signal: abort.signal })) {
        waiting.push(...response.deliveries);
        ring?.();
      }
    } catch (error) {
      failed = ConnectError.from(error);
      ring?.();
    }
  })();
  return {
    async next(): Promise<Delivery> {
      while (waiting.length === 0) {
        if (failed !== undefined) throw failed;
        await new Promise<void>((resolve) => {
          ring = resolve;
        });
      }
      return waiting.shift()!;
    },
    /** Why the stream ended. */
    async ended(): Promise<ConnectError | undefined> {
      await done;
      return failed;
    },
    count: () => waiting.length,
    async stop() {
      abort.abort();
      await done;
    },
  };
}

/** The reason that a call was refused for, with its metadata. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ reason: string; metadata: Record<string, string> }> {
  try {
    await call;
  } catch (error) {
    const [info] = ConnectError.from(error).findDetails(ErrorInfoSchema);
    return { reason: info?.reason ?? `none: ${error}`, metadata: info?.metadata ?? {} };
  }
  return { reason: 'not refused', metadata: {} };
}

export const bytes = (text: string) => new TextEncoder().encode(text);
export const textOf = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);

let made = 0;

/** An id that no other test has, and whose time is now. */
export function ulid(): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let text = '';
  for (let i = 0, left = Date.now(); i < 10; i++, left = Math.floor(left / 32))
    text = alphabet[left % 32] + text;
  const tail = (++made)
    .toString(32)
    .toUpperCase()
    .replace(/[ILOU]/g, 'Z');
  return text + tail.padStart(16, '0');
}
