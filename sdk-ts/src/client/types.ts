import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Client, Transport } from '@connectrpc/connect';
import type {
  AttributeKey,
  Capability,
  DeadMessage,
  Delivery,
  DeploymentKey,
  Event,
  EventService,
  GetWorldResponse,
  Hook,
  HookService,
  KeyAccess,
  KeyService,
  ListAttributeKeysRequestSchema,
  ListChunksRequestSchema,
  ListDeadMessagesRequestSchema,
  ListEventsByCorrelationRequestSchema,
  ListEventsRequestSchema,
  ListHooksRequestSchema,
  ListKeyAccessRequestSchema,
  ListKeysRequestSchema,
  ListPushEndpointsRequestSchema,
  ListQueuesRequestSchema,
  ListRunsRequestSchema,
  ListStepsRequestSchema,
  ListStreamsRequestSchema,
  ListWaitsRequestSchema,
  PushEndpoint,
  QueueInfo,
  QueueService,
  ResolveData,
  Run,
  RunService,
  Step,
  StepService,
  StreamService,
  Wait,
  WaitService,
  WorldService,
} from '@worldwire/proto';
import type { WorldError } from './error.js';

/** How calls that failed are tried again. Only retryable errors are, and always with the same request. */
export interface RetryOptions {
  /**
   * How long a call, or a broken live read, is tried again, in milliseconds from its first failure (for a live read:
   * the first since it last made progress). Default 300,000; 0 turns retries off.
   */
  readonly budgetMs?: number;
  /** The upper bound of the first random delay, in milliseconds; it doubles with every try. Default 50. */
  readonly initialDelayMs?: number;
  /** The upper bound of every random delay, in milliseconds. Default 2,000. */
  readonly maxDelayMs?: number;
}

/** Whether the World can be reached. */
export interface ConnectionStatus {
  readonly state: 'connected' | 'disconnected';
  /** When this state began. */
  readonly since: Date;
  /** What broke the connection; only when disconnected. */
  readonly error?: WorldError;
}

/** Where the World is, and how it is called. */
export interface WorldClientOptions {
  /** The World's address. Default: `WORLDWIRE_URL`, else `http://127.0.0.1:7420`. Ignored with `transport`. */
  readonly url?: string;
  /** The bearer token. Default: `WORLDWIRE_TOKEN`, else none. */
  readonly token?: string;
  /** The project. Default: `WORLDWIRE_PROJECT`, else `default`. */
  readonly project?: string;
  /** Any Connect transport (gRPC, JSON, in process) instead of the client's own. It is not closed by `close()`. */
  readonly transport?: Transport;
  /**
   * The deadline of one try of a unary call, in milliseconds. Default 30,000; where a call can be repeated, its first two
   * tries get 10,000 at most, since what is not answered by then is rather lost than slow. WaitForRun gets its own timeout
   * and a margin instead. The `timeoutMs` of a call bounds all its tries together.
   */
  readonly deadlineMs?: number;
  readonly retry?: RetryOptions;
  /**
   * A live stream on which nothing arrives for this long, not even a sign of life, is taken as cut, in milliseconds.
   * Default 15,000.
   */
  readonly idleMs?: number;
  /** How many unary calls may be on the wire at a time; more wait. Default 64. Live streams do not count. */
  readonly maxConnections?: number;
  /** Called once when the World goes away and once when it is back. Default: one line to `console.warn` each. */
  readonly onStatus?: (status: ConnectionStatus) => void;
}

/** What every list and live read takes beside its request. */
export interface ReadOptions {
  /** Ends the read with a WorldError `canceled`, and closes its HTTP request. */
  readonly signal?: AbortSignal;
}

/** A chunk of a stream. */
export interface StreamChunk {
  /** Its place in the stream, from 0. */
  readonly index: number;
  readonly data: Uint8Array;
}

