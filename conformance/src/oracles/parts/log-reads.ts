import {
  type Event,
  type ListEventsRequest,
  type ListEventsResponse,
  SortOrder,
} from '@worldwire/proto';
import { type Answer, scopeOf } from './answers.js';
import { Chain, Chains } from './chains.js';
import { keyOf } from './digest.js';
import { kindOf, msOf } from './events.js';

/** What a log says of an event, without its payloads. */
export interface LogEntry {
  readonly id: string;
  readonly position: bigint;
  readonly kind: string;
  readonly entity: string;
  readonly at: number | undefined;
  readonly specVersion: number;
  /** Whether an attr_set was written by the workflow. */
  readonly byWorkflow: boolean;
}

/** A read of a log, oldest event first and without a filter. */
export interface LogRead {
  readonly scope: string;
  readonly runId: string;
  /** When its first page was asked for. */
  readonly begun: number;
  readonly ended: number;
  /** The events of the page, or those of all pages where the log was read from its beginning to its end. */
  readonly entries: readonly LogEntry[];
  readonly fromStart: boolean;
  readonly whole: boolean;
}

/** Follows reads of logs from page to page. */
export class LogReads {
  readonly #chains = new Chains<LogEntry>();

  /** The read that an answer of ListEvents makes, where it is one. */
  take({ exchange, message, moment }: Answer): LogRead | undefined {
    const request = exchange.request as ListEventsRequest;
    if (!isPlainLog(exchange.method.name, request)) return undefined;
    const { events, page } = message as ListEventsResponse;
    const scope = scopeOf(exchange);
    const at = request.page?.cursor ?? '';
    const { runId } = request;
    const entries = events.map(entryOf);
    const read = { scope, runId, ended: moment };
    const before =
      at === '' ? Chain.from<LogEntry>(exchange.begun) : this.#chains.get(keyOf(scope, runId, at));
    if (before === undefined)
      return { ...read, begun: exchange.begun, entries, fromStart: false, whole: false };
    const chain = before.with(entries.map((item) => ({ key: item.id, item })));
    if (page !== undefined && page.cursor !== '')
      this.#chains.set(keyOf(scope, runId, page.cursor), chain, entries.length);
    const whole = page?.hasMore !== true;
    return {
      ...read,
      begun: chain.begun,
      entries: whole ? chain.items : entries,
      fromStart: whole || at === '',
      whole,
    };
  }
}

/** What a log says of an event. */
export function entryOf(event: Event): LogEntry {
  const { data } = event;
  return {
    id: event.eventId,
    position: event.position,
    kind: kindOf(event),
    entity: event.correlationId,
    at: msOf(event.createdAt),
    specVersion: event.specVersion,
    byWorkflow: data.case === 'attrSet' && data.value.writer?.writer.case === 'workflow',
  };
}

/** Whether a request reads a log as it stands. */
export function isPlainLog(method: string, { types, page }: ListEventsRequest): boolean {
  return (
    method === 'ListEvents' &&
    types.length === 0 &&
    (page === undefined ||
      page.sortOrder === SortOrder.UNSPECIFIED ||
      page.sortOrder === SortOrder.ASCENDING)
  );
}
