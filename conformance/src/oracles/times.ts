import type { Message } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  type CreateEventRequest,
  type CreateEventResponse,
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
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Api } from '../wire/api.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers, remembers, scopeOf } from './parts/answers.js';
import { Bounded } from './parts/bounded.js';
import { keyOf } from './parts/digest.js';
import { msOf, showTime } from './parts/events.js';
import { type LogEntry, LogReads } from './parts/log-reads.js';
import { isEnded } from './parts/replay.js';
import { snapshotOf } from './parts/snapshot.js';
import { eachMessage } from './parts/walk.js';

/** Times are whole milliseconds, agree with the states, and stay. */
export const times: Oracle = {
  id: 'oracle/times',
  title: 'Times are whole milliseconds, agree with states, follow the log, and never move',
  requirements: [
    'WW-ID-021',
    'WW-ID-022',
    'WW-ID-024',
    'WW-LOG-008',
    'WW-RUN-007',
    'WW-RUN-008',
    'WW-RUN-011',
    'WW-RUN-019',
    'WW-RUN-026',
    'WW-STEP-007',
    'WW-STEP-008',
    'WW-STEP-009',
    'WW-STEP-010',
    'WW-STEP-011',
    'WW-WAIT-002',
    'WW-WAIT-003',
  ],
  capabilities: [],
  judge: (facts) => new Times(facts),
};

/** The times that a record of one kind has. */
interface Kept {
  readonly created_at?: number | undefined;
  readonly started_at?: number | undefined;
  readonly completed_at?: number | undefined;
}

type Member = keyof Kept;

/** A record as far as its times go. */
interface Timed extends Kept {
  readonly what: string;
  readonly id: string;
  readonly updated_at: number | undefined;
  readonly status: string;
  /** What must be set, and what must not, in this state. */
  readonly needs: readonly Member[];
  readonly lacks: readonly Member[];
}

/** An accepted event and the highest time among those answered up to then. */
interface Answered {
  readonly moment: number;
  readonly at: number;
}

/** Runs whose answered events are compared, and how many of each. */
const MOST_RUNS = 5_000;
const MOST_ANSWERED = 40;

class Times implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  readonly #reads = new LogReads();
  readonly #records = new Bounded<Map<Member, { at: number; moment: number }>>();
  readonly #answered = new Bounded<Answered[]>(MOST_RUNS);

  constructor(private readonly facts: WorldFacts) {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  async audit(api: Api, runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const snapshot = await snapshotOf(api, runId, this.facts);
      for (const { entries } of snapshot?.reads ?? []) this.#rising(runId, entries);
    }
  }

  #look(answer: Answer): void {
    const { exchange, message } = answer;
    eachMessage(exchange.method.output, message, (inner) => {
      if (inner.$typeName === TimestampSchema.typeName) this.#whole(inner as Timestamp);
    });
    const read = this.#reads.take(answer);
    if (read !== undefined) this.#rising(read.runId, read.entries);
    if (exchange.method.name === 'CreateEvent') this.#afterAnswered(answer);
    eachMessage(exchange.method.output, message, (inner) => {
      const record = timed(inner);
      if (record === undefined) return;
      agrees(record);
      if (remembers(this.facts, exchange)) this.#stays(record, answer);
    });
  }

  #whole(time: Timestamp): void {
    this.seen += 1;
    if (time.nanos % 1_000_000 !== 0)
      throw new Departure(
        'a time is not cut to whole milliseconds',
        'nanoseconds that are a multiple of 1,000,000',
        `${time.seconds} s and ${time.nanos} ns`,
      );
  }

  #rising(runId: string, entries: readonly LogEntry[]): void {
    // Without positions events of one moment may stand in either order.
    if (!this.facts.has('POSITIONS')) return;
    for (const [index, { id, at }] of entries.entries()) {
      const before = entries[index - 1];
      if (before?.at !== undefined && at !== undefined && at < before.at)
        throw new Departure(
          `an event of ${runId} is older than the one before it`,
          `${id} at or after ${showTime(before.at)}`,
          showTime(at),
        );
    }
  }

  /** An event is not older than one that was answered before it was sent. */
  #afterAnswered({ exchange, message, moment }: Answer): void {
    const { requestId, event: asked } = exchange.request as CreateEventRequest;
    const { event } = message as CreateEventResponse;
    const at = msOf(event?.createdAt);
    // A repeated request is answered with an event of long ago.
    if (event === undefined || at === undefined) return;
    if (requestId !== '' || asked?.resumeId !== undefined) return;
    if (!remembers(this.facts, exchange)) return;
    const key = keyOf(scopeOf(exchange), event.runId);
    const answered = this.#answered.of(key, () => []);
    const before = answered.findLast((earlier) => earlier.moment < exchange.begun);
    const last = answered.at(-1);
    answered.push({ moment, at: Math.max(at, last?.at ?? at) });
    if (answered.length > MOST_ANSWERED) answered.shift();
    if (before !== undefined && at < before.at)
      throw new Departure(
        `an event of ${event.runId} is older than one that was answered before it was sent`,
        `${event.eventId} at or after ${showTime(before.at)}`,
        showTime(at),
      );
  }

  #stays(record: Timed, { exchange, moment }: Answer): void {
    const key = keyOf(scopeOf(exchange), record.what, record.id);
    const kept = this.#records.of(key, () => new Map());
    const fresh = READS.test(exchange.method.name);
    for (const member of ['created_at', 'started_at', 'completed_at'] as const) {
      const at = record[member];
      const first = kept.get(member);
      if (first === undefined) {
        if (at !== undefined) kept.set(member, { at, moment });
        continue;
      }
      // The answer to a repeated write, and a read that began before, may show what was earlier.
      if (at === undefined && (!fresh || exchange.begun < first.moment)) continue;
      if (at !== first.at)
        throw new Departure(
          `the ${member} of ${record.what} has changed`,
          showTime(first.at),
          showTime(at),
        );
    }
  }
}

