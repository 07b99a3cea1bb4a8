/** What a server remembers of runs, and what it builds on that. */
import { RunStatus, StepStatus } from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { stripEvent, stripStep } from '../../core/payloads.js';
import { type Operation, type Program, store } from '../../core/program.js';
import { aResult, aRun, aStep, bytes, everything } from '../../testing/store-records.js';
import { eventsOf, type KnownRun } from './known-run.js';
import { RunMemory } from './run-memory.js';
import { speculate } from './speculation.js';

const KEY = 7;
const LARGE = 65 * 1_024;
const context = { now: 1, newId: () => 'id' };

let memory: RunMemory;
let position: number;
beforeEach(() => {
  memory = new RunMemory();
  position = 0;
  // A run that is created and changed by this server is as it knows it.
  commit();
  commit();
});

const known = (runId = 'r') => memory.find({ project: 'p', runId });

/** The run at a position, as it is read. */
function read(lastPosition: number, runId = 'r'): KnownRun {
  const row = {
    ...{ key: KEY, lastEventAt: lastPosition, bytes: lastPosition },
    run: aRun(runId, { lastPosition: BigInt(lastPosition) }),
  };
  return { project: 'p', runId, row, steps: new Map(), events: [] };
}

/** Changes of a transaction of this server that appends an event. */
function commit(changes: readonly Operation[] = [], size = 1, runId = 'r'): void {
  const before = read(position, runId);
  position++;
  const event = aResult(runId, position, 's', bytes(size));
  const end = { lastPosition: position, lastEventAt: position, bytes: position };
  memory.learn(before, [{ name: 'appendEvents', args: [KEY, [event], end] }, ...changes]);
}

const insert = (stepId: string, size = 3): Operation => ({
  name: 'insertStep',
  args: [KEY, aStep('r', stepId, { input: bytes(size) })],
});

const update = (stepId: string, status: StepStatus): Operation => ({
  name: 'updateStep',
  args: [KEY, stripStep(aStep('r', stepId, { status })), { output: bytes(2) }],
});

describe('a run', () => {
  it('is known when this server alone has written to it', () => {
    expect(known()?.row).toMatchObject({ lastEventAt: 2, bytes: 2, run: { lastPosition: 2n } });
    // Another server's event lies between.
    position++;
    commit();
    expect(known()).toBeUndefined();
    commit();
    expect(known()?.row.run.lastPosition).toBe(5n);
  });

  it('does not go back where the earlier of two commits is told later', () => {
    commit();
    position = 1;
    commit();
    expect(known()?.row.run.lastPosition).toBe(3n);
  });

  it('is forgotten with its payloads', () => {
    commit([insert('s')]);
    commit([{ name: 'purgeRun', args: ['p', KEY, 'r'] }]);
    expect(known()).toBeUndefined();
  });

  it('is forgotten when it ends', () => {
    const ended = aRun('r', { status: RunStatus.COMPLETED });
    commit([{ name: 'updateRun', args: [KEY, ended, {}] }]);
    expect(known()).toBeUndefined();
  });

  it('is forgotten with all others', () => {
    memory.forgetAll();
    commit();
    expect(known()).toBeUndefined();
  });

  it('has the record that was written last', () => {
    commit([{ name: 'updateRun', args: [KEY, aRun('r', { workflowName: 'new' }), {}] }]);
    expect(known()?.row.run).toMatchObject({ workflowName: 'new', lastPosition: 3n });
  });
});

describe('steps', () => {
  it('keep the payloads that a change does not give, until they end', () => {
    commit([insert('s'), insert('t')]);
    commit([update('s', StepStatus.RUNNING)]);
    expect(known()?.steps.get('s')).toMatchObject({
      ...{ status: StepStatus.RUNNING, input: bytes(3), output: bytes(2) },
    });
    commit([update('s', StepStatus.COMPLETED)]);
    expect([...known()!.steps.keys()]).toEqual(['t']);
  });

  it('are unknown where their payloads are, or are large', () => {
    commit([update('s', StepStatus.RUNNING), insert('t', LARGE)]);
    expect(known()?.steps.size).toBe(0);
  });

  it('are bounded', () => {
    for (let n = 0; n < 70; n++) commit([insert(`s${n}`)]);
    expect(known()?.steps.size).toBe(64);
    expect(known()?.steps.has('s69')).toBe(true);
  });
});

