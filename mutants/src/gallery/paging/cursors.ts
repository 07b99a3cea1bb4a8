import type { Mutant } from '../../mutant.js';

/** Worlds that are wrong about pages and cursors. */
export const cursorMutants: readonly Mutant[] = [
  {
    name: 'has-more-of-a-full-page',
    says: 'a page that is full says that more follow',
    patches: [
      {
        file: 'store/slices.js',
        find: 'return { items, more: false };',
        replace: 'return { items, more: items.length === limit };',
      },
    ],
    kills: ['paging/*-once'],
  },
  {
    name: 'no-cursor-at-the-end',
    says: 'the last page of a list has no cursor',
    patches: [
      {
        file: 'core/pages.js',
        find: 'cursor: last === undefined ? cursor : encodeCursor(scope, last.key),',
        replace:
          "cursor: !more ? '' : last === undefined ? cursor : encodeCursor(scope, last.key),",
      },
    ],
    kills: ['paging/*-go-on'],
  },
  {
    name: 'no-cursor-of-nothing',
    says: 'an empty page has no cursor',
    patches: [
      {
        file: 'core/pages.js',
        find: 'cursor: last === undefined ? cursor : encodeCursor(scope, last.key),',
        replace: "cursor: last === undefined ? '' : encodeCursor(scope, last.key),",
      },
    ],
    kills: ['paging/*-empty-page'],
  },
  {
    name: 'cursor-one-too-far',
    says: 'a cursor leads behind the item that follows',
    patches: [
      {
        file: 'core/pages.js',
        find: 'encodeCursor(scope, last.key),\n                hasMore',
        replace: 'encodeCursor(scope, last.key + (descending ? -1 : 1)),\n                hasMore',
      },
    ],
    kills: ['paging/events-once', 'paging/events-go-on'],
  },
  {
    name: 'large-limits-refused',
    says: 'a limit above the maximum is refused',
    patches: [
      {
        file: 'core/pages.js',
        find: 'return limit === 0 ? defaultLimit : Math.min(limit, maxLimit);',
        replace: `if (limit > maxLimit)
        throw invalid('page.limit', 'is too large');
    return limit === 0 ? defaultLimit : limit;`,
      },
    ],
    kills: ['paging/*-limits'],
  },
  {
    name: 'unknown-cursor-is-the-first-page',
    says: 'a cursor that was not issued for a list leads to its beginning',
    patches: [
      {
        file: 'core/cursor.js',
        find: `        encodeCursor(scope, key) !== cursor)
        throw invalidCursor(cursor);`,
        replace: `        encodeCursor(scope, key) !== cursor)
        return undefined;`,
      },
    ],
    kills: ['paging/*-cursors'],
  },
  {
    name: 'cursors-of-any-filter',
    says: 'a cursor of a list is good for every filter and order',
    patches: [
      {
        file: 'core/pages.js',
        find: "return { list, filters: [...filters, descending ? 'd' : 'a'] };",
        replace: 'return { list, filters: [] };',
      },
    ],
    kills: ['paging/filters-bind-cursors', 'paging/*-cursors'],
  },
];