/** Methods that show what is, and not what an earlier request brought about. */
const READS = /^(Get|List|BatchGet|WaitFor)/;

function agrees(record: Timed): void {
  const { what, status, needs, lacks, created_at: created, completed_at: completed } = record;
  for (const member of needs)
    if (record[member] === undefined)
      throw new Departure(`${what} is ${status} and has no ${member}`, `a ${member}`, 'none');
  for (const member of lacks)
    if (record[member] !== undefined)
      throw new Departure(
        `${what} is ${status} and has a ${member}`,
        `no ${member}`,
        showTime(record[member]),
      );
  if (created !== undefined && completed !== undefined && completed < created)
    throw new Departure(
      `${what} ended before it was created`,
      `completed_at at or after ${showTime(created)}`,
      showTime(completed),
    );
  for (const member of ['created_at', 'started_at', 'completed_at'] as const) {
    const at = record[member];
    if (record.updated_at !== undefined && at !== undefined && record.updated_at < at)
      throw new Departure(
        `the updated_at of ${what} is earlier than its ${member}`,
        `at or after ${showTime(at)}`,
        showTime(record.updated_at),
      );
  }
}

function timed(message: Message): Timed | undefined {
  switch (message.$typeName) {
    case RunSchema.typeName:
      return timedRun(message as Run);
    case StepSchema.typeName:
      return timedStep(message as Step);
    case WaitSchema.typeName:
      return timedWait(message as Wait);
    default:
      return undefined;
  }
}

function timedRun(run: Run): Timed {
  const { status } = run;
  return {
    what: `run ${run.runId}`,
    id: run.runId,
    status: RunStatus[status] ?? String(status),
    created_at: msOf(run.createdAt),
    started_at: msOf(run.startedAt),
    completed_at: msOf(run.completedAt),
    updated_at: msOf(run.updatedAt),
    needs: status === RunStatus.RUNNING ? ['started_at'] : isEnded(status) ? ['completed_at'] : [],
    lacks:
      status === RunStatus.PENDING
        ? ['started_at', 'completed_at']
        : status === RunStatus.RUNNING
          ? ['completed_at']
          : [],
  };
}

function timedStep(step: Step): Timed {
  const { status, attempt } = step;
  const ended = status === StepStatus.COMPLETED || status === StepStatus.FAILED;
  const open = status === StepStatus.PENDING || status === StepStatus.RUNNING;
  return {
    what: `step ${step.stepId} of ${step.runId}`,
    id: step.stepId,
    status: StepStatus[status] ?? String(status),
    created_at: msOf(step.createdAt),
    started_at: msOf(step.startedAt),
    completed_at: msOf(step.completedAt),
    updated_at: msOf(step.updatedAt),
    needs: status === StepStatus.RUNNING ? ['started_at'] : ended ? ['completed_at'] : [],
    lacks: [
      ...(open ? (['completed_at'] as const) : []),
      ...(status === StepStatus.PENDING && attempt === 0 ? (['started_at'] as const) : []),
    ],
  };
}

function timedWait(wait: Wait): Timed {
  const { status } = wait;
  return {
    what: `wait ${wait.waitId} of ${wait.runId}`,
    id: wait.waitId,
    status: WaitStatus[status] ?? String(status),
    created_at: msOf(wait.createdAt),
    completed_at: msOf(wait.completedAt),
    updated_at: undefined,
    needs: status === WaitStatus.COMPLETED ? ['completed_at'] : [],
    lacks: status === WaitStatus.WAITING ? ['completed_at'] : [],
  };
}
