/**
 * The Workflow SDK's shapes as both of its lines read and write them. They are spelled out here rather
 * than imported, because an application brings its own `@workflow/world` and the two lines disagree.
 */

/** Which line of the SDK reads: they differ in the shape of errors and of stream methods. */
export type Reader = 'v4' | 'v5';

/** An application payload: bytes wherever the SDK serialized it. */
// biome-ignore lint/suspicious/noExplicitAny: upstream types payloads as any
export type Payload = any;

export type UpstreamResolveData = 'none' | 'all';

export interface UpstreamPagination {
  limit?: number;
  cursor?: string;
  sortOrder?: 'asc' | 'desc';
}

export interface UpstreamPage<T> {
  data: T[];
  cursor: string | null;
  hasMore: boolean;
}

/** The part of an event that depends on its type. */
export type UpstreamEventData = Record<string, Payload>;

export interface UpstreamEventRequest {
  eventType: string;
  correlationId?: string;
  specVersion?: number;
  eventData?: UpstreamEventData;
}

export interface UpstreamEvent extends UpstreamEventRequest {
  runId: string;
  eventId: string;
  createdAt: Date;
  occurredAt?: Date;
  resumeId?: string;
}

export interface UpstreamEventParams {
  v1Compat?: boolean;
  resolveData?: UpstreamResolveData;
  requestId?: string;
  computeInstanceId?: string;
  resumeId?: string;
  resumePayloadDigest?: string;
  viaStepDispatch?: boolean;
  eventCount?: number;
  sinceCursor?: string;
  skipPreload?: boolean;
  preloadEvents?: boolean;
  occurredAt?: Date;
  replayEventObserver?: (event: UpstreamEvent) => void;
}

export interface UpstreamEventResult {
  event?: UpstreamEvent;
  run?: UpstreamRun;
  step?: UpstreamStep;
  hook?: UpstreamHook;
  wait?: UpstreamWait;
  stepCreated?: true;
  maxEvents?: number;
  events?: UpstreamEvent[];
  cursor?: string | null;
  hasMore?: boolean;
}

export type UpstreamRunStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

export interface UpstreamRun {
  runId: string;
  status: UpstreamRunStatus;
  deploymentId: string;
  workflowName: string;
  specVersion?: number;
  executionContext?: Record<string, Payload>;
  input?: Payload;
  output?: Payload;
  error?: Payload;
  errorCode?: string;
  attributes: Record<string, string>;
  encryptionPublicKey?: string;
  expiredAt?: Date;
  startedAt?: Date;
  completedAt?: Date;
  createdAt: Date;
  updatedAt: Date;
}

export interface UpstreamStep {
  runId: string;
  stepId: string;
  stepName: string;
  status: UpstreamRunStatus;
  input?: Payload;
  output?: Payload;
  error?: Payload;
  attempt: number;
  startedAt?: Date;
  completedAt?: Date;
  createdAt: Date;
  updatedAt: Date;
  retryAfter?: Date;
  specVersion?: number;
}

export interface UpstreamResumeContext {
  deploymentId: string;
  workflowName: string;
  runSpecVersion?: number;
  workflowCoreVersion?: string;
  traceCarrier?: Record<string, string>;
  encryptionPublicKey?: string;
  hookResumeInputVersion?: number;
}

export interface UpstreamHook {
  runId: string;
  hookId: string;
  token: string;
  ownerId: string;
  projectId: string;
  environment: string;
  metadata?: Payload;
  createdAt: Date;
  specVersion?: number;
  isWebhook?: boolean;
  isSystem?: boolean;
  tokenRetentionUntil?: Date;
  resumeContext?: UpstreamResumeContext;
}

export interface UpstreamWait {
  waitId: string;
  runId: string;
  status: 'waiting' | 'completed';
  resumeAt?: Date;
  completedAt?: Date;
  createdAt: Date;
  updatedAt: Date;
  specVersion?: number;
}

export interface UpstreamQueueOptions {
  deploymentId?: string;
  idempotencyKey?: string;
  headers?: Record<string, string>;
  delaySeconds?: number;
  specVersion?: number;
  region?: string;
}

/** What a queue handler is told about a delivery. */
export interface UpstreamDelivery {
  attempt: number;
  queueName: string;
  messageId: string;
  requestId?: string;
}

/** The SDK's own consumer of a queue prefix. */
export type UpstreamQueueHandler = (message: unknown, meta: UpstreamDelivery) => Promise<unknown>;
