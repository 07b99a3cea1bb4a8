import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  CreateEventBatchRequestSchema,
  type CreateEventBatchResponse,
  CreateEventRequestSchema,
  type CreateEventResponse,
  type Event,
  type NewEventSchema,
} from '@worldwire/proto';
import { monotonicFactory } from 'ulid';
import {
  type CoreLimits,
  defaultLimits,
  eventRules,
  Rejection,
  type Rule,
} from '../../core/index.js';
import type { Operation, Program } from '../../core/program.js';
import { MemoryStore } from './store.js';

/** What an event is made of in a test. */
export type EventInit = MessageInitShape<typeof NewEventSchema>;
type Data = NonNullable<EventInit['data']>;
type Case = Exclude<Data['case'], undefined>;
type ValueOf<C extends Case> = Extract<Data, { case: C }>['value'];
type CreateInit = MessageInitShape<typeof CreateEventRequestSchema>;
type RequestInit = Omit<CreateInit, 'event' | 'runId'>;

/** Makes an event of a type, of an entity where it has one. */
export function ev<C extends Case>(
  kind: C,
  value: ValueOf<C>,
  correlationId = '',
  more: EventInit = {},
): EventInit {
  return { ...more, correlationId, data: { case: kind, value } } as EventInit;
}

/** What creates a run. */
export const CREATION = { deploymentId: 'dpl_1', workflowName: 'workflow//./src/x.ts//fn' };

/** Bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The reason of a refusal, or what came instead. */
export function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Rejection) return error.reason;
    throw error;
  }
  return 'ok';
}

const READS = /^(get|list|has|find|read|next|latest)/;

/** A World in memory: it drives the rules over maps and holds them to what they promise about refusals. */
export class TestWorld {
  readonly store = new MemoryStore();
  now = 1_700_000_000_000;
  project = 'default';
  operations = 0;
  readonly #newId = monotonicFactory();
  readonly limits: CoreLimits;

  constructor(limits: Partial<CoreLimits> = {}) {
    this.limits = { ...defaultLimits, ...limits };
  }

  /** Runs a rule as one transaction. A refusal must come before any write. */
  call<Req, Res>(rule: Rule<Req, Res>, request: Req): Res {
    const before = this.store.snapshot();
    const scope = { project: this.project, limits: this.limits };
    const newId = (): string => this.#newId(this.now);
    const program = rule(scope, request, { now: this.now, newId });
    try {
      return this.#drive(program);
    } catch (error) {
      assert(isDeepStrictEqual(this.store.snapshot(), before), `wrote, then failed: ${error}`);
      throw error;
    }
  }

  #drive<T>(program: Program<T>): T {
    let wrote: string | undefined;
    let step: IteratorResult<Operation, T>;
    try {
      step = program.next();
      while (!step.done) {
        const { name, args } = step.value;
        this.operations += 1;
        if (!READS.test(name)) wrote = name;
        const operation = this.store[name] as (...all: unknown[]) => unknown;
        step = program.next(operation.apply(this.store, [...args]));
      }
      return step.value;
    } catch (error) {
      if (error instanceof Rejection)
        assert.equal(wrote, undefined, `a write before a refusal: ${error.message}`);
      throw error;
    }
  }

  /** Writes one event. */
  write(runId: string, event: EventInit, more: RequestInit = {}): CreateEventResponse {
    const request = create(CreateEventRequestSchema, { ...more, runId, event } as CreateInit);
    return this.call(eventRules.createEvent, request);
  }

  /** Writes a batch. */
  batch(runId: string, events: EventInit[], requestId = ''): CreateEventBatchResponse {
    const request = create(CreateEventBatchRequestSchema, { runId, events, requestId });
    return this.call(eventRules.createEventBatch, request);
  }

  /** Makes a run that is running. */
  start(runId: string, creation: ValueOf<'runCreated'> = {}): void {
    this.write(runId, ev('runStarted', { create: { ...CREATION, ...creation } }));
  }

  /** The log of a run. */
  log(runId: string): readonly Event[] {
    for (const cell of this.store.runs.values())
      if (cell.record.runId === runId && cell.project === this.project) return cell.events;
    return [];
  }

  /** The types in a run's log. */
  types(runId: string): (string | undefined)[] {
    return this.log(runId).map((event) => event.data.case);
  }
}
