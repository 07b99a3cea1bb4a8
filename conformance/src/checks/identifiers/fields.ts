import type { Context } from '../../context.js';
import {
  hookCreated,
  runCreated,
  runStarted,
  stepCreated,
  waitCreated,
} from '../../fixtures/new-event.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { Stream } from '../streams/support.js';

/** A place in a request where an id stands. */
export interface IdField {
  readonly what: string;
  /** Whether a request with it would write something. */
  readonly writes: boolean;
  /** Sends a request that is right but for the id. */
  send(id: string): Promise<unknown>;
}

/** Every field of a request that holds an id, of the services that the World offers. */
export function idFields(t: Context, run: RunHandle): IdField[] {
  const { api } = t;
  const runId = run.id;
  const chunks = [new Uint8Array([1])];
  const write = (what: string, send: (id: string) => Promise<unknown>): IdField => ({
    what,
    writes: true,
    send,
  });
  const read = (what: string, send: (id: string) => Promise<unknown>): IdField => ({
    what,
    writes: false,
    send,
  });
  return [
    write('the run id of run_created', (id) =>
      api.events.createEvent({ runId: id, event: runCreated() }),
    ),
    write('the run id of run_started', (id) =>
      api.events.createEvent({
        runId: id,
        event: runStarted({ workflowName: 'w', deploymentId: 'd' }),
      }),
    ),
    write('the id of a step', (id) => run.write(stepCreated(id))),
    write('the id of a hook', (id) => run.write(hookCreated(id, t.unique('token')))),
    write('the id of a wait', (id) => run.write(waitCreated(id))),
    write('the run id of an append', (id) => new Stream(t, id).append(['a'])),
    write('the stream name of an append', (id) => new Stream(t, runId, id).append(['a'])),
    write('the run id of a closing', (id) => new Stream(t, id).close()),
    write('the stream name of a closing', (id) => new Stream(t, runId, id).close()),
    read('the run id of GetRun', (id) => api.runs.getRun({ runId: id })),
    read('the run id of ListEvents', (id) => api.events.listEvents({ runId: id })),
    read('the event id of GetEvent', (id) => api.events.getEvent({ runId, eventId: id })),
    read('the run id of GetStep', (id) => api.steps.getStep({ runId: id, stepId: 's' })),
    read('the step id of GetStep', (id) => api.steps.getStep({ runId, stepId: id })),
    read('the run id of ListSteps', (id) => api.steps.listSteps({ runId: id })),
    read('the hook id of GetHook', (id) => api.hooks.getHook({ runId, hookId: id })),
    read('the correlation id of a list', (id) =>
      api.events.listEventsByCorrelation({ runId, correlationId: id }),
    ),
    read('the run id of a read of a stream', (id) => firstOf(t, id, 's')),
    read('the name of a read of a stream', (id) => firstOf(t, runId, id)),
    ...(t.has('STREAM_WRITERS')
      ? [
          write('the writer id of an append', (id) =>
            api.streams.append({ runId, name: 'w', chunks, writerId: id }),
          ),
        ]
      : []),
    ...(t.has('STREAM_INSPECTION')
      ? [
          read('the name in ListChunks', (id) => api.streams.listChunks({ runId, name: id })),
          read('the name in GetStreamInfo', (id) => api.streams.getStreamInfo({ runId, name: id })),
          read('the run id of ListStreams', (id) => api.streams.listStreams({ runId: id })),
        ]
      : []),
    ...(t.has('WAIT_READS')
      ? [read('the wait id of GetWait', (id) => api.waits.getWait({ runId, waitId: id }))]
      : []),
  ];
}

/** The first response of a live read; the read is ended then. */
async function firstOf(t: Context, runId: string, name: string): Promise<void> {
  const abort = new AbortController();
  try {
    for await (const _first of t.api.streams.read({ runId, name }, { signal: abort.signal }))
      return;
  } finally {
    abort.abort();
  }
}