describe('events', () => {
  const after = (from: number) =>
    eventsOf(known()!, [], { ...everything, after: from }, true)?.items.map(({ key }) => key);

  it('are the last ones, and nothing is said of those before', () => {
    for (let n = 0; n < 30; n++) commit();
    expect(after(16)).toEqual(Array.from({ length: 16 }, (_, n) => 17 + n));
    expect(after(15)).toBeUndefined();
    expect(after(32)).toBeUndefined();
  });

  it('begin behind a large one', () => {
    commit([], LARGE);
    commit();
    expect(after(3)).toEqual([4]);
    expect(after(2)).toBeUndefined();
  });

  it('are of the types, and without payloads, as asked', () => {
    const slice = { ...everything, after: 1 };
    const [event] = known()!.events.slice(-1);
    expect(eventsOf(known()!, [], slice, false)?.items[0]?.value).toEqual(stripEvent(event!));
    expect(eventsOf(known()!, [99 as never], slice, true)?.items).toEqual([]);
    expect(eventsOf(known()!, [], { ...slice, descending: true }, true)).toBeUndefined();
    expect(eventsOf(known()!, [], { ...slice, limit: 0 }, true)).toBeUndefined();
    expect(eventsOf(known()!, [], { ...slice, maxBytes: 0 }, true)).toBeUndefined();
  });
});

describe('all of it', () => {
  it('is bounded, and the oldest goes first', () => {
    const create = (runId: string, size: number) => {
      position = 0;
      commit([insert('s', size)], 1, runId);
      commit([], 1, runId);
    };
    for (let n = 0; n < 40_000; n++) create(`r${n}`, 1);
    expect([known(), known('r0')]).toEqual([undefined, undefined]);
    expect([known('r39000'), known('r39999')]).not.toContain(undefined);
    for (let n = 0; n < 1_200; n++) create(`large${n}`, 60_000);
    expect([known('r39999'), known('large0')]).toEqual([undefined, undefined]);
    expect([known('large300'), known('large1199')]).not.toContain(undefined);
  });
});

describe('a command', () => {
  const on = (command: () => Program<unknown>) =>
    speculate(command, context, (project, runId) => memory.find({ project, runId }));
  const end = { lastPosition: 3, lastEventAt: 3, bytes: 3 };
  const append = () => store.appendEvents(KEY, [aResult('r', 3, 's', bytes(1))], end);

  it('comes to what it would with the same answers', () => {
    const told = on(function* () {
      yield* store.getRun('p', 'r', 'none');
      yield* append();
      yield* store.notify('topic');
      return 'value';
    });
    expect(told).toMatchObject({ value: 'value', topics: ['topic'], run: { before: known() } });
    expect(told?.run?.after.row.run.lastPosition).toBe(3n);
  });

  it.each<[string, () => Program<unknown>]>([
    [
      'a run that is unknown',
      function* () {
        yield* store.getRun('p', 'other', 'none');
        yield* append();
      },
    ],
    [
      'payloads of the run',
      function* () {
        yield* store.getRun('p', 'r', 'input');
        yield* append();
      },
    ],
    [
      'a step that is absent and that it does not insert',
      function* () {
        yield* store.getRun('p', 'r', 'none');
        yield* store.getStep(KEY, 'x', 'none');
        yield* append();
      },
    ],
    [
      'a request that is new and whose outcome it does not keep',
      function* () {
        yield* store.getOutcome('p', 'id');
        yield* store.getRun('p', 'r', 'none');
        yield* append();
      },
    ],
    [
      'something else',
      function* () {
        yield* store.getRun('p', 'r', 'none');
        yield* store.getHook(KEY, 'h');
        yield* append();
      },
    ],
    [
      'its rejection',
      function* () {
        yield* store.getRun('p', 'r', 'none');
        throw new Error('rejected');
      },
    ],
    [
      'nothing that it appends',
      function* () {
        yield* store.getRun('p', 'r', 'none');
      },
    ],
  ])('has to ask because of %s', (_, command) => {
    expect(on(command)).toBeUndefined();
  });
});
