import type { Mutant } from '../../mutant.js';

/** Worlds whose logs are out of order, late or incomplete. */
export const orderMutants: readonly Mutant[] = [
  {
    name: 'time-runs-back',
    says: 'events have the times of several clocks that differ by some milliseconds',
    patches: [
      {
        file: 'core/append.js',
        find: 'const now = Math.max(context.now, state.row?.lastEventAt ?? 0);',
        replace: 'const now = context.now - Math.floor(Math.random() * 40);',
      },
    ],
    kills: ['log/created-at', 'log/times-in-order'],
  },
  {
    name: 'refusals-burn-positions',
    says: 'a refused event takes a position',
    patches: [
      {
        file: 'core/append.js',
        find: 'const EVENT_OVERHEAD_BYTES = 200;',
        replace: 'const EVENT_OVERHEAD_BYTES = 200;\nconst burned = new Map();',
      },
      {
        file: 'core/append.js',
        find: 'const decision = decide(state, command);',
        replace: `let decision;
    try {
        decision = decide(state, command);
    }
    catch (error) {
        burned.set(runId, (burned.get(runId) ?? 0) + 1);
        throw error;
    }`,
      },
      {
        file: 'core/append.js',
        find: 'const before = lastPosition(state.row);',
        replace:
          'const before = lastPosition(state.row) + (burned.get(runId) ?? 0);\n    burned.delete(runId);',
      },
    ],
    kills: ['log/positions', 'log/refusals-change-nothing'],
  },
  {
    name: 'reads-from-a-late-replica',
    says: 'every fifth read of a log comes from a replica that lacks the last events',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'const sliced = yield* store.listEvents(row.key, types, undefined, page.slice, payloads);',
        replace: `const whole = yield* store.listEvents(row.key, types, undefined, page.slice, payloads);
    globalThis.reads = (globalThis.reads ?? 0) + 1;
    const newest = page.slice.descending && page.slice.after === undefined;
    const late = globalThis.reads % 5 === 0 && (newest || (!whole.more && !page.slice.descending));
    const sliced = late ? { items: page.slice.descending ? whole.items.slice(8) : whole.items.slice(0, -8), more: false } : whole;`,
      },
    ],
    kills: ['log/acknowledged-is-there', 'log/nothing-vanishes'],
  },
  {
    name: 'loses-some-events',
    says: 'some events are answered with success and not written',
    patches: [
      {
        file: 'core/append.js',
        find: `    if (events.length > 0)
        yield* store.appendEvents(key, events, end);`,
        replace: `    if (events.length > 0 && end.lastPosition % 37 !== 0)
        yield* store.appendEvents(key, events, end);`,
      },
    ],
    kills: ['log/order-of-many'],
  },
  {
    name: 'pairs-turned-around',
    says: 'two events of one request are written the wrong way around',
    patches: [
      {
        file: 'core/append.js',
        find: 'const events = decision.records.map(',
        replace: 'const events = decision.records.toReversed().map(',
      },
    ],
    kills: ['log/pair-of-a-start', 'log/pair-of-a-step'],
  },
  {
    name: 'visible-out-of-order',
    says: 'some rows show some milliseconds later than rows behind them',
    patches: [
      {
        file: 'store/slices.js',
        find: '    for (const row of rows) {',
        replace: `    for (const row of rows) {
        const name = row.data === undefined ? '' : Buffer.from(row.data).toString('latin1');
        if (keyOf(row) % 3 === 0) {
            if (!born.has(name)) born.set(name, performance.now());
            if (performance.now() - born.get(name) < 8) continue;
        }`,
      },
      {
        file: 'store/slices.js',
        find: 'export function slice(',
        replace: 'const born = new Map();\nexport function slice(',
      },
    ],
    kills: [
      'log/prefix-reads',
      'log/watch-while-many-write',
      'log/deltas-of-many',
      'log/cursors-of-many',
      'paging/*-while-others-add',
    ],
  },
  {
    name: 'steps-from-a-cache',
    says: 'a step is read from a cache that may be half a second old',
    patches: [
      {
        file: 'core/read-rules.js',
        find: 'const step = yield* store.getStep(row.key, request.stepId, choice);',
        replace: `const cache = (globalThis.stepCache ??= new Map());
    const name = \`\${row.key} \${request.stepId} \${choice}\`;
    let entry = cache.get(name);
    if (entry === undefined || performance.now() - entry.at > 500) {
        entry = { step: yield* store.getStep(row.key, request.stepId, choice), at: performance.now() };
        if (entry.step !== undefined) cache.set(name, entry);
    }
    const { step } = entry;`,
      },
    ],
    kills: ['log/records-with-their-events'],
  },
];
