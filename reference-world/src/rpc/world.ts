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

/** What every World of this kind can do. */
const always: readonly Capability[] = [
  Capability.EVENT_BATCH,
  Capability.QUEUE_BATCH,
  Capability.WATCH_EVENTS,
  Capability.HOOK_RESUME_DEDUP,
  Capability.HOOK_RETENTION,
  Capability.ATTRIBUTES,
  Capability.RUN_RETENTION,
  Capability.REQUEST_IDS,
  Capability.STREAM_WRITERS,
  Capability.PROJECTS,
  Capability.DURABILITY,
  Capability.POSITIONS,
  Capability.EVENT_DELTAS,
  Capability.QUEUE_ADMIN,
  Capability.WAKE_RUNS,
  Capability.WAIT_READS,
  Capability.RUN_TIME_FILTER,
  Capability.LATEST_DEPLOYMENT,
  Capability.LAZY_STEPS,
  Capability.STREAM_INSPECTION,
  Capability.PUBLIC_KEYS,
  Capability.KEY_IDS,
  Capability.READERS,
];

/** What this World can do. */
export function capabilitiesOf({ vault }: Runtime): readonly Capability[] {
  return vault === undefined ? always : [...always, Capability.KEY_SERVICE];
}

/** WorldService. */
export function worldHandlers(world: Runtime): Handlers<typeof WorldService> {
  return { getWorld: async () => describe(world) };
}

function describe(world: Runtime) {
  const { limits, version, instanceId } = world;
  const capabilities = capabilitiesOf(world);
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
