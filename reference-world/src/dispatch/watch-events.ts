import { create } from '@bufbuild/protobuf';
import {
  type WatchEventsRequest,
  type WatchEventsResponse,
  WatchEventsResponseSchema,
} from '@worldwire/proto';
import { checkId } from '../core/identifiers.js';
import { eventRules } from '../core/index.js';
import type { CallContext } from '../rpc/call.js';
import type { Runtime } from '../rpc/runtime.js';
import { runTopic } from '../store/store.js';
import { Attachment } from './attachment.js';

/** Sends a run's events as they commit, until the run has ended. */
export async function* watchEvents(
  world: Runtime,
  request: WatchEventsRequest,
  call: CallContext,
): AsyncGenerator<WatchEventsResponse> {
  const runId = checkId('run_id', request.runId, world.limits);
  const { resolveData } = request;
  let afterPosition = Number(request.afterPosition);
  const attachment = new Attachment(world, call, runTopic(call.project, runId));
  try {
    for (let first = true; ; first = false) {
      attachment.check();
      const { events, ended } = await world.read(eventRules.readLog, call.project, {
        runId,
        afterPosition,
        resolveData,
        reader: request.reader,
      });
      const last = events.at(-1);
      if (last !== undefined) afterPosition = Number(last.position);
      if (last !== undefined || first)
        yield attachment.sent(create(WatchEventsResponseSchema, { events }));
      if (ended) return;
      if (last !== undefined) continue;
      while (!(await attachment.news())) yield attachment.sent(create(WatchEventsResponseSchema));
    }
  } finally {
    attachment.end();
  }
}
