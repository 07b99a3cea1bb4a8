import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  Capability,
  type CreateEventRequest,
  type CreateEventResponse,
  type CreateEventResponseSchema,
  type Delivery,
  DeliverySchema,
  type Event,
  EventSchema,
  EventService,
  type NewMessage,
  QueueService,
  RunSchema,
  RunService,
  RunStatus,
  type Settlement,
  StepService,
  StreamService,
  type WakeRunsRequest,
  WorldService,
} from '@worldwire/proto';
import { TestWorld } from '../../client/testing/test-world.js';

const NOW = 1_700_000_000_000;

/** An event at a position, of a run that is always the same. */
export function eventAt(
  position: number,
  data: MessageInitShape<typeof EventSchema>['data'],
  correlationId = '',
): Event {
  return create(EventSchema, {
    eventId: `evnt_${String(position).padStart(26, '0')}`,
    runId: 'wrun_1',
    position: BigInt(position),
    correlationId,
    specVersion: 7,
    createdAt: timestampFromMs(NOW + position),
    data,
  });
}

/**
 * As much of a World as the adapter's tests need: it records what is asked, holds one log, a queue without
 * leases, and streams.
 */
export class FakeWorld {
  capabilities = [
    Capability.EVENT_BATCH,
    Capability.QUEUE_BATCH,
    Capability.HOOK_RESUME_DEDUP,
    Capability.HOOK_RETENTION,
    Capability.ATTRIBUTES,
    Capability.REQUEST_IDS,
    Capability.STREAM_WRITERS,
    Capability.POSITIONS,
    Capability.EVENT_DELTAS,
    Capability.WAKE_RUNS,
    Capability.WAIT_READS,
    Capability.LATEST_DEPLOYMENT,
    Capability.LAZY_STEPS,
    Capability.STREAM_INSPECTION,
  ];
  log: Event[] = [];
  pageSize = 2;
  /** What CreateEvent answers. */
  answer: (request: CreateEventRequest) => MessageInitShape<typeof CreateEventResponseSchema> =
    () => ({});
  readonly created: CreateEventRequest[] = [];
  readonly sent: NewMessage[] = [];
  readonly settled: Settlement[] = [];
  readonly woken: WakeRunsRequest[] = [];
  readonly attached: string[][] = [];
  readonly chunks: Uint8Array[] = [];
  readonly appends: { writerId: string; sequence: bigint; count: number }[] = [];
  closedStream = false;
  readonly run = create(RunSchema, {
    runId: 'wrun_1',
    status: RunStatus.RUNNING,
    workflowName: 'w',
    deploymentId: 'default',
    specVersion: 7,
    executionContext: { workflowCoreVersion: '5.0.0', features: { encryption: true } },
    createdAt: timestampFromMs(NOW),
    updatedAt: timestampFromMs(NOW),
    startedAt: timestampFromMs(NOW),
  });
  readonly #ready: Delivery[] = [];
  #wake: () => void = () => {};
  readonly #leased = new Map<string, Delivery>();
  http!: TestWorld;

  static async start(): Promise<FakeWorld> {
    const world = new FakeWorld();
    world.http = await TestWorld.start((router) => world.#routes(router));
    return world;
  }

  close(): Promise<void> {
    this.#wake();
    return this.http.close();
  }

  /** Makes a message deliverable. */
  deliver(
    message: Partial<Pick<Delivery, 'queueName' | 'body' | 'contentType'>>,
    attempt = 1,
  ): void {
    const n = this.#leased.size + this.#ready.length + this.settled.length;
    this.#ready.push(
      create(DeliverySchema, {
        queueName: message.queueName,
        body: message.body,
        contentType: message.contentType ?? 'application/json',
        messageId: 'msg_1',
        leaseId: `lease_${n}_${attempt}`,
        attempt,
      }),
    );
    this.#wake();
  }

