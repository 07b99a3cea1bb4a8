import type { MessageInitShape } from '@bufbuild/protobuf';
import { type PageInfoSchema, type PageRequest, ResolveData, SortOrder } from '@worldwire/proto';
import type { Loose, LoosePage } from './upstream-world.js';

/** A list's default order, which is passed to the World by name: its own default may be another. */
export type Order = 'asc' | 'desc';

/** A page as a World is asked for it. */
export function paginationOf(page: PageRequest | undefined, order: Order): Loose {
  const sortOrder =
    page?.sortOrder === SortOrder.ASCENDING
      ? 'asc'
      : page?.sortOrder === SortOrder.DESCENDING
        ? 'desc'
        : order;
  return {
    ...(page?.limit && { limit: page.limit }),
    ...(page?.cursor && { cursor: page.cursor }),
    sortOrder,
  };
}

export function resolveDataOf(value: ResolveData): 'all' | 'none' {
  return value === ResolveData.NONE ? 'none' : 'all';
}

export function pageInfoOf(page: LoosePage): MessageInitShape<typeof PageInfoSchema> {
  return { cursor: page.cursor ?? '', hasMore: page.hasMore === true };
}

/**
 * A page of what a filter keeps, for filters that the World does not have: reads on to the first page with a match,
 * and then as far as it takes to know whether there are more.
 */
export async function filteredPage(
  fetch: (pagination: Loose) => Promise<LoosePage>,
  keep: ((item: Loose) => boolean) | undefined,
  pagination: Loose,
): Promise<LoosePage> {
  let page = await fetch(pagination);
  if (keep === undefined) return page;
  const next = (after: LoosePage) => fetch({ ...pagination, cursor: after.cursor });
  let data = (page.data ?? []).filter(keep);
  while (data.length === 0 && page.hasMore && page.cursor) {
    page = await next(page);
    data = (page.data ?? []).filter(keep);
  }
  let ahead = page;
  let hasMore = false;
  while (!hasMore && ahead.hasMore && ahead.cursor) {
    ahead = await next(ahead);
    hasMore = (ahead.data ?? []).some(keep);
  }
  return { data, cursor: page.cursor ?? null, hasMore };
}
