import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  EventType,
  type ListRunsRequestSchema,
  RunStatus,
  SortOrder,
  WaitStatus,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { atOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { walk } from './lists.js';

type Filter = Omit<MessageInitShape<typeof ListRunsRequestSchema>, '$typeName' | 'page'>;

/** An enum value that no version has. */
const UNKNOWN = 99;

/** The runs that match, oldest first, by pages of a size. */
async function runsBy(t: Context, filter: Filter, limit = 2): Promise<string[]> {
  const list = {
    read: async ({ cursor = '' }) => {
      const page = { cursor, limit, sortOrder: SortOrder.ASCENDING };
      const answer = await t.api.runs.listRuns({ ...filter, page });
      return { ids: answer.runs.map(({ runId }) => runId), page: answer.page };
    },
  };
  return (await walk(t, list, {})).flatMap(({ ids }) => ids);
}

/** What is listed. */
export const filterChecks: readonly Check[] = [
  check(
    'paging/events-by-type',
    'A filter of types returns the events of those types, wherever they stand, and all without one',
    { requirements: ['WW-PAGE-037', 'WW-PAGE-031'] },
    async (t) => {
      const run = await t.startedRun();
      for (let index = 0; index < 14; index++)
        await run.given(
          index % 5 === 2
            ? events.waitCreated(`wait_${index}`)
            : events.stepCreated(`step_${index}`),
        );
      await run.given(
        events.stepStarted('step_0'),
        events.hookCreated('hook_1', t.unique('token')),
      );
      const log = await run.log();
      const cases: readonly (readonly [EventType[], string[]])[] = [
        [[EventType.WAIT_CREATED], ['waitCreated']],
        [[EventType.RUN_CREATED], ['runCreated']],
        [
          [EventType.HOOK_CREATED, EventType.STEP_STARTED],
          ['hookCreated', 'stepStarted'],
        ],
        [
          [EventType.STEP_STARTED, EventType.HOOK_CREATED],
          ['hookCreated', 'stepStarted'],
        ],
        [[EventType.WAIT_CREATED, EventType.WAIT_CREATED], ['waitCreated']],
        [[EventType.RUN_COMPLETED], []],
      ];
      for (const [types, wanted] of cases)
        for (const sortOrder of [SortOrder.ASCENDING, SortOrder.DESCENDING])
          for (const limit of [1, 2, 50]) {
            const list = {
              read: async ({ cursor = '' }) => {
                const page = { cursor, limit, sortOrder };
                const answer = await t.api.events.listEvents({ runId: run.id, types, page });
                return { ids: answer.events.map(({ eventId }) => eventId), page: answer.page };
              },
            };
            const match = log
              .filter(({ data }) => wanted.includes(data.case ?? ''))
              .map(({ eventId }) => eventId);
            t.equal(
              (await walk(t, list, {})).flatMap(({ ids }) => ids),
              sortOrder === SortOrder.ASCENDING ? match : match.toReversed(),
              `the events of types ${types.join(', ')} by ${limit}`,
            );
          }
      const all = await t.api.events.listEvents({ runId: run.id, types: [], page: { limit: 100 } });
      t.equal(all.events, log, 'the events without a filter');
    },
  ),
  check(
    'paging/waits-by-state',
    'A filter of a state returns the waits in that state now',
    { requirements: ['WW-PAGE-031', 'WW-PAGE-025'], capabilities: ['WAIT_READS'] },
    async (t) => {
      const run = await t.startedRun();
      const ids = Array.from({ length: 9 }, (_, index) => `wait_${index}`);
      for (const id of ids) await run.given(events.waitCreated(id));
      const done = ['wait_1', 'wait_5', 'wait_8'];
      for (const id of done) await run.given(events.waitCompleted(id));
      const open = ids.filter((id) => !done.includes(id));
      for (const [status, wanted] of [
        [WaitStatus.WAITING, open],
        [WaitStatus.COMPLETED, done],
        [WaitStatus.UNSPECIFIED, ids],
      ] as const)
        for (const limit of [1, 2, 50]) {
          const list = {
            read: async ({ cursor = '' }) => {
              const page = { cursor, limit };
              const answer = await t.api.waits.listWaits({ runId: run.id, status, page });
              return { ids: answer.waits.map(({ waitId }) => waitId), page: answer.page };
            },
          };
          const found = (await walk(t, list, {})).flatMap((page) => page.ids);
          t.equal(found, [...wanted], `the waits in state ${WaitStatus[status]} by ${limit}`);
        }
    },
  ),
  check(
    'paging/runs-by-workflow',
    'Runs are found by the exact name of their workflow',
    { requirements: ['WW-PAGE-033', 'WW-PAGE-032'] },
    async (t) => {
      const base = `wf_${t.unique('a')}`;
      const names = [
        base,
        base.toUpperCase(),
        `${base}x`,
        base.slice(0, -1),
        `${base} `,
        `${base}%`,
        `${base}//./a.ts//b`,
        `${base}\u00e9`,
        `${base}e\u0301`,
      ];
      const ids = new Map<string, string[]>();
      for (let round = 0; round < 2; round++)
        for (const workflowName of names) {
          const { id } = await t.run({ create: { workflowName } });
          ids.set(workflowName, [...(ids.get(workflowName) ?? []), id]);
        }
      for (const workflowName of names)
        t.equal(
          await runsBy(t, { workflowName }, 1),
          ids.get(workflowName),
          `the runs of ${JSON.stringify(workflowName)}`,
        );
      for (const workflowName of [`${base.slice(0, -1)}_`, '%', `${base}*`, base.slice(3)])
        t.equal(await runsBy(t, { workflowName }), [], `the runs of ${workflowName}`);
    },
  ),
  check(
    'paging/runs-by-state',
    'Runs are found by the state that they are in now, in one of several, or in any',
    { requirements: ['WW-PAGE-034', 'WW-PAGE-032', 'WW-PAGE-031'] },
    async (t) => {
      const workflowName = t.unique('wf');
      const states = [
        RunStatus.PENDING,
        RunStatus.RUNNING,
        RunStatus.COMPLETED,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
      ] as const;
      const ids: string[] = [];
      const now: RunStatus[] = [];
      for (let index = 0; index < 10; index++) {
        const status = states[(index * 3) % 5]!;
        const run = await t.run({ create: { workflowName } });
        ids.push(run.id);
        now.push(status);
        if (status === RunStatus.PENDING) continue;
        if (status !== RunStatus.CANCELLED) await run.given(events.runStarted());
        if (status === RunStatus.COMPLETED) await run.given(events.runCompleted());
        if (status === RunStatus.FAILED) await run.given(events.runFailed(run.failure()));
        if (status === RunStatus.CANCELLED) await run.given(events.runCancelled());
      }
      const filters: RunStatus[][] = [
        ...states.map((status) => [status]),
        [RunStatus.PENDING, RunStatus.RUNNING],
        [RunStatus.FAILED, RunStatus.COMPLETED],
        [RunStatus.CANCELLED, RunStatus.PENDING, RunStatus.CANCELLED],
        [...states],
        [],
      ];
      for (const statuses of filters)
        for (const limit of [1, 3, 100])
          t.equal(
            await runsBy(t, { workflowName, statuses }, limit),
            ids.filter((_, at) => statuses.length === 0 || statuses.includes(now[at]!)),
            `the runs in state ${statuses.map((status) => RunStatus[status]).join(' or ')}`,
          );
      t.equal(
        await runsBy(t, { workflowName: t.unique('wf'), statuses: [RunStatus.PENDING] }),
        [],
        'the runs of another workflow',
      );
    },
  ),
  check(
    'paging/runs-by-time',
    'Runs are found by the time of their creation: the lower end counts, the upper does not',
    { requirements: ['WW-PAGE-035', 'WW-PAGE-032'], capabilities: ['RUN_TIME_FILTER'] },
    async (t) => {
      const workflowName = t.unique('wf');
      const runs: { id: string; at: number }[] = [];
      for (let index = 0; index < 5; index++) {
        const run = await t.run({ create: { workflowName } });
        runs.push({ id: run.id, at: atOf(t, 'created_at', (await run.get()).createdAt) });
        await t.sleep(3);
      }
      const edges = [...new Set(runs.flatMap(({ at }) => [at - 1, at, at + 1]))];
      for (const edge of edges) {
        const time = timestampFromMs(edge);
        const of = (holds: (at: number) => boolean) =>
          runs.filter(({ at }) => holds(at)).map(({ id }) => id);
        t.equal(
          await runsBy(t, { workflowName, createdFrom: time }),
          of((at) => at >= edge),
          `the runs from ${edge}`,
        );
        t.equal(
          await runsBy(t, { workflowName, createdBefore: time }),
          of((at) => at < edge),
          `the runs before ${edge}`,
        );
      }
      const [from, before] = [runs[1]!.at, runs[3]!.at];
      t.equal(
        await runsBy(t, {
          workflowName,
          createdFrom: timestampFromMs(from),
          createdBefore: timestampFromMs(before),
        }),
        runs.filter(({ at }) => at >= from && at < before).map(({ id }) => id),
        'the runs between two times',
      );
    },
  ),
  check(
    'paging/runs-by-attributes',
    'Runs are found by the attributes that they carry now, all of them, with exactly their values',
    { requirements: ['WW-PAGE-036', 'WW-PAGE-032', 'WW-PAGE-031'], capabilities: ['ATTRIBUTES'] },
    async (t) => {
      const workflowName = t.unique('wf');
      const key = t.unique('key');
      const begin = [{ [key]: 'a' }, { [key]: 'A' }, { [key]: 'a', b: '1' }, { b: '1' }, {}];
      const ids: string[] = [];
      for (const attributes of begin as Record<string, string>[])
        ids.push((await t.run({ create: { workflowName, attributes } })).id);
      const found = async (attributes: Record<string, string>) =>
        (await runsBy(t, { workflowName, attributes }, 1)).map((id) => ids.indexOf(id));
      t.equal(await found({ [key]: 'a' }), [0, 2], 'the runs with one attribute');
      t.equal(await found({ [key]: 'A' }), [1], 'the runs with another case');
      t.equal(await found({ [key]: 'a', b: '1' }), [2], 'the runs with both');
      t.equal(await found({ [key]: 'a%' }), [], 'the runs with a pattern');
      t.equal(await found({ [key.toUpperCase()]: 'a' }), [], 'the runs with another key');
      const writer = { writer: { case: 'workflow' as const, value: {} } };
      const change = async (index: number, value?: string) =>
        t.given('attr_set', () =>
          t.api.events.createEvent({
            runId: ids[index]!,
            event: events.attrSet(t.unique('attr'), {
              changes: [value === undefined ? { key } : { key, value }],
              writer,
            }),
          }),
        );
      await change(0, 'b');
      await change(2);
      await change(4, 'a');
      t.equal(await found({ [key]: 'a' }), [4], 'the runs with the attribute after changes');
      t.equal(await found({ [key]: 'b' }), [0], 'the runs with the new value');
      t.equal(await found({ b: '1' }), [2, 3], 'the runs with the other attribute');
      const paged = await runsBy(t, { workflowName, attributes: { b: '1' } }, 100);
      t.equal(
        paged.map((id) => ids.indexOf(id)),
        [2, 3],
        'the same in one page',
      );
    },
  ),
  check(
    'paging/filters-bind-cursors',
    'A cursor that was issued for one filter is refused with another',
    { requirements: ['WW-PAGE-023', 'WW-PAGE-022'] },
    async (t) => {
      const workflowName = t.unique('wf');
      for (let index = 0; index < 3; index++) await t.run({ create: { workflowName } });
      const { runs, events: service } = t.api;
      const first = await runs.listRuns({ workflowName, page: { limit: 1 } });
      const page = { limit: 1, cursor: first.page?.cursor ?? '' };
      for (const other of [
        { workflowName: t.unique('wf') },
        { workflowName, statuses: [RunStatus.PENDING] },
        {},
      ])
        await t.refused(
          'a cursor of ListRuns with another filter',
          () => runs.listRuns({ ...other, page }),
          'INVALID_CURSOR',
        );
      await t.accepted('the cursor with its filter', () => runs.listRuns({ workflowName, page }));
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepCreated('step_2'));
      const ask = (types: EventType[], cursor = '') =>
        service.listEvents({ runId: run.id, types, page: { limit: 1, cursor } });
      const { page: of } = await ask([EventType.STEP_CREATED]);
      const cursor = of?.cursor ?? '';
      for (const types of [[], [EventType.RUN_CREATED], [EventType.STEP_CREATED, 1]])
        await t.refused(
          `a cursor of ListEvents with types ${types.join(', ')}`,
          () => ask(types, cursor),
          'INVALID_CURSOR',
        );
      const next = await t.accepted('the cursor with its types', () =>
        ask([EventType.STEP_CREATED], cursor),
      );
      t.equal(next.events[0]?.correlationId, 'step_2', 'the next event');
    },
  ),
  check(
    'paging/unknown-values',
    'A filter or an order with a value that the World does not know is refused',
    { requirements: ['WW-PAGE-039'] },
    async (t) => {
      const run = await t.startedRun();
      const runId = run.id;
      const { runs, events: service, steps, hooks, waits } = t.api;
      const order = { sortOrder: UNKNOWN as SortOrder };
      const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['types', () => service.listEvents({ runId, types: [UNKNOWN as EventType] })],
        [
          'types beside a known one',
          () => service.listEvents({ runId, types: [1, UNKNOWN as EventType] }),
        ],
        ['statuses', () => runs.listRuns({ statuses: [UNKNOWN as RunStatus] })],
        ['the order of events', () => service.listEvents({ runId, page: order })],
        ['the order of steps', () => steps.listSteps({ runId, page: order })],
        ['the order of hooks', () => hooks.listHooks({ runId, page: order })],
        ['the order of runs', () => runs.listRuns({ workflowName: 'x', page: order })],
        [
          'the order of an entity',
          () => service.listEventsByCorrelation({ runId, correlationId: 'x', page: order }),
        ],
        ...(t.has('WAIT_READS')
          ? [
              [
                'the state of waits',
                () => waits.listWaits({ runId, status: UNKNOWN as WaitStatus }),
              ] as const,
              ['the order of waits', () => waits.listWaits({ runId, page: order })] as const,
            ]
          : []),
      ];
      for (const [what, call] of calls)
        await t.refused(`${what} of ${UNKNOWN}`, call, 'INVALID_ARGUMENT');
      await t.accepted('known values', () =>
        service.listEvents({ runId, types: [1], page: { sortOrder: SortOrder.DESCENDING } }),
      );
    },
  ),
  check(
    'paging/one-order-of-streams',
    'The lists of chunks and of streams have no order but their own',
    { requirements: ['WW-PAGE-030'], capabilities: ['STREAM_INSPECTION'] },
    async (t) => {
      const run = await t.startedRun();
      const [runId, name] = [run.id, t.unique('stream')];
      await t.given('a chunk', () =>
        t.api.streams.append({ runId, name, chunks: [new Uint8Array([1])] }),
      );
      const page = { sortOrder: SortOrder.DESCENDING };
      const { streams } = t.api;
      await t.refused(
        'chunks, newest first',
        () => streams.listChunks({ runId, name, page }),
        'INVALID_ARGUMENT',
      );
      await t.refused(
        'streams, newest first',
        () => streams.listStreams({ runId, page }),
        'INVALID_ARGUMENT',
      );
      const { chunks } = await t.accepted('chunks in their order', () =>
        streams.listChunks({ runId, name, page: { sortOrder: SortOrder.ASCENDING } }),
      );
      t.equal(chunks.length, 1, 'chunks');
    },
  ),
  check(
    'paging/one-order-of-queues',
    'The list of queues has no order but its own',
    { requirements: ['WW-PAGE-030'], capabilities: ['QUEUE_ADMIN'] },
    async (t) => {
      const { queue } = t.api;
      const page = { sortOrder: SortOrder.DESCENDING };
      await t.refused('queues, backwards', () => queue.listQueues({ page }), 'INVALID_ARGUMENT');
      await t.accepted('queues', () => queue.listQueues({}));
    },
  ),
  check(
    'paging/one-order-of-attribute-keys',
    'The list of attribute keys has no order but its own',
    { requirements: ['WW-PAGE-030'], capabilities: ['ATTRIBUTES'] },
    async (t) => {
      const { runs } = t.api;
      const page = { sortOrder: SortOrder.DESCENDING };
      await t.refused(
        'keys, backwards',
        () => runs.listAttributeKeys({ page }),
        'INVALID_ARGUMENT',
      );
      await t.accepted('keys', () => runs.listAttributeKeys({}));
    },
  ),
  check(
    'paging/attribute-keys',
    'Each attribute key that runs carry now is listed once, with their number and their times',
    { requirements: ['WW-PAGE-059', 'WW-PAGE-060', 'WW-PAGE-007'], capabilities: ['ATTRIBUTES'] },
    async (t) => {
      const workflowName = t.unique('wf');
      const carried = [{ a: '1', b: '1' }, { b: '2' }, { b: '1', c: '1' }, {}, { d: '1' }];
      const runs: RunHandle[] = [];
      for (const attributes of carried as Record<string, string>[]) {
        runs.push(await t.run({ create: { workflowName, attributes } }));
        await t.sleep(3);
      }
      await t.run({ create: { workflowName: t.unique('wf'), attributes: { z: '1', b: '1' } } });
      const change = (index: number, changes: { key: string; value?: string }[]) =>
        runs[index]!.given(
          events.attrSet(t.unique('attr'), {
            changes,
            writer: { writer: { case: 'workflow', value: {} } },
          }),
        );
      await change(4, [{ key: 'd' }]);
      await change(3, [{ key: 'c', value: '2' }]);
      await change(1, [{ key: 'b', value: '3' }]);
      const at = await Promise.all(runs.map(async (run) => (await run.get()).createdAt));
      const wanted = [
        ['a', 1, at[0], at[0]],
        ['b', 3, at[0], at[2]],
        ['c', 2, at[2], at[3]],
      ];
      for (const limit of [0, 1, 2, 3]) {
        const found = new Map<string, unknown[]>();
        for (let cursor = '', more = true; more; ) {
          const page = { limit, cursor };
          const answer = await t.api.runs.listAttributeKeys({ workflowName, page });
          for (const { key, runCount, firstSeenAt, lastSeenAt } of answer.attributes) {
            t.ok(!found.has(key), 'a key comes once', 'another key', key);
            found.set(key, [key, Number(runCount), firstSeenAt, lastSeenAt]);
          }
          cursor = answer.page?.cursor ?? '';
          more = answer.page?.hasMore ?? false;
        }
        t.equal([...found.keys()].sort(), ['a', 'b', 'c'], `the keys by ${limit}`);
        for (const each of wanted)
          t.equal(found.get(each[0] as string), each, `the key ${each[0]}`);
      }
    },
  ),
];
