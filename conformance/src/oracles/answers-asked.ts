import type { Message } from '@bufbuild/protobuf';
import {
  type BatchGetRunsRequest,
  type BatchGetRunsResponse,
  type CreateEventRequest,
  type CreateEventResponse,
  type Event,
  EventSchema,
  eventTypeNames,
  type ListRunsRequest,
  type ListRunsResponse,
  RunStatus,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers } from './parts/answers.js';
import { kindOf } from './parts/events.js';
import { eachMessage } from './parts/walk.js';

/** Answers are about what was asked for. */
export const answersAsked: Oracle = {
  id: 'oracle/answers-asked',
  title: 'Answers hold the runs and entities that were asked for, and no other',
  requirements: [
    'WW-PAGE-032',
    'WW-PAGE-033',
    'WW-PAGE-034',
    'WW-PAGE-037',
    'WW-PAGE-038',
    'WW-PAGE-045',
    'WW-PAGE-048',
    'WW-LOG-003',
    'WW-LOG-005',
    'WW-LOG-020',
    'WW-RUN-044',
    'WW-ID-008',
    'WW-ID-009',
    'WW-ID-014',
    'WW-QUEUE-058',
  ],
  capabilities: [],
  judge: () => new AnswersAsked(),
};

type Bag = Readonly<Record<string, unknown>>;

/** What a request names that must be so of every record of the answer: method to record type and members. */
const NAMED: Readonly<Record<string, readonly [type: string, ...members: string[]]>> = {
  GetRun: ['Run', 'runId'],
  WaitForRun: ['Run', 'runId'],
  GetEvent: ['Event', 'runId', 'eventId'],
  ListEvents: ['Event', 'runId'],
  ListEventsByCorrelation: ['Event', 'runId', 'correlationId'],
  WatchEvents: ['Event', 'runId'],
  GetStep: ['Step', 'runId', 'stepId'],
  ListSteps: ['Step', 'runId'],
  GetHook: ['Hook', 'runId', 'hookId'],
  GetHookByToken: ['Hook', 'token'],
  ListHooks: ['Hook', 'runId'],
  GetWait: ['Wait', 'runId', 'waitId'],
  ListWaits: ['Wait', 'runId'],
};

/** Answers with one result for each member of the request. */
const COUNTED: Readonly<Record<string, string>> = {
  CreateEventBatch: 'events',
  BatchGetRuns: 'runIds',
  CancelRuns: 'runIds',
  EnqueueBatch: 'messages',
  Settle: 'settlements',
};

class AnswersAsked implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];

  constructor() {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  #look({ exchange, message }: Answer): void {
    const { method, request } = exchange;
    const asked = request as unknown as Bag;
    const named = NAMED[method.name];
    if (named !== undefined) {
      const [type, ...members] = named;
      eachMessage(method.output, message, (inner) => {
        if (inner.$typeName === `worldwire.v1.${type}`)
          this.#same(method.name, inner, asked, members);
      });
    }
    const counted = COUNTED[method.name];
    if (counted !== undefined) this.#counted(method.name, message, asked[counted] as unknown[]);
    if (method.name === 'CreateEvent') this.#created(request as CreateEventRequest, message);
    if (method.name === 'ListRuns') this.#filtered(request as ListRunsRequest, message);
    if (method.name === 'BatchGetRuns') this.#inOrder(request as BatchGetRunsRequest, message);
    if (method.name === 'ListEvents') this.#typed(asked.types as number[], message);
  }

  #same(method: string, record: Message, asked: Bag, members: readonly string[]): void {
    this.seen += 1;
    for (const member of members) {
      const wanted = asked[member];
      if (typeof wanted !== 'string' || wanted === '') continue;
      const actual = (record as unknown as Bag)[member];
      // Half a surrogate pair does not survive the wire.
      if (actual !== wanted && actual !== Buffer.from(wanted).toString())
        throw new Departure(
          `${method} answers with what was not asked for`,
          `${member} ${wanted}`,
          `${member} ${String(actual)}`,
        );
    }
  }

  #counted(method: string, message: Message, asked: readonly unknown[]): void {
    this.seen += 1;
    const { results } = message as unknown as { results: unknown[] };
    if (results.length !== asked.length)
      throw new Departure(
        `${method} does not answer each item of the request`,
        `${asked.length} results`,
        `${results.length} results`,
      );
  }

  #created({ runId, event: asked }: CreateEventRequest, message: Message): void {
    if (asked === undefined) return;
    const { event, delta } = message as CreateEventResponse;
    if (event !== undefined) {
      const kind = kindOf(event);
      // A taken token makes the creation a conflict.
      const wanted = asked.data.case === 'hookCreated' && kind === 'hook_conflict';
      if (!wanted && event.data.case !== asked.data.case)
        throw new Departure(
          'CreateEvent answers with an event of another type',
          asked.data.case,
          event.data.case,
        );
      // A run event is about no entity.
      const correlationId = kind.startsWith('run_') ? '' : asked.correlationId;
      this.#same('CreateEvent', event, { runId, correlationId }, ['runId', 'correlationId']);
    }
    for (const one of delta?.events ?? []) this.#same('CreateEvent', one, { runId }, ['runId']);
  }

  #filtered({ workflowName, statuses }: ListRunsRequest, message: Message): void {
    for (const run of (message as ListRunsResponse).runs) {
      this.#same('ListRuns', run, { workflowName }, ['workflowName']);
      if (statuses.length > 0 && !statuses.includes(run.status))
        throw new Departure(
          'ListRuns answers with what was not asked for',
          statuses.map((status) => RunStatus[status]).join(' or '),
          `${run.runId}, which is ${RunStatus[run.status]}`,
        );
    }
  }

  #inOrder({ runIds }: BatchGetRunsRequest, message: Message): void {
    for (const [index, { run }] of (message as BatchGetRunsResponse).results.entries())
      if (run !== undefined) this.#same('BatchGetRuns', run, { runId: runIds[index] }, ['runId']);
  }

  #typed(types: readonly number[], message: Message): void {
    if (types.length === 0 || types.includes(0)) return;
    const wanted = new Set(types);
    for (const event of (message as unknown as { events: Event[] }).events) {
      const type = TYPE_NUMBERS.get(event.data.case ?? '');
      if (type !== undefined && !wanted.has(type))
        throw new Departure(
          'ListEvents answers with a type that was not asked for',
          `types ${[...wanted].join(', ')}`,
          `${event.eventId} of type ${type}`,
        );
    }
  }
}

/** The number of an event type by the name of its member. */
const TYPE_NUMBERS: ReadonlyMap<string, number> = new Map(
  (EventSchema.oneofs.find(({ name }) => name === 'data')?.fields ?? []).flatMap(
    ({ localName, name }) => {
      const value = eventTypeNames.valueOf(name);
      return value === undefined ? [] : [[localName, value]];
    },
  ),
);
