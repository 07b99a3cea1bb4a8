import { type Event, EventSchema } from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Api } from '../wire/api.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers, remembers, scopeOf } from './parts/answers.js';
import { Bounded, MOST_REMEMBERED } from './parts/bounded.js';
import { keyOf } from './parts/digest.js';
import { type LogRead, LogReads } from './parts/log-reads.js';
import { snapshotOf } from './parts/snapshot.js';
import { eachMessage } from './parts/walk.js';

/** What was once in a log stays there, at its place. */
export const logsOnlyGrow: Oracle = {
  id: 'oracle/logs-only-grow',
  title: 'A log holds all that was acknowledged or seen before, in the same order',
  requirements: ['WW-LOG-002', 'WW-LOG-025', 'WW-LOG-030', 'WW-PAGE-001'],
  capabilities: [],
  judge: (facts) => new LogsOnlyGrow(facts),
};

/** What is known of one log. */
interface Known {
  /** When each event had been shown at the latest. */
  readonly shown: Map<string, number>;
  /** The longest whole read so far. */
  ids: readonly string[];
  ended: number;
}

/** Runs that are remembered at a time; their events count besides. */
const MOST_RUNS = 10_000;

class LogsOnlyGrow implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  readonly #reads = new LogReads();
  #known = new Bounded<Known>(MOST_RUNS);
  #events = 0;

  constructor(private readonly facts: WorldFacts) {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  async audit(api: Api, runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const snapshot = await snapshotOf(api, runId, this.facts);
      for (const read of snapshot?.reads ?? []) this.#judge(read);
    }
  }

  #look(answer: Answer): void {
    const { exchange, message, moment } = answer;
    if (!remembers(this.facts, exchange)) return;
    const read = this.#reads.take(answer);
    const scope = scopeOf(exchange);
    eachMessage(exchange.method.output, message, (inner) => {
      if (inner.$typeName !== EventSchema.typeName) return;
      const { eventId, runId } = inner as Event;
      if (eventId !== '' && runId !== '') this.#show(scope, runId, eventId, moment);
    });
    if (read?.whole) this.#judge(read);
  }

  #show(scope: string, runId: string, eventId: string, moment: number): void {
    const { shown } = this.#of(scope, runId);
    if (shown.has(eventId)) return;
    shown.set(eventId, moment);
    this.#events += 1;
    if (this.#events <= MOST_REMEMBERED) return;
    this.#known = new Bounded(MOST_RUNS);
    this.#events = 0;
  }

  #of(scope: string, runId: string): Known {
    return this.#known.of(keyOf(scope, runId), () => ({ shown: new Map(), ids: [], ended: 0 }));
  }

  #judge({ scope, runId, begun, ended, entries }: LogRead): void {
    this.seen += 1;
    const ids = entries.map(({ id }) => id);
    const known = this.#of(scope, runId);
    const before = known.ended < begun ? known.ids : [];
    if (ids.length >= known.ids.length) Object.assign(known, { ids, ended });
    const there = new Set(ids);
    for (const [id, moment] of known.shown)
      if (moment < begun && !there.has(id))
        throw new Departure(
          `an event of ${runId} that was shown before is not in its log`,
          `${id} among the events`,
          `${ids.length} events without it`,
        );
    // Without positions a log may take in events that commit at the same time before the last one.
    const rest = this.facts.has('POSITIONS')
      ? ids.slice(0, before.length)
      : ids.filter(inOrder(before));
    for (const [index, id] of before.entries())
      if (rest[index] !== id)
        throw new Departure(
          `the log of ${runId} does not go on where it ended`,
          `${id} as event ${index + 1} of those that were read before`,
          rest[index] ?? 'no further event',
        );
    for (const id of ids) this.#show(scope, runId, id, ended);
  }
}

function inOrder(ids: readonly string[]): (id: string) => boolean {
  const wanted = new Set(ids);
  return (id) => wanted.has(id);
}
