import { create } from '@bufbuild/protobuf';
import {
  ListRunsRequestSchema,
  QueueService,
  RunService,
  SortOrder,
  StreamService,
} from '@worldwire/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { collect, TestWorld } from './testing/test-world.js';

let world: TestWorld;

afterEach(() => world.close());

describe('lists', () => {
  it('go from page to page to the end, with the same filters', async () => {
    const asked: string[] = [];
    world = await TestWorld.start(({ service }) =>
      service(RunService, {
        listRuns({ workflowName, page }) {
          asked.push(`${workflowName} ${page?.cursor} ${page?.limit} ${page?.sortOrder}`);
          const from = Number(page?.cursor || 0);
          // A page in the middle may be empty.
          const runs = from === 1 ? [] : [{ runId: `r${from}` }];
          return { runs, page: { cursor: String(from + 1), hasMore: from < 2 } };
        },
      }),
    );
    const page = { limit: 1, sortOrder: SortOrder.ASCENDING };
    const runs = await collect(world.client().listRuns({ workflowName: 'w', page }));
    expect(runs.map(({ runId }) => runId)).toEqual(['r0', 'r2']);
    expect(asked).toEqual(['w  1 1', 'w 1 1 1', 'w 2 1 1']);
  });

  it('take requests that were made by create(), and leave them as they are', async () => {
    world = await TestWorld.start(({ service }) =>
      service(RunService, {
        listRuns: ({ page, workflowName }) => ({
          runs: [{ runId: `${workflowName}${page?.limit}${page?.cursor}` }],
          page: { cursor: 'c', hasMore: page?.cursor === '' },
        }),
      }),
    );
    for (const page of [undefined, { limit: 3 }]) {
      const request = create(ListRunsRequestSchema, { workflowName: 'w', page });
      const before = structuredClone(request);
      const runs = await collect(world.client().listRuns(request));
      const limit = page?.limit ?? 0;
      expect(runs.map(({ runId }) => runId)).toEqual([`w${limit}`, `w${limit}c`]);
      expect(structuredClone(request)).toEqual(before);
    }
  });

  it('begin at a given cursor, and read no page that nobody wants', async () => {
    world = await TestWorld.start(({ service }) =>
      service(QueueService, {
        listQueues: ({ page }) => ({
          queues: [{ queueName: page?.cursor }],
          page: { cursor: `${page?.cursor}+`, hasMore: true },
        }),
      }),
    );
    const names: string[] = [];
    for await (const { queueName } of world.client().listQueues({ page: { cursor: 'c' } })) {
      names.push(queueName);
      if (names.length === 2) break;
    }
    expect(names).toEqual(['c', 'c+']);
    expect(world.count('ListQueues')).toBe(2);
  });

  it.each(['same', ''])('end with an error where a cursor does not advance: %j', async (cursor) => {
    world = await TestWorld.start(({ service }) =>
      service(StreamService, {
        listStreams: () => ({ names: ['a'], page: { cursor, hasMore: true } }),
      }),
    );
    const list = collect(world.client().listStreams({ page: { cursor: 'same' } }));
    await expect(list).rejects.toMatchObject({ name: 'WorldError', code: 'data_loss' });
    expect(world.count('ListStreams')).toBe(1);
  });

  it('give chunks with numbers for indexes', async () => {
    world = await TestWorld.start(({ service }) =>
      service(StreamService, {
        listChunks: () => ({ chunks: [{ index: 5n, data: new Uint8Array([1]) }] }),
      }),
    );
    const chunks = await collect(world.client().listChunks({ name: 's' }));
    expect(chunks).toEqual([{ index: 5, data: new Uint8Array([1]) }]);
  });
});
