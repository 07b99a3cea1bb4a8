import { type Event, EventSchema } from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers, remembers, scopeOf } from './parts/answers.js';
import { Bounded } from './parts/bounded.js';
import { keyOf } from './parts/digest.js';
import { kindOf, msOf, showTime } from './parts/events.js';
import { type PayloadMember, payloadsOf } from './parts/payloads.js';
import { eachMessage } from './parts/walk.js';

/** An event is the same wherever it is seen. */
export const eventsNeverChange: Oracle = {
  id: 'oracle/events-never-change',
  title: 'An event is the same in every answer that shows it',
  requirements: ['WW-LOG-001', 'WW-LOG-003', 'WW-LOG-005', 'WW-LOG-007', 'WW-ID-022', 'WW-VER-010'],
  capabilities: [],
  judge: (facts) => new EventsNeverChange(facts),
};

interface Sighting {
  readonly facts: Readonly<Record<string, string>>;
  readonly payloads: Map<PayloadMember, string>;
}

class EventsNeverChange implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  readonly #first = new Bounded<Sighting>();

  constructor(private readonly facts: WorldFacts) {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  #look({ exchange, message }: Answer): void {
    if (!remembers(this.facts, exchange)) return;
    const scope = scopeOf(exchange);
    eachMessage(exchange.method.output, message, (inner) => {
      if (inner.$typeName === EventSchema.typeName) this.#compare(scope, inner as Event);
    });
  }

  #compare(scope: string, event: Event): void {
    const { eventId, runId } = event;
    if (eventId === '' || runId === '') return;
    const now: Sighting = { facts: factsOf(event), payloads: payloadsOf(event) ?? new Map() };
    const key = keyOf(scope, runId, eventId);
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, now);
      return;
    }
    this.seen += 1;
    const of = `of event ${eventId} of ${runId}`;
    for (const [name, value] of Object.entries(first.facts))
      if (now.facts[name] !== value)
        throw new Departure(`the ${name} ${of} has changed`, value, now.facts[name]);
    for (const [member, value] of now.payloads) {
      const before = first.payloads.get(member);
      if (before === undefined) first.payloads.set(member, value);
      else if (before !== value)
        throw new Departure(
          `the ${member} ${of} has changed`,
          'the bytes that were shown first',
          'other bytes',
        );
    }
  }
}

function factsOf(event: Event): Readonly<Record<string, string>> {
  const at = msOf(event.createdAt);
  return {
    position: String(event.position),
    type: kindOf(event),
    correlation_id: event.correlationId,
    spec_version: String(event.specVersion),
    created_at: showTime(at),
  };
}
