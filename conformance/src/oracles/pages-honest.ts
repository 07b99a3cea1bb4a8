import { type DescMethod, type Message, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeKey,
  type Chunk,
  type Event,
  type Hook,
  type PageInfo,
  type PageRequest,
  type PushEndpoint,
  type Run,
  SortOrder,
  type Step,
  type Wait,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers, remembers, scopeOf } from './parts/answers.js';
import { Chain, Chains } from './parts/chains.js';
import { digest, keyOf } from './parts/digest.js';
import { msOf } from './parts/events.js';

/** Pages are as long as asked for, lead on, and repeat nothing. */
export const pagesHonest: Oracle = {
  id: 'oracle/pages-honest',
  title: 'Pages keep to their limit, carry cursors, and repeat no item',
  requirements: [
    'WW-PAGE-008',
    'WW-PAGE-013',
    'WW-PAGE-014',
    'WW-PAGE-015',
    'WW-PAGE-018',
    'WW-PAGE-028',
    'WW-LIMIT-012',
  ],
  capabilities: [],
  judge: (facts) => new PagesHonest(facts),
};

/** What tells the items of a list apart; lists in which an item may lawfully come again are left out. */
const KEYS: Readonly<Record<string, (item: never) => string>> = {
  ListRuns: ({ runId }: Run) => runId,
  ListEvents: ({ eventId }: Event) => eventId,
  ListEventsByCorrelation: ({ runId, eventId }: Event) => keyOf(runId, eventId),
  ListSteps: ({ stepId }: Step) => stepId,
  // An id may be used again after the disposal of its hook.
  ListHooks: ({ runId, hookId, createdAt }: Hook) => keyOf(runId, hookId, `${msOf(createdAt)}`),
  ListWaits: ({ waitId }: Wait) => waitId,
  ListAttributeKeys: ({ key }: AttributeKey) => key,
  ListChunks: ({ index }: Chunk) => String(index),
  ListStreams: (name: string) => name,
  ListPushEndpoints: ({ endpointId }: PushEndpoint) => endpointId,
};

/** Lists whose default is not oldest first. */
const NEWEST_FIRST: ReadonlySet<string> = new Set(['ListRuns']);

/** Pages of a log; the announced maximum holds for them. */
const LOGS: ReadonlySet<string> = new Set(['ListEvents', 'ListEventsByCorrelation']);

class PagesHonest implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  readonly #chains = new Chains<undefined>();

  constructor(private readonly facts: WorldFacts) {
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  #look(answer: Answer): void {
    const { exchange, message } = answer;
    const { method } = exchange;
    if (!method.name.startsWith('List') || method.methodKind !== 'unary') return;
    const asked = (exchange.request as unknown as { page?: PageRequest }).page;
    const { page } = message as unknown as { page?: PageInfo };
    const items = itemsOf(method, message);
    if (page === undefined) return;
    this.seen += 1;
    this.#alone(method.name, asked, page, items.length);
    if (remembers(this.facts, exchange)) this.#chained(answer, asked, page, items);
  }

  #alone(method: string, asked: PageRequest | undefined, page: PageInfo, count: number): void {
    const limit = asked?.limit ?? 0;
    const { maxEventPage } = this.facts.limits;
    if (limit > 0 && count > limit)
      throw new Departure(
        `${method} returns more items than were asked for`,
        `at most ${limit}`,
        String(count),
      );
    if (LOGS.has(method) && maxEventPage > 0 && count > maxEventPage)
      throw new Departure(
        `${method} returns more events than a page may hold`,
        `at most ${maxEventPage}`,
        String(count),
      );
    if (page.hasMore && count === 0)
      throw new Departure(`${method} returns has_more without an item`, 'an item', 'an empty page');
    if (page.hasMore && page.cursor === '')
      throw new Departure(`${method} returns has_more without a cursor`, 'a cursor', 'none');
    // Of chunks, the last page may have none.
    if (count > 0 && page.cursor === '' && method !== 'ListChunks')
      throw new Departure(`${method} returns items without a cursor`, 'a cursor', 'none');
    if (count > 0 && page.cursor !== '' && page.cursor === asked?.cursor)
      throw new Departure(
        `${method} returns items and the cursor that it was asked with`,
        'a cursor behind the items',
        'the same cursor',
      );
  }

  #chained(
    { exchange }: Answer,
    asked: PageRequest | undefined,
    page: PageInfo,
    items: readonly unknown[],
  ): void {
    const { method } = exchange;
    const keyFrom = KEYS[method.name];
    if (keyFrom === undefined || !isAscending(method.name, asked)) return;
    const list = [scopeOf(exchange), method.name, filtersOf(exchange)] as const;
    const cursor = asked?.cursor ?? '';
    const before =
      (cursor === '' ? undefined : this.#chains.get(keyOf(...list, cursor))) ??
      Chain.from<undefined>(exchange.begun);
    const keys = items.map((item) => keyFrom(item as never));
    const chain = before.with(keys.map((key) => ({ key, item: undefined })));
    if (page.cursor !== '') this.#chains.set(keyOf(...list, page.cursor), chain, keys.length);
    const here = new Set<string>();
    for (const key of keys) {
      if (here.has(key) || before.has(key))
        throw new Departure(
          `${method.name} returns an item twice`,
          'each item once over the pages that follow each other',
          `${key} again`,
        );
      here.add(key);
    }
  }
}

function itemsOf(method: DescMethod, message: Message): readonly unknown[] {
  const field = method.output.fields.find(({ fieldKind }) => fieldKind === 'list');
  const items = field && (message as unknown as Record<string, unknown>)[field.localName];
  return Array.isArray(items) ? items : [];
}

function isAscending(method: string, asked: PageRequest | undefined): boolean {
  const order = asked?.sortOrder ?? SortOrder.UNSPECIFIED;
  if (order === SortOrder.UNSPECIFIED) return !NEWEST_FIRST.has(method);
  return order === SortOrder.ASCENDING;
}

/** What else a request says; a cursor belongs to it. */
function filtersOf({ method, request }: Exchange): string {
  const {
    page: _page,
    resolveData: _resolveData,
    ...rest
  } = request as Message & {
    page?: unknown;
    resolveData?: unknown;
  };
  return digest(toBinary(method.input, rest));
}
