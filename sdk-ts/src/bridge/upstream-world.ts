/**
 * A World of the Workflow SDK as the bridge sees it: of any line, so that nearly everything may be missing and nothing
 * that it returns is trusted to have its declared type.
 */

// biome-ignore lint/suspicious/noExplicitAny: what a World gives is judged, not assumed
export type Loose = any;

type Call = (...args: Loose[]) => Promise<Loose>;

/** What a World's page of anything looks like. */
export interface LoosePage {
  readonly data?: Loose[];
  readonly cursor?: string | null;
  readonly hasMore?: boolean;
}

/** Handles one delivery of a World's queue. */
export type WorldQueueHandler = (
  message: Loose,
  meta: { attempt: number; queueName: string; messageId: string },
) => Promise<undefined | { timeoutSeconds: number }>;

/** The interfaces of the 4.1 and later lines; older ones are brought into this shape by `legacy.ts`. */
export interface UpstreamWorld {
  readonly specVersion?: number;
  readonly capabilities?: {
    readonly hookResumeDedup?: boolean;
    readonly hookRetention?: { readonly active?: boolean };
  };
  readonly runs: {
    get: Call;
    list: Call;
    getMany?: Call;
    cancelMany?: Call;
    waitForTerminalStatus?: Call;
  };
  readonly steps: { get: Call; list: Call };
  readonly hooks: { get: Call; getByToken: Call; list: Call };
  readonly events: {
    create: Call;
    createBatch?: Call;
    get?: Call;
    list: Call;
    listByCorrelationId: Call;
  };
  /** The 5.0 line. */
  readonly streams?: {
    write: Call;
    writeMulti?: Call;
    close: Call;
    get: Call;
    list?: Call;
    getChunks?: Call;
    getInfo?: Call;
  };
  /** The 4.x line. */
  writeToStream?: Call;
  writeToStreamMulti?: Call;
  closeStream?: Call;
  readFromStream?: Call;
  listStreamsByRunId?: Call;
  getStreamChunks?: Call;
  getStreamInfo?: Call;

  queue: Call;
  queueBatch?: Call;
  createQueueHandler(
    prefix: string,
    handler: WorldQueueHandler,
  ): (request: Request) => Promise<Response>;
  registerHandler?(prefix: string, handler: (request: Request) => Promise<Response>): void;
  getDeploymentId?(): Promise<string>;
  resolveLatestDeploymentId?(): Promise<string>;
  start?(): Promise<void>;
  close?(): Promise<void>;
}
