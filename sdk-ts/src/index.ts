/** The Worldwire client: calls a World, retries safely, and reads live streams that resume where they broke. */
export { connect, createWorldClient } from './client/client.js';
export { WorldError, type WorldErrorInit } from './client/error.js';
export type {
  ConnectionStatus,
  ConsumeOptions,
  Consumer,
  DeliveryContext,
  DeliveryOutcome,
  List,
  Lists,
  ReadOptions,
  ReadStreamOptions,
  RetryOptions,
  StreamChunk,
  StreamWriter,
  StreamWriterOptions,
  WatchEventsOptions,
  WorldClient,
  WorldClientOptions,
  WriteResult,
} from './client/types.js';
