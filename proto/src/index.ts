/** The Worldwire protocol in TypeScript: every message, enum and service of `worldwire.v1`, and the error registry. */
export { ErrorInfoSchema, RetryInfoSchema } from './gen/google/rpc/error_details_pb.js';
export * from './gen/worldwire/v1/annotations_pb.js';
export * from './gen/worldwire/v1/common_pb.js';
export * from './gen/worldwire/v1/error_pb.js';
export * from './gen/worldwire/v1/event_pb.js';
export * from './gen/worldwire/v1/hook_pb.js';
export * from './gen/worldwire/v1/key_pb.js';
export * from './gen/worldwire/v1/queue_pb.js';
export * from './gen/worldwire/v1/run_pb.js';
export * from './gen/worldwire/v1/step_pb.js';
export * from './gen/worldwire/v1/stream_pb.js';
export * from './gen/worldwire/v1/wait_pb.js';
export * from './gen/worldwire/v1/world_pb.js';
export * from './registry.js';
export * from './services.js';
