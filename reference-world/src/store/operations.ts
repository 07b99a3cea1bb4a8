import type {
  Event,
  EventType,
  Failure,
  Hook,
  Run,
  RunStatus,
  Step,
  Wait,
  WaitStatus,
} from '@worldwire/proto';

/** An engine's own key of a row. Grows in the order of creation within one list. */
export type Key = number;

/** Payloads of a run or a step, kept apart from its record so that changing a state never rewrites them. */
export interface Payloads {
  readonly input?: Uint8Array;
  readonly output?: Uint8Array;
  readonly error?: Failure;
}

/** Which payloads a read returns. */
export type PayloadChoice = 'none' | 'input' | 'all';

/** A run with what its log needs. `run` carries the payloads that were asked for. */
export interface RunRow {
  readonly key: Key;
  readonly run: Run;
  /** Time of the last event, in milliseconds. */
  readonly lastEventAt: number;
  /** Payload bytes in the log. */
  readonly bytes: number;
}

/** Where a run's log ends. */
export interface LogEnd {
  readonly lastPosition: number;
  readonly lastEventAt: number;
  readonly bytes: number;
}

/** `live`: exists. `disposed`: removed by its run. `conflicted`: never existed, its token was taken. */
export type HookState = 'live' | 'disposed' | 'conflicted';

/** A hook of a run, in any state. `hook` carries no metadata and no run context. */
export interface HookRow {
  readonly hook: Hook;
  readonly state: HookState;
}

/** The holder of a token. */
export interface TokenRow {
  readonly runId: string;
  readonly hookId: string;
  /** Milliseconds until which the token stays taken after the run's end; 0 where it is not retained. */
  readonly retainedUntil: number;
  readonly runStatus: RunStatus;
}

/** A hook payload that landed under a resume_id. */
export interface ResumeRow {
  readonly hookId: string;
  readonly digest: string;
  readonly position: number;
}

/** The outcome of a request that carried a request_id. */
export interface OutcomeRow {
  readonly fingerprint: string;
  /** The encoded response without payloads. */
  readonly response: Uint8Array;
}

/** A part of a list: after a key, in an order, at most so many items and (where given) bytes. */
export interface Slice {
  readonly after: Key | undefined;
  readonly descending: boolean;
  readonly limit: number;
  /** Ends the slice early once this many payload bytes are in it; at least one item is returned. */
  readonly maxBytes?: number;
}

/** Items of a list with the keys that continue after each. `more` says whether the list goes on. */
export interface Sliced<T> {
  readonly items: readonly { readonly key: Key; readonly value: T }[];
  readonly more: boolean;
}