/** Which stream is read, and from where. */
export interface ReadStreamOptions extends ReadOptions {
  /** The run id; empty or absent finds the stream by its name alone. */
  readonly runId?: string;
  readonly name: string;
  /** The first index wanted; negative counts from the end at the moment the read attaches. Default 0. */
  readonly startIndex?: number;
}

/** Which log is watched, and from where. */
export interface WatchEventsOptions extends ReadOptions {
  readonly runId: string;
  /** Events with a higher position are delivered. Default 0, the whole log. */
  readonly afterPosition?: number;
  readonly resolveData?: ResolveData;
}

/** Which stream is written. */
export interface StreamWriterOptions {
  readonly runId: string;
  readonly name: string;
  /** Names the writer, so that its retries land once. Never give two writers the same one. Default: random. */
  readonly writerId?: string;
  /** The number of the first chunk among all that this writer id has appended. Default 0. */
  readonly sequence?: number;
}

/** Where a write landed. */
export interface WriteResult {
  /** The index of the stream's last chunk; -1 where it is empty. */
  readonly tailIndex: number;
  /** Whether the stream was closed before, so that chunks of this write were discarded. */
  readonly wasClosed: boolean;
}

/** Writes one stream in order; every chunk lands once, whatever is retried. */
export interface StreamWriter {
  readonly writerId: string;
  /** The number that the next chunk will have in this writer's sequence. */
  readonly sequence: number;
  /**
   * Appends chunks in order and resolves when they are durable. Calls need not be awaited one by one: what waits is
   * sent together. After a failure every further call fails with the same error, for what landed is then unknown.
   */
  write(chunks: Uint8Array | readonly Uint8Array[]): Promise<WriteResult>;
  /** Closes the stream after everything written before. Closing again returns the first outcome. */
  close(): Promise<WriteResult>;
}

/** What a handler made of a delivery. */
export type DeliveryOutcome =
  /** Done. */
  | { readonly ack: true }
  /** Deliver again after this many milliseconds; 0 means at once. */
  | { readonly retryAfterMs: number; readonly error?: string }
  /** Deliver again after the queue's own backoff, as if the handler had thrown. */
  | { readonly backoff: true; readonly error?: string };

/** What a handler is told beside its delivery. */
export interface DeliveryContext {
  /** Aborted when the lease is lost or the consumer stops; the reason is a WorldError. */
  readonly signal: AbortSignal;
}

/** What is consumed, and by whom. */
export interface ConsumeOptions {
  /** A queue is received from if its name starts with one of these. */
  readonly queuePrefixes: readonly string[];
  /** Receives messages of this deployment, and those of none. */
  readonly deploymentId?: string;
  readonly environment?: string;
  /** Names the consumer in the World's logs. */
  readonly consumerId?: string;
  /** How many handlers run at a time. Default 100. */
  readonly maxInFlight?: number;
  /** How long a delivery stays leased without contact, in milliseconds; extended at a third. Default 30,000. */
  readonly leaseMs?: number;
  /** How long `stop()` waits for handlers, in milliseconds. Default 10,000. */
  readonly graceMs?: number;
  /** Executes one delivery. A throw sends it back with the queue's backoff and the error's text. */
  readonly handler: (delivery: Delivery, context: DeliveryContext) => Promise<DeliveryOutcome>;
  /** Called at every attachment, the first and those after a lost connection. */
  readonly onAttached?: () => void;
  /**
   * Called once for each kind of error that is not a lost connection (which `onStatus` tells) until the next
   * attachment, and for settlements that were given up. Default: one line to `console.warn`.
   */
  readonly onError?: (error: WorldError) => void;
}

/** A running consumer. */
export interface Consumer {
  /**
   * Stops receiving, waits for running handlers, and sends back what is not finished after the grace. Never rejects;
   * a second call returns the first one's promise.
   */
  stop(): Promise<void>;
}

