import { create } from '@bufbuild/protobuf';
import { type PageInfo, PageInfoSchema, type PageRequest, SortOrder } from '@worldwire/proto';
import type { Slice, Sliced } from '../store/operations.js';
import {
  type CursorScope,
  decodeCursor,
  decodeTextCursor,
  encodeCursor,
  encodeTextCursor,
} from './cursor.js';
import { invalid } from './rejection.js';

/** How a list pages. */
export interface Paging {
  /** A short lowercase name, part of the cursor. */
  readonly list: string;
  /** Every filter that shapes the list, as text. */
  readonly filters: readonly string[];
  readonly defaultLimit: number;
  readonly maxLimit: number;
  /** Whether the list's own order is newest first. */
  readonly descending?: boolean;
  readonly maxBytes?: number;
  /** Whether the list has its own order only. */
  readonly oneOrder?: boolean;
}

/** A page request read against a list: which slice it means, and how to say where the page ends. */
interface OpenPage {
  readonly slice: Slice;
  /** The page info after these items. */
  info(sliced: Pick<Sliced<unknown>, 'more'> & { items: readonly { key: number }[] }): PageInfo;
}

/** Reads a page request, or refuses its limit with INVALID_ARGUMENT and its cursor with INVALID_CURSOR. */
export function openPage(page: PageRequest | undefined, paging: Paging): OpenPage {
  const descending = isDescending(page?.sortOrder ?? SortOrder.UNSPECIFIED, paging);
  const scope = cursorScope(paging, descending);
  const cursor = page?.cursor ?? '';
  const after = decodeCursor(scope, cursor);
  const slice: Slice = {
    after,
    descending,
    limit: pageLimit(page, paging),
    ...(paging.maxBytes === undefined ? {} : { maxBytes: paging.maxBytes }),
  };
  return {
    slice,
    info: ({ items, more }) => {
      const last = items.at(-1);
      return create(PageInfoSchema, {
        cursor: last === undefined ? cursor : encodeCursor(scope, last.key),
        hasMore: more,
      });
    },
  };
}

/** Reads a page request against a list that is ordered by a text, ascending only. */
export function openTextPage(
  page: PageRequest | undefined,
  paging: Pick<Paging, 'list' | 'filters' | 'defaultLimit' | 'maxLimit'>,
): {
  readonly after: string | undefined;
  readonly limit: number;
  info(last: string | undefined, hasMore: boolean): PageInfo;
} {
  isDescending(page?.sortOrder ?? SortOrder.UNSPECIFIED, { oneOrder: true });
  const cursor = page?.cursor ?? '';
  return {
    after: decodeTextCursor(paging, cursor),
    limit: pageLimit(page, paging),
    info: (last, hasMore) =>
      create(PageInfoSchema, {
        cursor: last === undefined ? cursor : encodeTextCursor(paging, last),
        hasMore,
      }),
  };
}

/** The cursor that continues a list after a key, in the list's own order. */
export function cursorAfter(paging: Paging, key: number): string {
  return encodeCursor(cursorScope(paging, paging.descending ?? false), key);
}

function cursorScope({ list, filters }: Paging, descending: boolean): CursorScope {
  return { list, filters: [...filters, descending ? 'd' : 'a'] };
}

function isDescending(order: SortOrder, paging: Pick<Paging, 'descending' | 'oneOrder'>): boolean {
  const own = paging.descending ?? false;
  if (order === SortOrder.UNSPECIFIED) return own;
  if (order !== SortOrder.ASCENDING && order !== SortOrder.DESCENDING)
    throw invalid('page.sort_order', 'is not a value that this World knows');
  const descending = order === SortOrder.DESCENDING;
  if (paging.oneOrder && descending !== own)
    throw invalid('page.sort_order', 'is not an order that this list has');
  return descending;
}

/** The number of items that a page may hold. */
function pageLimit(
  page: PageRequest | undefined,
  { defaultLimit, maxLimit }: Pick<Paging, 'defaultLimit' | 'maxLimit'>,
): number {
  const limit = page?.limit ?? 0;
  if (!(limit >= 0)) throw invalid('page.limit', 'is negative');
  return limit === 0 ? defaultLimit : Math.min(limit, maxLimit);
}

/** The items of a slice without their keys. */
export function valuesOf<T>(sliced: Sliced<T>): T[] {
  return sliced.items.map((item) => item.value);
}
