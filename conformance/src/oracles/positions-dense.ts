import {
  type CreateEventResponse,
  type Event,
  EventSchema,
  type ListEventsRequest,
  type ListEventsResponse,
  type WatchEventsRequest,
  type WatchEventsResponse,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Api } from '../wire/api.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers } from './parts/answers.js';

import { isPlainLog } from './parts/log-reads.js';
import { snapshotOf } from './parts/snapshot.js';
import { eachMessage } from './parts/walk.js';

/** Positions have no gaps, in whatever way a log is read. */
export const positionsDense: Oracle = {
  id: 'oracle/positions-dense',
  title: 'Positions begin at 1, have no gaps, and make the ids of events',
  requirements: ['WW-LOG-031', 'WW-LOG-032', 'WW-LOG-033', 'WW-LOG-034'],
  capabilities: ['POSITIONS'],
  judge: (facts) => new PositionsDense(facts),
};

type Placed = Pick<Event, 'position'>;

class PositionsDense implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  /** The last position that each open watch has sent. */
  readonly #watched = new WeakMap<Exchange, bigint>();

  constructor(private readonly facts: WorldFacts) {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  async audit(api: Api, runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const snapshot = await snapshotOf(api, runId, this.facts);
      for (const { entries } of snapshot?.reads ?? []) {
        this.seen += 1;
        this.#fromOne(`the log of ${runId}`, entries);
      }
    }
  }

  #look({ exchange, message }: Answer): void {
    const { method, request } = exchange;
    eachMessage(method.output, message, (inner) => {
      if (inner.$typeName === EventSchema.typeName) this.#id(inner as Event);
    });
    if (isPlainLog(method.name, request as ListEventsRequest)) {
      const { events } = message as ListEventsResponse;
      if (((request as ListEventsRequest).page?.cursor ?? '') === '')
        this.#fromOne('the first page of ListEvents', events);
      else this.#row('a page of ListEvents', events);
    } else if (method.name === 'CreateEvent') {
      const { delta } = message as CreateEventResponse;
      if (delta !== undefined) this.#row('the delta of CreateEvent', delta.events);
    } else if (method.name === 'WatchEvents') {
      const { events } = message as WatchEventsResponse;
      const after = this.#watched.get(exchange) ?? (request as WatchEventsRequest).afterPosition;
      this.#watched.set(exchange, events.at(-1)?.position ?? after);
      this.#row('WatchEvents', events, after);
    }
  }

  #id({ eventId, position }: Event): void {
    this.seen += 1;
    const expected = `evnt_${String(position).padStart(26, '0')}`;
    if (position < 1n || eventId !== expected)
      throw new Departure(
        'an event id is not made of the position',
        position < 1n ? 'a position of 1 or more' : expected,
        `${eventId} at position ${position}`,
      );
  }

  #fromOne(what: string, events: readonly Placed[]): void {
    this.#row(what, events, 0n);
  }

  #row(what: string, events: readonly Placed[], after?: bigint): void {
    let last = after ?? (events[0]?.position ?? 1n) - 1n;
    for (const { position } of events) {
      if (position !== last + 1n)
        throw new Departure(
          `the positions in ${what} are not dense`,
          `position ${last + 1n}`,
          `position ${position}`,
        );
      last = position;
    }
  }
}