/** Filters of a list of runs; all that are set must match. Times in milliseconds. */
export interface RunFilter {
  readonly workflowName?: string;
  readonly statuses: readonly RunStatus[];
  readonly createdFrom?: number;
  readonly createdBefore?: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** How often an attribute key is used. Times in milliseconds. */
export interface AttributeKeyRow {
  readonly key: string;
  readonly runCount: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** A message that exists. */
export interface MessageRow {
  readonly key: Key;
  readonly messageId: string;
  readonly queueName: string;
  /** Deliveries so far. */
  readonly attempt: number;
}

/** A message to be stored. Times in milliseconds. */
export interface MessageInsert {
  readonly messageId: string;
  readonly queueName: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for any deployment. */
  readonly deploymentId: string;
  readonly idempotencyKey: string | undefined;
  /** The run it wakes; empty where it wakes none. */
  readonly runId: string;
  readonly enqueuedAt: number;
  /** When it may first be delivered. */
  readonly visibleAt: number;
}

/** A message under a lease. Times in milliseconds. */
export interface LeasedMessage extends Omit<MessageInsert, 'visibleAt' | 'runId'> {
  readonly leaseId: string;
  /** Deliveries so far, this one included. */
  readonly attempt: number;
  readonly leaseExpiresAt: number;
}

/** Who takes messages, and how. Times in milliseconds. */
export interface LeaseRequest {
  readonly project: string;
  /** A queue is taken from if its name starts with one of these. */
  readonly queuePrefixes: readonly string[];
  /** Takes messages of this deployment and of none. */
  readonly deploymentId: string;
  readonly limit: number;
  readonly now: number;
  readonly leaseExpiresAt: number;
  /** Names the consumer, for releaseConsumer. */
  readonly consumerId: string;
  /** Returns a new id for each lease. */
  readonly newLeaseId: () => string;
  /** A message that was delivered this often already is made dead instead. */
  readonly maxDeliveries: number;
  /** Ends the batch early once this many body bytes are in it; at least one message is returned. */
  readonly maxBytes: number;
}

/** A consumer that holds leases. */
export interface LeaseHolder {
  readonly project: string;
  readonly consumerId: string;
}

/** A queue's counts at one moment. */
export interface QueueRow {
  readonly queueName: string;
  readonly ready: number;
  readonly delayed: number;
  readonly leased: number;
  readonly dead: number;
}

/** A dead message. Times in milliseconds. */
export interface DeadMessageRow {
  readonly messageId: string;
  readonly queueName: string;
  readonly attempts: number;
  readonly enqueuedAt: number;
  readonly diedAt: number;
  readonly lastError: string;
}

/** A stream. */
export interface StreamRow {
  readonly key: Key;
  readonly runId: string;
  readonly name: string;
  /** How many chunks it has: the index of the next one. */
  readonly length: number;
  readonly closed: boolean;
  /** Removed by retention: closed, without chunks. */
  readonly expired: boolean;
}

/** A chunk. */
export interface ChunkRow {
  readonly index: number;
  readonly data: Uint8Array;
}

/** An active run without a message that would wake it. */
export interface StrandedRun {
  readonly key: Key;
  readonly runId: string;
  readonly workflowName: string;
}

/** A deployment key in escrow. Times in milliseconds. */
export interface DeploymentKeyRow {
  readonly keyId: string;
  readonly deploymentId: string;
  readonly escrowedAt: number;
  /** The key, wrapped. */
  readonly wrapped: Uint8Array;
}

/** An entry of a project's log of who asked for keys, as KeyAccess has it. Times in milliseconds. */
export interface KeyAccessRow {
  readonly sequence: number;
  readonly at: number;
  readonly method: string;
  readonly runId: string;
  readonly deploymentId: string;
  readonly keyId: string;
  readonly caller: string;
  readonly reason: string;
  readonly outcome: string;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/**
 * What the rules ask of a store, within one transaction. Operations never decide; the store's own constraints (unique
 * keys) stand behind those that insert, and a violated one is a fault, not an answer. Records are the messages of the
 * proto; an operation that returns one returns a copy that the caller may change.
 */
export interface StoreOperations {
  getOutcome(project: string, requestId: string): OutcomeRow | undefined;
  putOutcome(project: string, requestId: string, outcome: OutcomeRow, now: number): void;

  getRun(project: string, runId: string, payloads: PayloadChoice): RunRow | undefined;
  /** Inserts a run with an empty log; `run` carries its payloads. Returns its key. */
  insertRun(project: string, run: Run): Key;
  /** Replaces the run's record and sets the payloads given; others stay. The log's end is not touched. */
  updateRun(key: Key, run: Run, payloads: Payloads): void;
  listRuns(project: string, filter: RunFilter, slice: Slice, payloads: PayloadChoice): Sliced<Run>;
  /** Lists attribute keys by key, after one. */
  listAttributeKeys(
    project: string,
    filter: RunFilter,
    after: string | undefined,
    limit: number,
  ): { readonly items: readonly AttributeKeyRow[]; readonly more: boolean };
  /** Of an ended run: removes every hook whose token is not retained after `now`, its token, and every wait. */
  releaseRun(key: Key, now: number): void;
  /** Removes every payload of a run: its own, its steps', events' and hooks'; its streams become expired. */
  purgeRun(project: string, key: Key, runId: string): void;

