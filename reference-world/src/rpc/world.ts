import { create } from '@bufbuild/protobuf';
import {
  Capability,
  GetWorldResponseSchema,
  PROTOCOL_VERSION,
  type WorldService,
} from '@worldwire/proto';
import { durationFromMs } from './duration.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** What this World can do. */
export const capabilities: readonly Capability[] = [
  Capability.EVENT_BATCH,
  Capability.QUEUE_BATCH,
  Capability.WATCH_EVENTS,
  Capability.HOOK_RESUME_DEDUP,
  Capability.HOOK_RETENTION,
  Capability.ATTRIBUTES,
  Capability.RUN_RETENTION,
];

/** WorldService. */
export function worldHandlers(world: Runtime): Handlers<typeof WorldService> {
  return { getWorld: async () => describe(world) };
}

function describe({ limits, version, instanceId }: Runtime) {
  return create(GetWorldResponseSchema, {
    implementation: 'worldwire-reference',
    version,
    protocolVersion: PROTOCOL_VERSION,
    minSpecVersion: limits.minSpecVersion,
    maxSpecVersion: limits.maxSpecVersion,
    capabilities: [...capabilities],
    limits: {
      maxPayloadBytes: BigInt(limits.maxPayloadBytes),
      maxRequestBytes: BigInt(limits.maxRequestBytes),
      maxRunBytes: BigInt(limits.maxRunBytes),
      maxEvents: limits.maxEvents,
      maxEventPage: limits.maxEventPage,
      maxEventBatch: limits.maxEventBatch,
      maxQueueBatch: limits.maxQueueBatch,
      maxStreamAppend: limits.maxStreamAppend,
      maxBulkIds: limits.maxBulkIds,
      maxIdLength: limits.maxIdLength,
      maxTokenLength: limits.maxTokenLength,
      maxAttributes: limits.maxAttributes,
      maxAttributeKeyLength: limits.maxAttributeKeyLength,
      maxAttributeValueBytes: limits.maxAttributeValueBytes,
      maxAttributeEventBytes: limits.maxAttributeEventBytes,
      maxHookRetentionDays: limits.maxHookRetentionDays,
      maxCancelReasonLength: limits.maxCancelReasonLength,
      maxLongPoll: durationFromMs(limits.maxLongPollMs),
      maxDelay: durationFromMs(limits.maxDelayMs),
      requestIdRetention: durationFromMs(limits.requestIdRetentionMs),
    },
    instanceId,
  });
}
