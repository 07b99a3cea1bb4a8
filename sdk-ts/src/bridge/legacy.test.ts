import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { RunStatus, StepStatus } from '@worldwire/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { bytes, refusalOf, Served, textOf } from './testing/served.js';
import type { Loose } from './upstream-world.js';

/** A World with the interface of the 4.0.1 betas, which keeps everything as JSON. */
function oldWorld() {
  const runs = new Map<string, Loose>();
  const steps = new Map<string, Loose>();
  const hooks = new Map<string, Loose>();
  const log: Loose[] = [];
  const streams = new Map<string, Uint8Array[]>();
  const kept = (value: Loose) => JSON.parse(JSON.stringify(value));
  const found = (map: Map<string, Loose>, id: string, what: string) => {
    const value = map.get(id);
    if (value === undefined) throw new Error(`${what} ${id} not found`);
    return value;
  };
  const now = () => new Date().toISOString();
  const page = (data: Loose[]) => ({ data, cursor: null, hasMore: false });
  const update = (map: Map<string, Loose>, id: string, change: Loose, what: string) => {
    const next = { ...found(map, id, what), ...kept(change), updatedAt: now() };
    map.set(id, next);
    return next;
  };
  return {
    log,
    runs: {
      async create(data: Loose) {
        const runId = `wrun_${runs.size + 1}`;
        const run = { ...kept(data), runId, status: 'pending', createdAt: now(), updatedAt: now() };
        runs.set(runId, run);
        return run;
      },
      get: async (id: string) => {
        if (!runs.has(id))
          throw Object.assign(new Error(`${id} not found`), { name: 'WorkflowRunNotFoundError' });
        return runs.get(id);
      },
      update: async (id: string, data: Loose) => update(runs, id, data, 'Run'),
      cancel: async (id: string) => update(runs, id, { status: 'cancelled' }, 'Run'),
      list: async () => page([...runs.values()]),
    },
    steps: {
      async create(runId: string, data: Loose) {
        const step = { ...kept(data), runId, status: 'pending', attempt: 0, createdAt: now() };
        steps.set(data.stepId, step);
        return step;
      },
      get: async (_runId: string, id: string) => found(steps, id, 'Step'),
      update: async (_r: string, id: string, data: Loose) => update(steps, id, data, 'Step'),
      list: async () => page([...steps.values()]),
    },
    hooks: {
      async create(runId: string, data: Loose) {
        const hook = { ...kept(data), runId, createdAt: now() };
        hooks.set(data.hookId, hook);
        return hook;
      },
      get: async (id: string) => found(hooks, id, 'Hook'),
      getByToken: async (token: string) =>
        [...hooks.values()].find((hook) => hook.token === token) ?? found(hooks, token, 'Hook'),
      list: async () => page([...hooks.values()]),
      dispose: async (id: string) => hooks.delete(id) || found(hooks, id, 'Hook'),
    },
    events: {
      async create(runId: string, data: Loose) {
        const event = { ...kept(data), runId, eventId: `evnt_${log.length}`, createdAt: now() };
        log.push(event);
        return event;
      },
      list: async ({ runId }: Loose) => page(log.filter((event) => event.runId === runId)),
      listByCorrelationId: async () => page([]),
    },
    // biome-ignore lint/complexity/useArrowFunction: the number of arguments tells the line
    writeToStream: async function (name: string, chunk: Uint8Array) {
      streams.set(name, [...(streams.get(name) ?? []), chunk]);
    },
    async closeStream(_name: string) {},
    async readFromStream(name: string) {
      return new Blob(streams.get(name)?.map((chunk) => Uint8Array.from(chunk)) ?? []).stream();
    },
    queue: async () => ({ messageId: 'msg_1' }),
    createQueueHandler: () => async () => new Response(),
  };
}

let served: Served;

afterEach(() => served.close());

describe('a World of the 4.0.1 betas, served', () => {
  it('takes a run from its creation to its end by its own calls', async () => {
    const world = oldWorld();
    served = await Served.start(() => world);
    const { events, runs, steps, hooks } = served;
    const value = { deploymentId: 'd', workflowName: 'w', input: new Uint8Array([0, 255]) };
    const { run } = await events.createEvent({
      event: { data: { case: 'runCreated', value } },
    });
    const runId = run!.runId;
    expect([...run!.input!]).toEqual([0, 255]);
    const write = (data: Loose, correlationId = '') =>
      events.createEvent({ runId, event: { correlationId, data } });
    await write({ case: 'runStarted', value: {} });
    await write({ case: 'stepCreated', value: { stepName: 's', input: bytes('i') } }, 'step_1');
    const { step } = await write({ case: 'stepStarted', value: {} }, 'step_1');
    expect(step).toMatchObject({ attempt: 1, status: StepStatus.RUNNING });
    const error = { form: { case: 'structured', value: { message: 'no' } } };
    const retryAfter = timestampFromMs(Date.now());
    await write({ case: 'stepRetrying', value: { error, retryAfter } }, 'step_1');
    await write({ case: 'stepCompleted', value: { result: bytes('r') } }, 'step_1');
    expect(textOf((await steps.getStep({ runId, stepId: 'step_1' })).step?.output)).toBe('r');
    await write({ case: 'hookCreated', value: { token: 't', metadata: bytes('m') } }, 'hook_1');
    expect(textOf((await hooks.getHookByToken({ token: 't' })).hook?.metadata)).toBe('m');
    await write({ case: 'hookDisposed', value: {} }, 'hook_1');
    expect((await refusalOf(hooks.getHook({ hookId: 'hook_1' }))).reason).toBe('HOOK_NOT_FOUND');
    await write({ case: 'runCompleted', value: { output: bytes('out') } });
    const ended = await runs.getRun({ runId });
    expect(ended.run?.status).toBe(RunStatus.COMPLETED);
    expect(textOf(ended.run?.output)).toBe('out');
    expect(world.log.map(({ eventType }) => eventType)).toEqual([
      'workflow_started',
      'step_started',
      'step_retrying',
      'step_completed',
      'hook_created',
      'hook_disposed',
      'workflow_completed',
    ]);
    const listed = await events.listEvents({ runId });
    expect(listed.events.at(-1)?.data.case).toBe('runCompleted');
    const { event } = await events.getEvent({ runId, eventId: 'evnt_0' });
    expect(event?.data.case).toBe('runStarted');
  });

  it('writes streams by their names', async () => {
    served = await Served.start(oldWorld);
    const at = { runId: 'r', name: 's' };
    const { tailIndex } = await served.streams.append({ ...at, chunks: [bytes('a'), bytes('b')] });
    expect(tailIndex).toBe(1n);
    let read = '';
    for await (const { chunks } of served.streams.read(at))
      for (const { data } of chunks) read += textOf(data);
    expect(read).toBe('ab');
    expect((await refusalOf(served.streams.listChunks(at))).reason).toBe('CAPABILITY_NOT_DECLARED');
  });
});
