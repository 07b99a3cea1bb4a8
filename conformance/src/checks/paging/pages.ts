import { ResolveData, SortOrder } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { itemsOf, type Listing, type ListKind, listKinds, type Page, walk } from './lists.js';

const ORDERS = [SortOrder.ASCENDING, SortOrder.DESCENDING] as const;

/** Items of a list, as what a check stands on. */
function fill(t: Context, list: Listing, count: number): Promise<string[]> {
  return t.given(`${count} items`, async () => {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) ids.push(await list.add());
    return ids;
  });
}

function inOrder(ids: readonly string[], sortOrder: SortOrder): string[] {
  return sortOrder === SortOrder.DESCENDING ? ids.toReversed() : [...ids];
}

/** Expects what each page must be. */
async function honest(
  t: Context,
  list: Listing,
  pages: readonly Page[],
  asked: { limit: number; sortOrder: SortOrder },
): Promise<void> {
  const cursors = new Set<string>();
  for (const [index, { ids, page }] of pages.entries()) {
    t.ok(ids.length <= asked.limit, 'items of a page', `at most ${asked.limit}`, ids.length);
    if (ids.length === 0) {
      t.ok(!page?.hasMore, 'has_more of an empty page', false, true);
      continue;
    }
    const cursor = page?.cursor ?? '';
    t.ok(cursor !== '', 'a page with items has a cursor', 'a cursor', 'none');
    t.ok(!cursors.has(cursor), 'a cursor comes once', 'another cursor', cursor);
    cursors.add(cursor);
    const next = await list.read({ ...asked, cursor });
    t.equal(next.ids.length > 0, page?.hasMore ?? false, 'has_more against the next page');
    const following = pages[index + 1];
    if (following !== undefined && following.ids.length === next.ids.length)
      t.equal(next.ids, following.ids, 'a page that is read again');
  }
}

/** The checks that a kind of list has. */
function checksOf(kind: ListKind): readonly Check[] {
  return [...alone(kind), ...(kind.comeLate ? [] : [amongWriters(kind)])];
}

/** While nobody else writes. */
function alone({ name, capabilities, ownOrder, open }: ListKind): readonly Check[] {
  return [
    check(
      `paging/${name}-once`,
      `Pages of ${words(name)} hold each item once and in order, whatever their size`,
      {
        requirements: [
          'WW-PAGE-007',
          'WW-PAGE-008',
          'WW-PAGE-013',
          'WW-PAGE-014',
          'WW-PAGE-015',
          'WW-PAGE-018',
          'WW-PAGE-019',
          'WW-PAGE-025',
          'WW-PAGE-027',
        ],
        capabilities,
      },
      async (t) => {
        const list = await open(t);
        const ids = await fill(t, list, 7);
        for (const sortOrder of ORDERS)
          for (const limit of [1, 2, 3, 6, 7, 8, 100]) {
            const asked = { limit, sortOrder };
            const pages = await walk(t, list, asked);
            const what = `the items by ${limit}, ${SortOrder[sortOrder].toLowerCase()}`;
            t.equal(itemsOf(pages), inOrder(ids, sortOrder), what);
            await honest(t, list, pages, asked);
          }
      },
    ),
    check(
      `paging/${name}-go-on`,
      `The last cursor of ${words(name)} leads to what is added later, and to nothing else`,
      { requirements: ['WW-PAGE-016', 'WW-PAGE-015', 'WW-PAGE-019'], capabilities },
      async (t) => {
        const list = await open(t);
        await fill(t, list, 4);
        for (const limit of [2, 3, 50]) {
          const asked = { limit, sortOrder: SortOrder.ASCENDING };
          const last = (await walk(t, list, asked)).at(-1);
          const cursor = last?.page?.cursor ?? '';
          t.ok(cursor !== '', 'the last page has a cursor', 'a cursor', 'none');
          const empty = await list.read({ ...asked, cursor });
          t.equal(empty.ids, [], 'the items behind the last');
          t.ok(!empty.page?.hasMore, 'has_more of an empty page', false, true);
          const added = await fill(t, list, 5);
          for (const from of [cursor, empty.page?.cursor || cursor, cursor])
            t.equal(
              itemsOf(await walk(t, list, { ...asked, cursor: from })),
              added,
              'the items that were added since',
            );
        }
      },
    ),
    check(
      `paging/${name}-empty-page`,
      `A page of ${words(name)} behind the last item has a cursor as well, which leads to what is added later`,
      { requirements: ['WW-PAGE-017'], capabilities },
      async (t) => {
        const list = await open(t);
        await fill(t, list, 2);
        const asked = { limit: 50, sortOrder: SortOrder.ASCENDING };
        const cursor = (await walk(t, list, asked)).at(-1)?.page?.cursor ?? '';
        const then = (await list.read({ ...asked, cursor })).page?.cursor ?? '';
        t.ok(then !== '', 'an empty page has a cursor', 'a cursor', 'none');
        const added = await fill(t, list, 3);
        const found = itemsOf(await walk(t, list, { ...asked, cursor: then }));
        t.equal(found, added, 'the items that were added since');
      },
    ),
    check(
      `paging/${name}-limits`,
      `Any limit above the maximum of ${words(name)} counts as it, zero as a default, and none below`,
      {
        requirements: ['WW-PAGE-009', 'WW-PAGE-010', 'WW-PAGE-012', 'WW-PAGE-026'],
        capabilities,
      },
      async (t) => {
        const list = await open(t);
        const ids = await fill(t, list, 3);
        for (const sortOrder of [...ORDERS, SortOrder.UNSPECIFIED]) {
          const wanted = inOrder(ids, sortOrder === SortOrder.UNSPECIFIED ? ownOrder : sortOrder);
          for (const limit of [0, 1_001, 100_000, 2 ** 31 - 1]) {
            const pages = await t.accepted(`a limit of ${limit}`, () =>
              walk(t, list, { limit, sortOrder }),
            );
            t.equal(itemsOf(pages), wanted, `the items by ${limit}, ${SortOrder[sortOrder]}`);
          }
          for (const limit of [-1, -(2 ** 31)])
            await t.refused(
              `a limit of ${limit}`,
              () => list.read({ limit, sortOrder }),
              'INVALID_ARGUMENT',
            );
        }
      },
    ),
    check(
      `paging/${name}-cursors`,
      `${capital(words(name))} take the cursors that were issued for them, and no others`,
      {
        requirements: ['WW-PAGE-021', 'WW-PAGE-022', 'WW-PAGE-023', 'WW-PAGE-024', 'WW-PAGE-019'],
        capabilities,
      },
      async (t) => {
        const [list, twin] = [await open(t), await open(t)];
        const ids = await fill(t, list, 5);
        await fill(t, twin, 5);
        const sortOrder = SortOrder.ASCENDING;
        const first = await list.read({ limit: 2, sortOrder });
        const cursor = first.page?.cursor ?? '';
        const rest = ids.slice(first.ids.length);
        for (const resolveData of [ResolveData.NONE, ResolveData.ALL])
          for (const limit of [1, 3, 0]) {
            const asked = { limit, sortOrder, cursor, resolveData };
            const pages = await t.accepted('a cursor with another limit', () =>
              walk(t, list, asked),
            );
            t.equal(itemsOf(pages), rest, `the items behind the cursor by ${limit}`);
          }
        await t.refused(
          'a cursor of the other order',
          () => list.read({ cursor, sortOrder: SortOrder.DESCENDING }),
          'INVALID_CURSOR',
        );
        const down = await list.read({ limit: 2, sortOrder: SortOrder.DESCENDING });
        const foreign: Record<string, string> = {
          'of the other order': down.page?.cursor ?? '',
          'of the same list of others':
            (await twin.read({ limit: 2, sortOrder })).page?.cursor ?? '',
          'with more behind it': `${cursor}${cursor}`,
          'of no form': 'not-a-cursor',
          'of a number': '2',
          'of JSON': Buffer.from('{"offset":2}').toString('base64'),
          'of another text': Buffer.from(t.unique('cursor')).toString('base64url'),
          'of spaces': '   ',
          'of an item': `${ids[1]}`,
        };
        for (const kind of listKinds) {
          if (kind.name === name || !kind.capabilities.every((each) => t.has(each))) continue;
          const other = await kind.open(t);
          await fill(t, other, 2);
          const { page } = await other.read({ limit: 1, sortOrder });
          foreign[`of ${words(kind.name)}`] = page?.cursor ?? '';
        }
        for (const [what, wrong] of Object.entries(foreign))
          await t.refused(
            `a cursor ${what}`,
            () => list.read({ cursor: wrong, sortOrder }),
            'INVALID_CURSOR',
          );
        t.equal(
          itemsOf(await walk(t, list, { cursor, sortOrder })),
          rest,
          'the items behind the cursor at last',
        );
      },
    ),
  ];
}