  #routes(router: ConnectRouter): void {
    router.service(WorldService, {
      getWorld: () => ({
        implementation: 'fake',
        version: '1',
        protocolVersion: '1.0',
        minSpecVersion: 2,
        maxSpecVersion: 7,
        capabilities: this.capabilities,
        limits: { maxQueueBatch: 2 },
      }),
    });
    router.service(RunService, { getRun: () => ({ run: this.run }) });
    router.service(StepService, {});
    router.service(EventService, {
      createEvent: (request) => {
        this.created.push(request);
        return this.answer(request) as CreateEventResponse;
      },
      listEvents: ({ page, types }) => {
        const all = this.log.filter(
          ({ data }) => types.length === 0 || types.some((type) => caseOf(type) === data.case),
        );
        return this.#page(all, page);
      },
      listEventsByCorrelation: ({ page, correlationId }) =>
        this.#page(
          this.log.filter((event) => event.correlationId === correlationId),
          page,
        ),
    });
    router.service(QueueService, {
      enqueue: ({ message }) => {
        this.sent.push(message!);
        this.deliver(message!);
        return { messageId: 'msg_1' };
      },
      enqueueBatch: ({ messages }) => ({
        results: messages.map((message, i) => {
          this.sent.push(message);
          return i === 0
            ? { outcome: { case: 'enqueued' as const, value: { messageId: 'msg_1' } } }
            : {
                outcome: {
                  case: 'error' as const,
                  value: { code: 'unavailable', message: 'no', retryable: true },
                },
              };
        }),
      }),
      receive: (request, context) => this.#receive(request.queuePrefixes, context.signal),
      settle: ({ settlements }) => {
        for (const settlement of settlements) {
          const delivery = this.#leased.get(settlement.leaseId);
          if (settlement.action.case !== 'extend') this.settled.push(settlement);
          if (settlement.action.case === 'retry' && delivery !== undefined) {
            this.deliver(delivery, delivery.attempt + 1);
          }
          if (settlement.action.case !== 'extend') this.#leased.delete(settlement.leaseId);
        }
        return { results: settlements.map(() => ({ settled: true })) };
      },
      wakeRuns: (request) => {
        this.woken.push(request);
        return { woken: 0 };
      },
    });
    router.service(StreamService, {
      append: ({ writerId, sequence, chunks }) => {
        this.appends.push({ writerId, sequence, count: chunks.length });
        this.chunks.push(...chunks);
        return { tailIndex: BigInt(this.chunks.length - 1), appended: chunks.length };
      },
      close: () => {
        this.closedStream = true;
        return { tailIndex: BigInt(this.chunks.length - 1) };
      },
      getStreamInfo: () => ({
        tailIndex: BigInt(this.chunks.length - 1),
        done: this.closedStream,
      }),
      listChunks: ({ page }) => {
        const from = Number(page?.cursor || 0);
        const end = Math.min(from + (page?.limit || 100), this.chunks.length);
        return {
          chunks: this.chunks
            .slice(from, end)
            .map((data, i) => ({ index: BigInt(from + i), data })),
          page: { cursor: String(end), hasMore: end < this.chunks.length },
          done: this.closedStream,
        };
      },
      read: (request) => this.#read(Number(request.startIndex)),
    });
  }

  async *#read(startIndex: number) {
    const from = startIndex < 0 ? Math.max(0, this.chunks.length + startIndex) : startIndex;
    const chunks = this.chunks.slice(from).map((data, i) => ({ index: BigInt(from + i), data }));
    yield { nextIndex: BigInt(from) };
    yield { chunks, nextIndex: BigInt(this.chunks.length), done: true };
  }

  #page(all: Event[], page: { cursor: string; limit: number } | undefined) {
    const from = Number(page?.cursor || 0);
    const end = Math.min(from + (page?.limit || this.pageSize), all.length);
    return {
      events: all.slice(from, end),
      page: { cursor: end > 0 ? String(end) : '', hasMore: end < all.length },
    };
  }

  async *#receive(prefixes: string[], signal: AbortSignal) {
    this.attached.push(prefixes);
    yield {};
    while (!signal.aborted) {
      const at = this.#ready.findIndex(({ queueName }) =>
        prefixes.some((prefix) => queueName.startsWith(prefix)),
      );
      if (at >= 0) {
        const [delivery] = this.#ready.splice(at, 1);
        this.#leased.set(delivery!.leaseId, delivery!);
        yield { deliveries: [delivery!] };
        continue;
      }
      await new Promise<void>((resolve) => {
        const before = this.#wake;
        this.#wake = () => {
          before();
          resolve();
        };
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

const CASES: Record<number, string> = {
  12: 'hookCreated',
  13: 'hookReceived',
  14: 'hookDisposed',
  15: 'hookConflict',
  16: 'waitCreated',
  17: 'waitCompleted',
};

function caseOf(type: number): string | undefined {
  return CASES[type];
}
