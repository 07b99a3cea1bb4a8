import { RunSchema, RunService, SortOrder } from '@worldwire/proto';
import { type SdkCheck, sdkCheck } from '../check.js';
import { refusal } from '../scripted-world.js';

const { listRuns } = RunService.method;
const LISTS = { features: ['LISTS'] } as const;

/** Three pages by cursors that hold what a cursor may hold. */
const CURSORS = ['', 'c/1=\u{1F600} +&%', 'c-2'];

function page(cursor: string, more = CURSORS.indexOf(cursor) < CURSORS.length - 1) {
  const at = CURSORS.indexOf(cursor);
  return {
    runs: [{ runId: `wrun_${2 * at}` }, { runId: `wrun_${2 * at + 1}` }],
    page: { cursor: CURSORS[at + 1] ?? 'c-last', hasMore: more },
  };
}

const ALL = [0, 1, 2, 3, 4, 5].map((number) => `wrun_${number}`);

/** Lists over all of their pages. */
export const listChecks: readonly SdkCheck[] = [
  sdkCheck(
    'lists/every-page',
    'a list hands out every item of every page once, in order, and ends',
    { requirements: ['WW-SDK-030', 'WW-SDK-031'], ...LISTS },
    async (t) => {
      const client = await t.client({
        runs: { listRuns: ({ page: asked }) => page(asked?.cursor ?? '') },
      });
      const runs = await client.list(listRuns, RunSchema, {}).all();
      t.equal(
        runs.map(({ runId }) => runId),
        ALL,
        'the items',
      );
      t.equal(t.world.count('ListRuns'), CURSORS.length, 'the number of pages that were read');
    },
  ),
  sdkCheck(
    'lists/cursor-on-the-last-page',
    'a list ends where no more follows, although there is a cursor, and where the only page is empty',
    { requirements: ['WW-SDK-031'], ...LISTS },
    async (t) => {
      const client = await t.client({
        runs: {
          listRuns: ({ workflowName }) =>
            workflowName === 'none'
              ? { runs: [], page: { cursor: 'c-0', hasMore: false } }
              : { runs: [{ runId: 'wrun_1' }], page: { cursor: 'c-1', hasMore: false } },
        },
      });
      const one = await client.list(listRuns, RunSchema, {}).all();
      t.equal(
        one.map(({ runId }) => runId),
        ['wrun_1'],
        'the items',
      );
      const none = await client.list(listRuns, RunSchema, { workflowName: 'none' }).all();
      t.equal(none.length, 0, 'the number of items of an empty list');
      t.equal(t.world.count('ListRuns'), 2, 'the number of pages that were read');
    },
  ),
  sdkCheck(
    'lists/request-of-later-pages',
    'every page is asked for by the cursor as it came, and otherwise by the same request',
    { requirements: ['WW-SDK-032'], ...LISTS },
    async (t) => {
      const client = await t.client({
        runs: { listRuns: ({ page: asked }) => page(asked?.cursor ?? '') },
      });
      await client
        .list(listRuns, RunSchema, {
          workflowName: 'order',
          page: { limit: 2, sortOrder: SortOrder.DESCENDING },
        })
        .all();
      const asked = t.world.seen(listRuns).map(({ request }) => request);
      t.equal(
        asked.map((request) => request.page?.cursor ?? ''),
        CURSORS,
        'the cursors',
      );
      for (const request of asked) {
        t.equal(request.workflowName, 'order', 'the filter');
        t.equal(request.page?.limit, 2, 'the limit');
        t.equal(request.page?.sortOrder, SortOrder.DESCENDING, 'the order');
      }
    },
  ),
  sdkCheck(
    'lists/stuck-cursor',
    'a list whose cursor does not advance fails and does not go round for ever',
    { requirements: ['WW-SDK-033'], ...LISTS },
    async (t) => {
      const client = await t.client({
        runs: {
          listRuns: ({ page: asked, workflowName }) => {
            const cursor = asked?.cursor ?? '';
            if (workflowName === 'fine') return page(cursor);
            return {
              runs: [{ runId: 'wrun_1' }],
              page: { cursor: workflowName === 'empty' ? '' : 'c-1', hasMore: true },
            };
          },
        },
      });
      for (const workflowName of ['same', 'empty']) {
        const list = client.list(listRuns, RunSchema, { workflowName }, 50);
        await t.eventually(`the list with the ${workflowName} cursor ends`, () => {
          if (list.count >= 50) t.fail('the list goes on without an end', 'an error', 'items');
          return list.ended || undefined;
        });
        await list.failure();
      }
      await client.list(listRuns, RunSchema, { workflowName: 'fine' }).all();
    },
  ),
  sdkCheck(
    'lists/as-it-is-read',
    'no page is read before the items of the one before it were asked for',
    { requirements: ['WW-SDK-034'], ...LISTS },
    async (t) => {
      const client = await t.client({
        runs: { listRuns: ({ page: asked }) => page(asked?.cursor ?? '') },
      });
      const list = client.list(listRuns, RunSchema, {}, 1);
      await t.eventually('the first item', () => list.count === 1 || undefined);
      await t.sleep(500);
      t.ok(
        t.world.count('ListRuns') <= 1,
        'pages were read that nobody asked for',
        'one page',
        t.world.count('ListRuns'),
      );
      list.grant();
      t.equal((await list.all()).length, ALL.length, 'the number of items');
    },
  ),
  sdkCheck(
    'lists/through-a-failure',
    'a page that fails for a moment is asked for again, and nothing is left out or doubled',
    { requirements: ['WW-SDK-010', 'WW-SDK-030'], ...LISTS },
    async (t) => {
      const client = await t.client({
        runs: {
          listRuns: ({ page: asked }, call) => {
            if (call.nth === 1) throw refusal('UNAVAILABLE');
            if (call.nth === 2) return call.drop();
            return page(asked?.cursor ?? '');
          },
        },
      });
      const runs = await client.list(listRuns, RunSchema, {}).all();
      t.equal(
        runs.map(({ runId }) => runId),
        ALL,
        'the items',
      );
    },
  ),
];
