/** Judges histories of concurrent operations by sequential specifications of a World. */
export { type CheckOptions, type CheckResult, checkHistory } from './check.js';
export {
  programOf,
  queuePrograms,
  type RunShape,
  runLogPrograms,
  type Shape,
  type StreamShape,
  streamPrograms,
  tokenPrograms,
} from './generate.js';
export {
  type Answered,
  BUSY_REASONS,
  type Call,
  isAnswered,
  type Operation,
  Recorder,
  type Refused,
  refused,
  UNDECIDED_REASONS,
} from './history.js';
export type { Model, Step, Told } from './model.js';
export type { Executor, Program, ProgramStep, QueueAction } from './program.js';
export { type QueueInput, type QueueOptions, type QueueOutput, queueModel } from './queue.js';
export { runLogModel } from './run-log.js';
export type * from './run-log.types.js';
export { type StreamInput, type StreamOptions, type StreamOutput, streamModel } from './stream.js';
export { type TokenInput, type TokenOptions, type TokenOutput, tokenModel } from './token.js';
export type { Witness } from './witness.js';
