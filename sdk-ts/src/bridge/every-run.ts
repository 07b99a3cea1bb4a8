import type { Loose, LoosePage, UpstreamWorld } from './upstream-world.js';

/** How many runs are asked for at a time. */
const RUNS = 100;

/** The World's runs of a filter of its own, newest first and without payloads, in the pages in which it gives them. */
export async function* everyRun(world: UpstreamWorld, filter: Loose = {}): AsyncGenerator<Loose[]> {
  let cursor: string | undefined;
  do {
    const page: LoosePage = await world.runs.list({
      ...filter,
      pagination: { ...(cursor && { cursor }), limit: RUNS, sortOrder: 'desc' },
      resolveData: 'none',
    });
    yield page.data ?? [];
    cursor = page.hasMore ? (page.cursor ?? undefined) : undefined;
  } while (cursor !== undefined);
}