  /** Appends events at the positions that they carry and moves the end of the log. */
  appendEvents(key: Key, events: readonly Event[], end: LogEnd): void;
  getEvent(key: Key, position: number, payloads: boolean): Event | undefined;
  /** Lists a run's events; the keys are positions. No types means all; an undefined correlation id means any. */
  listEvents(
    key: Key,
    types: readonly EventType[],
    correlationId: string | undefined,
    slice: Slice,
    payloads: boolean,
  ): Sliced<Event>;
  /** Lists the events with a correlation id over all runs of a project, by commit. No types means all. */
  listProjectEvents(
    project: string,
    types: readonly EventType[],
    correlationId: string,
    slice: Slice,
    payloads: boolean,
  ): Sliced<Event>;
  /** Whether the log holds an event of this type with this correlation id. */
  hasEvent(key: Key, type: EventType, correlationId: string): boolean;

  getStep(key: Key, stepId: string, payloads: PayloadChoice): Step | undefined;
  /** Inserts a step; `step` carries its payloads. */
  insertStep(key: Key, step: Step): void;
  /** Replaces the step's record and sets the payloads given; others stay. */
  updateStep(key: Key, step: Step, payloads: Payloads): void;
  listSteps(key: Key, slice: Slice, payloads: PayloadChoice): Sliced<Step>;

  getHook(key: Key, hookId: string): HookRow | undefined;
  /** A live hook with its run context: of a run, or where `key` is undefined the project's newest with this id. */
  readHook(
    project: string,
    key: Key | undefined,
    hookId: string,
    payloads: boolean,
  ): Hook | undefined;
  /** The live hook that holds a token, with its run context. */
  readHookByToken(project: string, token: string, payloads: boolean): Hook | undefined;
  getToken(project: string, token: string): TokenRow | undefined;
  /** Inserts a hook in a state; a live one takes its token, which is free. `hook` carries its metadata. */
  insertHook(project: string, key: Key, hook: Hook, state: HookState): void;
  /** Marks a live hook disposed of and frees its token. */
  disposeHook(key: Key, hookId: string): void;
  /** Removes the hook that holds a token, and the token: its run has ended and the retention is over. */
  dropTokenHolder(project: string, token: string): void;
  /** Lists live hooks with their run context: of a run, or where `key` is undefined of the project. */
  listHooks(project: string, key: Key | undefined, slice: Slice, payloads: boolean): Sliced<Hook>;
  getResume(key: Key, resumeId: string): ResumeRow | undefined;
  insertResume(key: Key, resumeId: string, resume: ResumeRow): void;

  getWait(key: Key, waitId: string): Wait | undefined;
  insertWait(key: Key, wait: Wait): void;
  updateWait(key: Key, wait: Wait): void;
  /** Lists a run's waits; status 0 means any. */
  listWaits(key: Key, status: WaitStatus, slice: Slice): Sliced<Wait>;

