/** The rules of the World: pure, without I/O, clock or randomness of their own. */
import * as events from './event-rules.js';
import * as keys from './key-rules.js';
import * as leases from './lease-rules.js';
import * as queueAdmin from './queue-admin-rules.js';
import * as queues from './queue-rules.js';
import * as reads from './read-rules.js';
import * as runs from './run-rules.js';
import * as streams from './stream-rules.js';

export const eventRules = {
  createEvent: events.createEvent,
  createEventBatch: events.createEventBatch,
  getEvent: events.getEvent,
  listEvents: events.listEvents,
  listEventsByCorrelation: events.listEventsByCorrelation,
  readLog: events.readLog,
};
export const runRules = {
  getRun: runs.getRun,
  batchGetRuns: runs.batchGetRuns,
  listRuns: runs.listRuns,
  cancelRuns: runs.cancelRuns,
  listAttributeKeys: runs.listAttributeKeys,
};
export const stepRules = { getStep: reads.getStep, listSteps: reads.listSteps };
export const hookRules = {
  getHook: reads.getHook,
  getHookByToken: reads.getHookByToken,
  listHooks: reads.listHooks,
};
export const waitRules = { getWait: reads.getWait, listWaits: reads.listWaits };
export const queueRules = {
  enqueue: queues.enqueue,
  enqueueBatch: queues.enqueueBatch,
  settle: queues.settle,
  wakeRuns: queues.wakeRuns,
  listQueues: queueAdmin.listQueues,
  listDeadMessages: queueAdmin.listDeadMessages,
  reviveMessages: queueAdmin.reviveMessages,
  getLatestDeployment: queueAdmin.getLatestDeployment,
  attach: leases.attach,
  lease: leases.lease,
  releaseConsumer: leases.releaseConsumer,
};
export const streamRules = {
  append: streams.append,
  close: streams.close,
  listChunks: streams.listChunks,
  getStreamInfo: streams.getStreamInfo,
  listStreams: streams.listStreams,
  openRead: streams.openRead,
  readChunks: streams.readChunks,
};
export const keyRules = {
  escrowKey: keys.escrowKey,
  listKeys: keys.listKeys,
  getRunKey: keys.getRunKey,
  listKeyAccess: keys.listKeyAccess,
};
export { inFlightOf } from './lease-rules.js';
export { type CoreLimits, defaultLimits } from './limits.js';
export type { Context, Operation, Program } from './program.js';
export { type Reason, Rejection } from './rejection.js';
export { isEnded } from './run.js';
export type { Rule, Scope } from './scope.js';
export { toChunk } from './stream-rules.js';
export { upkeep } from './upkeep.js';
