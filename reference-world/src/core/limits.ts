/** The numbers that the reference World enforces and announces in GetWorld. */
export interface CoreLimits {
  /** Bytes of one payload. */
  readonly maxPayloadBytes: number;
  /** Bytes of one request: a payload and its frame, or a full batch. */
  readonly maxRequestBytes: number;
  /** Bytes of one response page; a page ends early rather than exceed it, but holds at least one item. */
  readonly maxPageBytes: number;
  /** Payload bytes of a batch read, whose answer has no pages. */
  readonly maxBulkBytes: number;
  /** Bytes of a run's log. */
  readonly maxRunBytes: number;
  /** Events of a run's log. */
  readonly maxEvents: number;
  /** Events in a page of a log. */
  readonly maxEventPage: number;
  /** Items in a page of any other list. */
  readonly maxPage: number;
  /** Items in a page of any other list where the request names no limit. */
  readonly defaultPage: number;
  /** Events in a batch. */
  readonly maxEventBatch: number;
  /** Messages in a batch. */
  readonly maxQueueBatch: number;
  /** Chunks in one append. */
  readonly maxStreamAppend: number;
  /** Settlements in one call. */
  readonly maxSettlements: number;
  /** Ids in a bulk cancellation or batch read. */
  readonly maxBulkIds: number;
  /** Characters of an id. */
  readonly maxIdLength: number;
  /** Characters of a name of a workflow, step, queue, stream or deployment. */
  readonly maxNameLength: number;
  /** Characters of a hook token. */
  readonly maxTokenLength: number;
  /** Attributes of a run. */
  readonly maxAttributes: number;
  /** Characters of an attribute key. */
  readonly maxAttributeKeyLength: number;
  /** UTF-8 bytes of an attribute value. */
  readonly maxAttributeValueBytes: number;
  /** UTF-8 bytes of the JSON form of one attr_set. */
  readonly maxAttributeEventBytes: number;
  /** Days that a token may be retained. */
  readonly maxHookRetentionDays: number;
  /** Characters of a cancel reason. */
  readonly maxCancelReasonLength: number;
  /** Milliseconds of the longest WaitForRun. */
  readonly maxLongPollMs: number;
  /** Milliseconds of the longest message delay. */
  readonly maxDelayMs: number;
  /** Milliseconds that outcomes by request_id are kept. */
  readonly requestIdRetentionMs: number;
  /** Deliveries of a message before it is dead. Above the SDK's own 48, which ends the run in words. */
  readonly maxDeliveries: number;
  /** Lowest spec version served. */
  readonly minSpecVersion: number;
  /** Highest spec version served. */
  readonly maxSpecVersion: number;
}

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

/** The limits of upstream's own documentation where it has one, and room around them where it has none. */
export const defaultLimits: CoreLimits = {
  maxPayloadBytes: 50 * MIB,
  maxRequestBytes: 72 * MIB,
  maxPageBytes: 8 * MIB,
  maxBulkBytes: 32 * MIB,
  maxRunBytes: 2 * 1024 * MIB,
  maxEvents: 25_000,
  maxEventPage: 1_000,
  maxPage: 1_000,
  defaultPage: 100,
  maxEventBatch: 32,
  maxQueueBatch: 1_000,
  maxStreamAppend: 1_000,
  maxSettlements: 1_000,
  maxBulkIds: 500,
  maxIdLength: 256,
  maxNameLength: 1_024,
  maxTokenLength: 1_024,
  maxAttributes: 64,
  maxAttributeKeyLength: 256,
  maxAttributeValueBytes: 256,
  maxAttributeEventBytes: 8_192,
  maxHookRetentionDays: 30,
  maxCancelReasonLength: 512,
  maxLongPollMs: 55_000,
  maxDelayMs: 100 * 365 * DAY_MS,
  requestIdRetentionMs: DAY_MS,
  maxDeliveries: 100,
  minSpecVersion: 2,
  maxSpecVersion: 7,
};
