import type { Mutant } from '../../mutant.js';

/** Worlds that are wrong about orders and filters. */
export const filterMutants: readonly Mutant[] = [
  {
    name: 'order-ignored',
    says: 'lists have one order, whatever is asked for',
    patches: [
      {
        file: 'core/pages.js',
        find: 'const descending = order === SortOrder.DESCENDING;',
        replace: 'const descending = own;',
      },
    ],
    kills: ['paging/*-once', 'paging/one-order-of-*'],
  },
  {
    name: 'types-filtered-after-the-cut',
    says: 'a filter of types is applied to a page, which ends the list where nothing is left',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'const sliced = yield* store.listEvents(row.key, types, undefined, page.slice, payloads);',
        replace: `const whole = yield* store.listEvents(row.key, [], undefined, page.slice, payloads);
    const numbers = { runCreated: 1, runStarted: 2, stepCreated: 7, stepStarted: 8, hookCreated: 12, waitCreated: 16 };
    const items = types.length === 0 ? whole.items : whole.items.filter(({ value }) => types.includes(numbers[value.data.case]));
    const sliced = { items, more: whole.more && items.length > 0 };`,
      },
    ],
    kills: ['paging/events-by-type'],
  },
  {
    name: 'states-of-waits-ignored',
    says: 'waits are listed in every state, whatever is asked for',
    patches: [
      {
        file: 'store/sqlite/waits.js',
        find: 'maskOf(status === 0 ? [] : [status])',
        replace: 'maskOf([])',
      },
    ],
    kills: ['paging/waits-by-state'],
  },
  {
    name: 'workflows-by-pattern',
    says: 'a workflow name is taken for a pattern, without regard to case',
    patches: [
      {
        file: 'store/sqlite/runs.js',
        find: "where.push('r.workflow_name = ?');",
        replace: "where.push('r.workflow_name LIKE ?');",
      },
    ],
    kills: ['paging/runs-by-workflow'],
  },
  {
    name: 'one-state-of-several',
    says: 'a filter of several states counts as one of the first',
    patches: [
      {
        file: 'core/run-rules.js',
        find: 'statuses: [...new Set(statuses)].sort((a, b) => a - b),',
        replace: 'statuses: [...new Set(statuses)].sort((a, b) => a - b).slice(0, 1),',
      },
    ],
    kills: ['paging/runs-by-state'],
  },
  {
    name: 'upper-time-included',
    says: 'a run that was created at the upper end of a time filter is listed',
    patches: [
      {
        file: 'store/sqlite/runs.js',
        find: "where.push('r.created_at < ?');",
        replace: "where.push('r.created_at <= ?');",
      },
    ],
    kills: ['paging/runs-by-time'],
  },
  {
    name: 'one-attribute-of-several',
    says: 'of several attributes one has to match',
    patches: [
      {
        file: 'core/run-rules.js',
        find: 'const attributes = Object.entries(request.attributes);',
        replace: 'const attributes = Object.entries(request.attributes).slice(0, 1);',
      },
    ],
    kills: ['paging/runs-by-attributes'],
  },
  {
    name: 'unknown-types-match-nothing',
    says: 'a filter of an unknown type matches nothing instead of being refused',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'if (EventType[type] === undefined)',
        replace: 'if (type === -1)',
      },
    ],
    kills: ['paging/unknown-values'],
  },
  {
    name: 'attribute-keys-by-value',
    says: 'attribute keys are counted by their values',
    patches: [
      {
        file: 'store/sqlite/runs.js',
        find: 'count(*) AS runCount',
        replace: 'count(DISTINCT k.value) AS runCount',
      },
    ],
    kills: ['paging/attribute-keys'],
  },
];