/**
 * Lists page by page, to the end. `page.limit` is the size of a page, `page.cursor` where to begin. Ends when the World
 * says that there is no more; throws a WorldError `data_loss` if the World's cursors do not advance.
 */
export type List<Request, Item> = (request: Request, options?: ReadOptions) => AsyncIterable<Item>;

/** The lists of every service. */
export interface Lists {
  readonly listRuns: List<MessageInitShape<typeof ListRunsRequestSchema>, Run>;
  readonly listAttributeKeys: List<
    MessageInitShape<typeof ListAttributeKeysRequestSchema>,
    AttributeKey
  >;
  readonly listEvents: List<MessageInitShape<typeof ListEventsRequestSchema>, Event>;
  readonly listEventsByCorrelation: List<
    MessageInitShape<typeof ListEventsByCorrelationRequestSchema>,
    Event
  >;
  readonly listSteps: List<MessageInitShape<typeof ListStepsRequestSchema>, Step>;
  readonly listHooks: List<MessageInitShape<typeof ListHooksRequestSchema>, Hook>;
  readonly listWaits: List<MessageInitShape<typeof ListWaitsRequestSchema>, Wait>;
  readonly listChunks: List<MessageInitShape<typeof ListChunksRequestSchema>, StreamChunk>;
  readonly listStreams: List<MessageInitShape<typeof ListStreamsRequestSchema>, string>;
  readonly listQueues: List<MessageInitShape<typeof ListQueuesRequestSchema>, QueueInfo>;
  readonly listDeadMessages: List<
    MessageInitShape<typeof ListDeadMessagesRequestSchema>,
    DeadMessage
  >;
  readonly listPushEndpoints: List<
    MessageInitShape<typeof ListPushEndpointsRequestSchema>,
    PushEndpoint
  >;
  readonly listKeys: List<MessageInitShape<typeof ListKeysRequestSchema>, DeploymentKey>;
  readonly listKeyAccess: List<MessageInitShape<typeof ListKeyAccessRequestSchema>, KeyAccess>;
}

/**
 * A client of one World and project. Every method throws WorldError and nothing else. Unary calls are retried; the live
 * methods of the service clients (`streams.read`, `events.watchEvents`, `queue.receive`) are one try each, and
 * `readStream`, `watchEvents` and `consume` are what resumes.
 */
export interface WorldClient extends Lists {
  readonly world: Client<typeof WorldService>;
  readonly events: Client<typeof EventService>;
  readonly runs: Client<typeof RunService>;
  readonly steps: Client<typeof StepService>;
  readonly hooks: Client<typeof HookService>;
  readonly waits: Client<typeof WaitService>;
  readonly queue: Client<typeof QueueService>;
  readonly streams: Client<typeof StreamService>;
  readonly keys: Client<typeof KeyService>;
  /** What the World is; asked once, and again after a lost connection. */
  getWorld(): Promise<GetWorldResponse>;
  /** Whether the World declares a capability. */
  has(capability: Capability): Promise<boolean>;
  /** Reads a stream live, each chunk once and in order, until it is closed; resumes where a connection broke. */
  readStream(options: ReadStreamOptions): AsyncIterable<StreamChunk>;
  /** `readStream` as bytes, one piece a chunk; pulls only what its consumer reads. Cancelling closes the request. */
  readStreamBytes(options: ReadStreamOptions): ReadableStream<Uint8Array>;
  /** Reads a log live, each event once and in order, until the run has ended; resumes where a connection broke. */
  watchEvents(options: WatchEventsOptions): AsyncIterable<Event>;
  createStreamWriter(options: StreamWriterOptions): StreamWriter;
  /** Receives deliveries until stopped, through every loss of the connection. */
  consume(options: ConsumeOptions): Consumer;
  /**
   * Ends every call and live read with a WorldError `canceled`, and closes the connections. Consumers are to be stopped
   * before.
   */
  close(): Promise<void>;
}