/** While others add to the list. */
function amongWriters({ name, capabilities, open }: ListKind): Check {
  return check(
    `paging/${name}-while-others-add`,
    `A client that pages through ${words(name)} skips and repeats nothing while others add`,
    { requirements: ['WW-PAGE-028', 'WW-PAGE-029', 'WW-PAGE-027'], capabilities },
    async (t) => {
      const list = await open(t);
      const before = await fill(t, list, 8);
      let writing = 4;
      const work = Array.from({ length: writing }, async (_, writer) => {
        const api = t.client(`writer ${writer + 1}`);
        const ids: string[] = [];
        for (let count = 0; count < 12; count++)
          ids.push(await t.accepted('an addition', () => list.add(api)));
        writing -= 1;
        return ids;
      });
      const up = async (limit: number) => {
        const seen: string[] = [];
        const api = t.client(`reader by ${limit}`);
        for (let cursor = '', last = false; !last; ) {
          last = writing === 0;
          const pages = await walk(t, list, { limit, cursor, sortOrder: SortOrder.ASCENDING }, api);
          seen.push(...itemsOf(pages));
          // An empty page may have none.
          cursor = pages.findLast(({ page }) => page?.cursor)?.page?.cursor ?? cursor;
        }
        return seen;
      };
      const down = async () => {
        const api = t.client('reader from the end');
        while (writing > 0) {
          const asked = { limit: 3, sortOrder: SortOrder.DESCENDING };
          const seen = itemsOf(await walk(t, list, asked, api));
          t.equal(new Set(seen).size, seen.length, 'different items, newest first');
          const old = seen.filter((id) => before.includes(id));
          t.equal(old, before.toReversed(), 'the items that were there before, newest first');
        }
      };
      const [one, three] = await Promise.all([up(1), up(3), down()]);
      const added = (await Promise.all(work)).flat();
      const final = itemsOf(await walk(t, list, { sortOrder: SortOrder.ASCENDING }));
      t.equal([...final].sort(), [...before, ...added].sort(), 'the items at last');
      t.equal(one, final, 'the items as a client by 1 came to know them');
      t.equal(three, final, 'the items as a client by 3 came to know them');
      t.equal(
        itemsOf(await walk(t, list, { limit: 5, sortOrder: SortOrder.DESCENDING })),
        final.toReversed(),
        'the items, newest first',
      );
    },
  );
}

function words(name: string): string {
  return name.replaceAll('-', ' ');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Paging, of every list. */
export const pageChecks: readonly Check[] = listKinds.flatMap(checksOf);
