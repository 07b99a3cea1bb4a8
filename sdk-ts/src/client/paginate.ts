import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import type { CallOptions } from '@connectrpc/connect';
import { type PageInfo, PageRequestSchema } from '@worldwire/proto';
import { WorldError } from './error.js';
import type { List } from './types.js';

/** Makes a list that goes from page to page out of the call that reads one page. */
export function paginate<
  Request extends { page?: MessageInitShape<typeof PageRequestSchema> | undefined },
  Response extends { page?: PageInfo },
  Item,
>(
  readPage: (request: Request, options?: CallOptions) => Promise<Response>,
  itemsOf: (response: Response) => readonly Item[],
): List<Request, Item> {
  return async function* list(request, options) {
    let cursor = request.page?.cursor ?? '';
    for (;;) {
      // A copy: the page of a request that was made by create() is the caller's.
      const page = clone(PageRequestSchema, create(PageRequestSchema, request.page));
      page.cursor = cursor;
      const response = await readPage({ ...request, page }, options);
      yield* itemsOf(response);
      if (!response.page?.hasMore) return;
      const next = response.page.cursor;
      if (next === '' || next === cursor) {
        throw new WorldError('the World says that there is more, but its cursor does not advance', {
          code: 'data_loss',
          metadata: { cursor: next },
        });
      }
      cursor = next;
    }
  };
}