  /** The message of a queue that has this idempotency key and is not dead. */
  findMessage(project: string, queueName: string, idempotencyKey: string): MessageRow | undefined;
  insertMessage(project: string, message: MessageInsert): void;
  /** Leases deliverable messages, fairly between queues, oldest first within one. */
  leaseMessages(request: LeaseRequest): readonly LeasedMessage[];
  /** When the next message that a consumer could take becomes deliverable; undefined where there is none. */
  nextVisibleAt(
    project: string,
    queuePrefixes: readonly string[],
    deploymentId: string,
  ): number | undefined;
  /** The message held under a lease id, expired or not, as long as nobody else took it. */
  getLease(project: string, leaseId: string): MessageRow | undefined;
  deleteMessage(key: Key): void;
  /** Ends the lease; the message is deliverable from `visibleAt` on, with so many deliveries counted. */
  returnMessage(key: Key, visibleAt: number, attempts: number, error: string): void;
  /** Ends the lease; the message is dead and its idempotency key forgotten. */
  buryMessage(key: Key, now: number, error: string): void;
  extendLease(key: Key, leaseExpiresAt: number): void;
  /** Lets the leases of a consumer end no later than `until`. */
  releaseConsumer(project: string, consumerId: string, until: number): void;
  /** The consumers, over all projects, that hold leases which end after `now`; each once. */
  listLeaseHolders(now: number): readonly LeaseHolder[];
  listQueues(project: string, after: Key | undefined, limit: number, now: number): Sliced<QueueRow>;
  /** Lists dead messages by death; an empty queue name means all queues. */
  listDeadMessages(project: string, queueName: string, slice: Slice): Sliced<DeadMessageRow>;
  /** Makes a dead message deliverable now, with no deliveries counted. Returns whether it was dead. */
  reviveMessage(project: string, messageId: string, now: number): boolean;
  /** Active runs of a deployment, by creation, that no message names. */
  listStrandedRuns(
    project: string,
    deploymentId: string,
    after: Key | undefined,
    limit: number,
  ): readonly StrandedRun[];
  noteDeployment(project: string, environment: string, deploymentId: string, now: number): void;
  /** The deployment of an environment that first attached last. */
  latestDeployment(
    project: string,
    environment: string,
  ): { readonly deploymentId: string; readonly attachedAt: number } | undefined;

  getStream(project: string, runId: string, name: string): StreamRow | undefined;
  /** The newest stream of the project with this name. */
  findStream(project: string, name: string): StreamRow | undefined;
  insertStream(project: string, runId: string, name: string, now: number): StreamRow;
  appendChunks(key: Key, firstIndex: number, chunks: readonly Uint8Array[]): void;
  closeStream(key: Key): void;
  /** How many chunks a writer has appended to a stream. */
  getWriter(key: Key, writerId: string): number;
  putWriter(key: Key, writerId: string, appended: number): void;
  listChunks(key: Key, from: number, limit: number, maxBytes: number): readonly ChunkRow[];
  listStreams(
    project: string,
    runId: string,
    after: Key | undefined,
    limit: number,
  ): Sliced<string>;

  /** Keeps a key; one that the deployment has already is wrapped as given, and stays as it is otherwise. */
  putDeploymentKey(project: string, key: DeploymentKeyRow): void;
  /** A key of this id, of whichever deployment. */
  findDeploymentKey(project: string, keyId: string): DeploymentKeyRow | undefined;
  /** The key that was put last for a deployment. */
  latestDeploymentKey(project: string, deploymentId: string): DeploymentKeyRow | undefined;
  listDeploymentKeys(project: string, slice: Slice): Sliced<DeploymentKeyRow>;
  /** Where the project's log of who asked for keys ends. */
  latestKeyAccess(project: string): Pick<KeyAccessRow, 'sequence' | 'hash'> | undefined;
  appendKeyAccess(project: string, entry: KeyAccessRow): void;
  /** Lists entries; the keys are sequences. An empty run id means all. */
  listKeyAccess(project: string, runId: string, slice: Slice): Sliced<KeyAccessRow>;

  /** Forgets outcomes older than `before`. Returns how many. */
  pruneOutcomes(before: number, limit: number): number;
  /** Removes hooks of ended runs whose retention is over at `now`, and their tokens. Returns how many. */
  pruneRetainedHooks(now: number, limit: number): number;
  /**
   * Takes ended runs out of sight, with all that is theirs, whose end is past `endedBefore` and of which no token is
   * retained: the oldest first. Returns how many.
   */
  hideRuns(endedBefore: number, limit: number): number;
  /** Removes hidden runs for good, or a part of what they hold. Returns how many rows that were, up to `limit`. */
  removeHidden(limit: number): number;

  /** Wakes those who watch a topic, after the commit. */
  notify(topic: string): void;
}
