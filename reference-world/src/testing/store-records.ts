/** Records for tests of a store. */
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type Event,
  EventSchema,
  type Failure,
  FailureSchema,
  type Hook,
  HookSchema,
  type Run,
  RunSchema,
  RunStatus,
  type Step,
  StepSchema,
  StepStatus,
  type Wait,
  WaitSchema,
  WaitStatus,
} from '@worldwire/proto';
import { eventIdOf } from '../core/identifiers.js';
import { type Operation, type Program, store } from '../core/program.js';
import type {
  MessageInsert,
  RunFilter,
  Slice,
  Sliced,
  StoreOperations,
} from '../store/operations.js';
import type { Store } from '../store/store.js';

export const bytes = (size: number, fill = 1): Uint8Array => new Uint8Array(size).fill(fill);

export const everything: Slice = { after: undefined, descending: false, limit: 1_000 };

/** The project of most tests. */
export const P = 'default';
export const MIB = 1024 * 1024;
export const anyRun: RunFilter = { statuses: [], attributes: {} };

export const failure = (size: number): Failure =>
  create(FailureSchema, { form: { case: 'payload', value: bytes(size, 9) } });

/** What a slice holds. */
export const values = <T>(sliced: Sliced<T>): T[] => sliced.items.map((item) => item.value);

export function aRun(runId: string, fields: Partial<Run> = {}): Run {
  return create(RunSchema, {
    runId,
    status: RunStatus.PENDING,
    workflowName: 'flow',
    deploymentId: 'dpl',
    specVersion: 6,
    createdAt: timestampFromMs(1_000),
    updatedAt: timestampFromMs(1_000),
    ...fields,
  } as Run);
}

export function aStep(runId: string, stepId: string, fields: Partial<Step> = {}): Step {
  return create(StepSchema, {
    runId,
    stepId,
    stepName: 'step',
    status: StepStatus.PENDING,
    createdAt: timestampFromMs(1_000),
    ...fields,
  } as Step);
}

export function aHook(
  runId: string,
  hookId: string,
  token: string,
  fields: Partial<Hook> = {},
): Hook {
  return create(HookSchema, {
    runId,
    hookId,
    token,
    createdAt: timestampFromMs(1_000),
    ...fields,
  } as Hook);
}

export function aWait(runId: string, waitId: string, fields: Partial<Wait> = {}): Wait {
  return create(WaitSchema, { runId, waitId, status: WaitStatus.WAITING, ...fields } as Wait);
}

export function anEvent(
  runId: string,
  position: number,
  data: Event['data'],
  correlationId = '',
): Event {
  return create(EventSchema, {
    eventId: eventIdOf(position),
    runId,
    position: BigInt(position),
    correlationId,
    createdAt: timestampFromMs(1_000 + position),
    data,
  } as Event);
}

/** A completed step's event: the plain one with a payload. */
export function aResult(
  runId: string,
  position: number,
  stepId: string,
  result: Uint8Array,
): Event {
  return anEvent(runId, position, { case: 'stepCompleted', value: { result } as never }, stepId);
}

export function aMessage(messageId: string, fields: Partial<MessageInsert> = {}): MessageInsert {
  return {
    messageId,
    queueName: 'q',
    body: bytes(3),
    contentType: 'application/octet-stream',
    headers: {},
    deploymentId: '',
    idempotencyKey: undefined,
    runId: '',
    enqueuedAt: 1_000,
    visibleAt: 1_000,
    ...fields,
  };
}

/** Operations that each run as a command of their own, or within one where they are given. */
export type Calls = {
  [K in keyof StoreOperations]: (
    ...args: Parameters<StoreOperations[K]>
  ) => Promise<ReturnType<StoreOperations[K]>>;
};

/** Every operation of a store as a command of its own. */
export function callsOf(engine: Store): Calls {
  return new Proxy({} as Calls, {
    get(_target, name: keyof StoreOperations) {
      return (...args: unknown[]) =>
        engine.execute(function* (): Program<unknown> {
          return yield { name, args } as unknown as Operation;
        });
    },
  });
}

/** Appends the next event to a run's log, whatever stands there; creates the run. Ends with the position. */
export function appendOne(runId: string, size = 200): () => Program<number> {
  return function* () {
    let row = yield* store.getRun('default', runId, 'none');
    if (row === undefined) {
      yield* store.insertRun('default', aRun(runId));
      row = (yield* store.getRun('default', runId, 'none'))!;
    }
    const position = Number(row.run.lastPosition) + 1;
    yield* store.appendEvents(row.key, [aResult(runId, position, `s${position}`, bytes(size))], {
      lastPosition: position,
      lastEventAt: position,
      bytes: row.bytes + size,
    });
    return position;
  };
}
