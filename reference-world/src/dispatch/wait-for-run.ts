import { create } from '@bufbuild/protobuf';
import {
  GetRunRequestSchema,
  type Reader,
  ResolveData,
  type WaitForRunRequest,
  type WaitForRunResponse,
  WaitForRunResponseSchema,
} from '@worldwire/proto';
import { checkId } from '../core/identifiers.js';
import { isEnded, runRules } from '../core/index.js';
import { invalid } from '../core/rejection.js';
import { millisOfDuration } from '../core/time.js';
import type { CallContext } from '../rpc/call.js';
import type { Runtime } from '../rpc/runtime.js';
import { runTopic } from '../store/store.js';
import { Attachment } from './attachment.js';

/** Answers when the run has ended, or with the run as it is when the time is up. */
export async function waitForRun(
  world: Runtime,
  request: WaitForRunRequest,
  call: CallContext,
): Promise<WaitForRunResponse> {
  const runId = checkId('run_id', request.runId, world.limits);
  const until = performance.now() + timeoutOf(request, world.limits.maxLongPollMs);
  const attachment = new Attachment(world, call, runTopic(call.project, runId));
  try {
    for (;;) {
      // Without payloads while it goes on: a run may be read often before it ends.
      const { run } = await read(world, call, runId, ResolveData.NONE, request.reader);
      const left = until - performance.now();
      if (left <= 0 || run === undefined || isEnded(run.status)) break;
      await attachment.bell.wait(Math.ceil(left));
    }
    const { run } = await read(world, call, runId, request.resolveData, request.reader);
    return create(WaitForRunResponseSchema, { run });
  } finally {
    attachment.end();
  }
}

function read(
  world: Runtime,
  call: CallContext,
  runId: string,
  resolveData: ResolveData,
  reader: Reader | undefined,
) {
  const request = create(GetRunRequestSchema, { runId, resolveData });
  if (reader !== undefined) request.reader = reader;
  return world.read(runRules.getRun, call.project, request);
}

function timeoutOf({ timeout }: WaitForRunRequest, maximum: number): number {
  if (timeout === undefined) return maximum;
  const ms = millisOfDuration(timeout);
  if (ms < 0 || timeout.nanos < 0) throw invalid('timeout', 'is negative');
  return Math.min(ms, maximum);
}
