import {
  type ListEventsByCorrelationRequest,
  type ListEventsByCorrelationResponse,
  SortOrder,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Api } from '../wire/api.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers } from './parts/answers.js';
import { entryOf, type LogEntry, LogReads } from './parts/log-reads.js';
import { snapshotOf } from './parts/snapshot.js';

/** What is created once is in the log once, and what has ended stays ended. */
export const oneEnding: Oracle = {
  id: 'oracle/one-ending',
  title: 'A log holds one creation and one ending of each entity, and nothing that cannot follow',
  requirements: [
    'WW-RUN-013',
    'WW-RUN-015',
    'WW-RUN-021',
    'WW-RUN-028',
    'WW-RUN-029',
    'WW-RUN-036',
    'WW-STEP-016',
    'WW-STEP-038',
    'WW-STEP-039',
    'WW-HOOK-024',
    'WW-HOOK-028',
    'WW-HOOK-036',
    'WW-WAIT-006',
    'WW-WAIT-007',
    'WW-LOG-029',
  ],
  capabilities: [],
  judge: (facts) => new OneEnding(facts),
};

const RUN_ENDINGS: ReadonlySet<string> = new Set(['run_completed', 'run_failed', 'run_cancelled']);
const STEP_ENDINGS: ReadonlySet<string> = new Set(['step_completed', 'step_failed']);

/** Results and disposals may still come after the end of a run; a World may take a repeated cancellation down. */
const AFTER_THE_END: ReadonlySet<string> = new Set([
  'step_started',
  'step_completed',
  'step_failed',
  'step_retrying',
  'hook_disposed',
  'run_cancelled',
  'noop',
]);

/** Events that only follow the creation of their entity. */
const CREATION_OF: Readonly<Record<string, string>> = {
  step_started: 'step_created',
  step_completed: 'step_created',
  step_failed: 'step_created',
  step_retrying: 'step_created',
  hook_received: 'hook_created',
  hook_disposed: 'hook_created',
  wait_completed: 'wait_created',
};

class OneEnding implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  readonly #reads = new LogReads();

  constructor(private readonly facts: WorldFacts) {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  async audit(api: Api, runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const snapshot = await snapshotOf(api, runId, this.facts);
      for (const { entries } of snapshot?.reads ?? []) this.#judge(runId, entries, true);
    }
  }

  #look(answer: Answer): void {
    const read = this.#reads.take(answer);
    if (read !== undefined) this.#judge(read.runId, read.entries, read.fromStart);
    if (answer.exchange.method.name !== 'ListEventsByCorrelation') return;
    const { runId, page } = answer.exchange.request as ListEventsByCorrelationRequest;
    if (runId === '' || page?.sortOrder === SortOrder.DESCENDING) return;
    const { events } = answer.message as ListEventsByCorrelationResponse;
    this.#judge(runId, events.map(entryOf), false);
  }

  #judge(runId: string, entries: readonly LogEntry[], fromStart: boolean): void {
    if (entries.length === 0) return;
    this.seen += 1;
    const log = new LogOf(runId, fromStart);
    for (const entry of entries) log.take(entry);
  }
}

/** The part of a log that was seen so far. */
class LogOf {
  #ending: string | undefined;
  #first = true;
  readonly #once = new Set<string>();
  readonly #stepEndings = new Map<string, string>();
  readonly #hooks = new Map<string, 'live' | 'disposed'>();
  readonly #created = new Set<string>();

  constructor(
    private readonly runId: string,
    private readonly fromStart: boolean,
  ) {}

  take(entry: LogEntry): void {
    const { kind } = entry;
    if (kind === 'noop' || kind === '') return;
    this.#run(entry);
    if (kind === 'step_created' || kind === 'wait_created') this.#creation(entry);
    this.#origin(entry);
    if (kind.startsWith('step_')) this.#step(entry);
    else if (kind.startsWith('hook_')) this.#hook(entry);
    else if (kind === 'wait_completed') this.#onlyOnce(entry, 'was completed before');
    else if (entry.byWorkflow && entry.entity !== '')
      this.#onlyOnce(entry, 'was written by the workflow before');
  }

  #run(entry: LogEntry): void {
    const { kind } = entry;
    if (this.fromStart && this.#first !== (kind === 'run_created'))
      this.#fail(
        entry,
        this.#first ? 'the log does not begin with run_created' : 'the run was created before',
        'run_created once, as the first event',
      );
    this.#first = false;
    if (kind === 'run_created' || kind === 'run_started')
      this.#onlyOnce(entry, 'the run has such an event already');
    if (this.#ending !== undefined) {
      const repeated = kind === 'run_cancelled' && this.#ending === 'run_cancelled';
      if (!AFTER_THE_END.has(kind) || (RUN_ENDINGS.has(kind) && !repeated))
        this.#fail(entry, `the run has ended with ${this.#ending}`, 'nothing that changes the run');
    }
    if (RUN_ENDINGS.has(kind)) this.#ending ??= kind;
  }

  #creation(entry: LogEntry): void {
    this.#onlyOnce(entry, 'was created before');
    this.#created.add(`${entry.kind} ${entry.entity}`);
  }

  /** Where the log is known from its beginning, nothing happens to what was not created. */
  #origin(entry: LogEntry): void {
    const creation = CREATION_OF[entry.kind];
    // Runs of the first spec version keep no entities.
    if (!this.fromStart || creation === undefined || entry.specVersion < 2) return;
    const created =
      creation === 'hook_created'
        ? this.#hooks.has(entry.entity)
        : this.#created.has(`${creation} ${entry.entity}`);
    if (!created) this.#fail(entry, 'was never created', `${creation} before it`);
  }

  #step(entry: LogEntry): void {
    const ending = this.#stepEndings.get(entry.entity);
    if (ending !== undefined)
      this.#fail(entry, `the step has ended with ${ending}`, 'no event of the step');
    if (STEP_ENDINGS.has(entry.kind)) this.#stepEndings.set(entry.entity, entry.kind);
  }

  #hook(entry: LogEntry): void {
    const { kind, entity } = entry;
    const state = this.#hooks.get(entity);
    if (kind === 'hook_created') {
      if (state === 'live') this.#fail(entry, 'the hook is live already', 'one hook_created');
      this.#hooks.set(entity, 'live');
      return;
    }
    if (state === 'disposed' && kind !== 'hook_conflict')
      this.#fail(entry, 'the hook was disposed of', 'nothing behind hook_disposed');
    if (kind === 'hook_disposed') this.#hooks.set(entity, 'disposed');
  }

  #onlyOnce(entry: LogEntry, why: string): void {
    // A run has no entity, whatever its events carry.
    const entity = entry.kind.startsWith('run_') ? '' : entry.entity;
    const key = `${entry.kind} ${entity}`;
    if (this.#once.has(key)) this.#fail(entry, why, `one ${entry.kind}`);
    this.#once.add(key);
  }

  #fail({ id, kind, entity }: LogEntry, why: string, expected: string): never {
    const of = entity === '' ? '' : ` of ${entity}`;
    throw new Departure(
      `the log of ${this.runId} holds an event that cannot be there: ${why}`,
      expected,
      `${kind}${of} as ${id}`,
    );
  }
}
