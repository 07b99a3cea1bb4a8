import { create, createFileRegistry, type MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import {
  CancelOutcome,
  Capability,
  type NewEventSchema,
  RunService,
  RunStatus,
  SortOrder,
  StepStatus,
  WaitStatus,
} from '@worldwire/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes, type Line, localWorld, refusalOf, Served, textOf, ulid } from './testing/served.js';
import type { Loose, UpstreamWorld } from './upstream-world.js';

type Data = MessageInitShape<typeof NewEventSchema>['data'];

const soon = () => timestampFromMs(Date.now() + 60_000);

describe.each<Line>(['v4', 'v5'])('world-local of %s, served', (line) => {
  let served: Served;

  beforeAll(async () => {
    served = await Served.local(line, { name: '@workflow/world-local', version: '1.2.3' });
  });
  afterAll(() => served.close());

  const write = (runId: string, data: Data, correlationId = '') =>
    served.events.createEvent({ runId, event: { correlationId, data } });

  async function newRun(): Promise<string> {
    const runId = `wrun_${ulid()}`;
    const value = { deploymentId: 'dpl_1', workflowName: 'wf', input: bytes('in\0put') };
    await write(runId, { case: 'runCreated', value });
    await write(runId, { case: 'runStarted', value: {} });
    return runId;
  }

  const newStep = (runId: string, stepId: string) =>
    write(runId, { case: 'stepCreated', value: { stepName: 's', input: bytes('i') } }, stepId);

  const error = (message: string) =>
    line === 'v5'
      ? ({ form: { case: 'payload', value: bytes(message) } } as const)
      : ({ form: { case: 'structured', value: { message, stack: 'at f' } } } as const);

  it('says what it is', async () => {
    const world = await served.world.getWorld({});
    expect(world.implementation).toBe('@workflow/world-local@1.2.3 (bridged)');
    expect([world.minSpecVersion, world.maxSpecVersion]).toEqual([2, line === 'v5' ? 7 : 3]);
    const common = [Capability.DURABILITY, Capability.WAKE_RUNS, Capability.STREAM_INSPECTION];
    const newer = [
      Capability.HOOK_RESUME_DEDUP,
      Capability.HOOK_RETENTION,
      Capability.ATTRIBUTES,
      Capability.POSITIONS,
      Capability.EVENT_DELTAS,
      Capability.LAZY_STEPS,
      Capability.PUBLIC_KEYS,
    ];
    expect(new Set(world.capabilities)).toEqual(
      new Set(line === 'v5' ? [...common, ...newer] : common),
    );
  });

  it('takes a run from its creation to its end', async () => {
    const runId = `wrun_${ulid()}`;
    const value = {
      deploymentId: 'dpl_1',
      workflowName: 'wf',
      input: bytes('in\0put'),
      executionContext: { a: [1, 'x'] },
    };
    const created = await write(runId, { case: 'runCreated', value });
    expect(created.run).toMatchObject({ runId, status: RunStatus.PENDING, deploymentId: 'dpl_1' });
    expect(textOf(created.run?.input)).toBe('in\0put');
    expect(created.event?.position).toBe(line === 'v5' ? 1n : 0n);
    const started = await write(runId, { case: 'runStarted', value: {} });
    expect(started.run?.status).toBe(RunStatus.RUNNING);
    expect(started.run?.startedAt).toBeDefined();
    expect(started.delta).toBeUndefined();
    await write(runId, { case: 'runCompleted', value: { output: bytes('out') } });
    const { run } = await served.runs.getRun({ runId });
    expect(run).toMatchObject({
      status: RunStatus.COMPLETED,
      executionContext: { a: [1, 'x'] },
      lastPosition: line === 'v5' ? 3n : 0n,
    });
    expect(textOf(run?.output)).toBe('out');
    const { events } = await served.events.listEvents({ runId });
    expect(events.map(({ data }) => data.case)).toEqual([
      'runCreated',
      'runStarted',
      'runCompleted',
    ]);
    expect((await served.runs.waitForRun({ runId })).run?.status).toBe(RunStatus.COMPLETED);
  });

  it('keeps errors as they were written', async () => {
    const runId = await newRun();
    await newStep(runId, 'step_1');
    const failed = await write(
      runId,
      { case: 'stepFailed', value: { error: error('boom') } },
      'step_1',
    );
    expect(failed.step?.error).toMatchObject(error('boom'));
    const value = { error: error('bad'), errorCode: 'USER_ERROR' };
    await write(runId, { case: 'runFailed', value });
    const { run } = await served.runs.getRun({ runId });
    expect(run).toMatchObject({ status: RunStatus.FAILED, errorCode: 'USER_ERROR' });
    expect(run?.error).toMatchObject(error('bad'));
    const { events } = await served.events.listEvents({ runId });
    expect(events.at(-1)?.data.value).toMatchObject({ error: error('bad') });
  });

  it('keeps an error in bytes also where the World has texts', async () => {
    const runId = await newRun();
    const given = { form: { case: 'payload', value: new Uint8Array([0, 255]) } } as const;
    await write(runId, { case: 'runFailed', value: { error: given } });
    const { run } = await served.runs.getRun({ runId });
    expect(run?.error?.form).toMatchObject(given.form);
  });

  it('takes a step through its tries', async () => {
    const runId = await newRun();
    await newStep(runId, 'step_1');
    expect((await write(runId, { case: 'stepStarted', value: {} }, 'step_1')).step?.attempt).toBe(
      1,
    );
    const value = { error: error('again'), retryAfter: soon() };
    const retrying = await write(runId, { case: 'stepRetrying', value }, 'step_1');
    expect(retrying.step).toMatchObject({ status: StepStatus.PENDING, attempt: 1 });
    const early = await refusalOf(write(runId, { case: 'stepStarted', value: {} }, 'step_1'));
    expect(early).toMatchObject({ reason: 'TOO_EARLY', metadata: { step_id: 'step_1' } });
    expect(Number(early.metadata.retry_after_ms)).toBeGreaterThan(50_000);
    await write(runId, { case: 'stepCompleted', value: { result: bytes('r') } }, 'step_1');
    const { step } = await served.steps.getStep({ runId, stepId: 'step_1' });
    expect(step).toMatchObject({ status: StepStatus.COMPLETED, stepName: 's' });
    expect(textOf(step?.output)).toBe('r');
    await newStep(runId, 'step_2');
    const { steps } = await served.steps.listSteps({ runId });
    expect(steps.map(({ stepId }) => stepId)).toEqual(['step_1', 'step_2']);
  });

  it('takes hooks and waits', async () => {
    const runId = await newRun();
    const token = `token-${runId}`;
    const value = { token, metadata: bytes('m'), isWebhook: true };
    const { hook } = await write(runId, { case: 'hookCreated', value }, `hook_${runId}`);
    expect(hook).toMatchObject({ hookId: `hook_${runId}`, token });
    const found = await served.hooks.getHookByToken({ token });
    expect(found.hook?.run).toMatchObject({ deploymentId: 'dpl_1', workflowName: 'wf' });
    expect(textOf(found.hook?.metadata)).toBe('m');
    const other = await write(runId, { case: 'hookCreated', value: { token } }, `hook_2_${runId}`);
    expect(other.event?.data).toMatchObject({
      case: 'hookConflict',
      value: { token, conflictingRunId: runId },
    });
    await write(runId, { case: 'hookReceived', value: { payload: bytes('p') } }, `hook_${runId}`);
    expect((await served.hooks.listHooks({ runId })).hooks).toHaveLength(1);
    await write(runId, { case: 'hookDisposed', value: {} }, `hook_${runId}`);
    const resumeAt = soon();
    const { wait } = await write(runId, { case: 'waitCreated', value: { resumeAt } }, 'wait_1');
    expect(wait).toMatchObject({ waitId: 'wait_1', status: WaitStatus.WAITING, resumeAt });
    const completed = await write(runId, { case: 'waitCompleted', value: {} }, 'wait_1');
    expect(completed.wait?.status).toBe(WaitStatus.COMPLETED);
  });

  it('names the reason of every conflict', async () => {
    const runId = await newRun();
    const refused = async (data: Data, id = '') => (await refusalOf(write(runId, data, id))).reason;
    const created = { deploymentId: 'd', workflowName: 'w', input: bytes('') };
    expect(await refused({ case: 'runCreated', value: created })).toBe('RUN_ALREADY_EXISTS');
    const step = { stepName: 's', input: bytes('i') };
    await newStep(runId, 'step_1');
    expect(await refused({ case: 'stepCreated', value: step }, 'step_1')).toBe(
      'STEP_ALREADY_EXISTS',
    );
    expect(await refused({ case: 'stepStarted', value: {} }, 'step_0')).toBe('STEP_NOT_FOUND');
    await write(runId, { case: 'stepCompleted', value: { result: bytes('r') } }, 'step_1');
    const again: Data = { case: 'stepCompleted', value: { result: bytes('r') } };
    expect(await refused(again, 'step_1')).toBe('STEP_ALREADY_ENDED');
    expect(await refused({ case: 'stepStarted', value: {} }, 'step_1')).toBe('STEP_ALREADY_ENDED');
    const hook: Data = { case: 'hookCreated', value: { token: runId } };
    await write(runId, hook, `hook_${runId}`);
    expect(await refused(hook, `hook_${runId}`)).toBe('HOOK_ALREADY_EXISTS');
    const payload: Data = { case: 'hookReceived', value: { payload: bytes('p') } };
    expect(await refused(payload, 'hook_0')).toBe('HOOK_NOT_FOUND');
    const wait: Data = { case: 'waitCreated', value: { resumeAt: soon() } };
    await write(runId, wait, 'wait_1');
    expect(await refused(wait, 'wait_1')).toBe('WAIT_ALREADY_EXISTS');
    expect(await refused({ case: 'waitCompleted', value: {} }, 'wait_0')).toBe('WAIT_NOT_FOUND');
    await write(runId, { case: 'waitCompleted', value: {} }, 'wait_1');
    expect(await refused({ case: 'waitCompleted', value: {} }, 'wait_1')).toBe(
      'WAIT_ALREADY_COMPLETED',
    );
    await newStep(runId, 'step_2');
    await write(runId, { case: 'runCompleted', value: {} });
    expect(await refused({ case: 'runCompleted', value: {} })).toBe('RUN_ALREADY_ENDED');
    expect(await refused({ case: 'stepCreated', value: step }, 'step_3')).toBe('RUN_ALREADY_ENDED');
    expect(await refused({ case: 'runStarted', value: {} })).toBe('RUN_GONE');
    expect(await refused({ case: 'stepStarted', value: {} }, 'step_2')).toBe('RUN_GONE');
    expect(await refusalOf(write(runId, { case: 'runCompleted', value: {} }))).toMatchObject({
      metadata: { run_id: runId, status: 'completed' },
    });
  });

  it('names what is missing', async () => {
    const runId = await newRun();
    const absent = `wrun_${ulid()}`;
    const event = line === 'v5' ? `evnt_${'9'.padStart(26, '0')}` : `evnt_${ulid()}`;
    const reasonOf = async (call: Promise<unknown>) => (await refusalOf(call)).reason;
    const { events, hooks, runs, steps } = served;
    expect(await reasonOf(runs.getRun({ runId: absent }))).toBe('RUN_NOT_FOUND');
    expect(await reasonOf(steps.getStep({ runId, stepId: 'x' }))).toBe('STEP_NOT_FOUND');
    expect(await reasonOf(steps.getStep({ runId: absent, stepId: 'x' }))).toBe('RUN_NOT_FOUND');
    expect(await reasonOf(steps.listSteps({ runId: absent }))).toBe('RUN_NOT_FOUND');
    expect(await reasonOf(events.listEvents({ runId: absent }))).toBe('RUN_NOT_FOUND');
    expect(await reasonOf(events.getEvent({ runId, eventId: event }))).toBe('EVENT_NOT_FOUND');
    expect(await reasonOf(hooks.getHook({ hookId: 'x' }))).toBe('HOOK_NOT_FOUND');
    expect(await reasonOf(hooks.getHookByToken({ token: absent }))).toBe('HOOK_NOT_FOUND');
    expect(await reasonOf(runs.getRun({ runId: '../../x' }))).toBe('INVALID_ID');
    expect((await runs.batchGetRuns({ runIds: [absent, runId] })).results).toMatchObject([
      {},
      { run: { runId } },
    ]);
  });

  it('refuses what the World does not have, and changes nothing', async () => {
    const runId = await newRun();
    const event = { correlationId: 'step_1', data: { case: 'stepCreated', value: {} } } as const;
    const refused = async (call: Promise<unknown>, capability: string) =>
      expect(await refusalOf(call)).toEqual({
        reason: 'CAPABILITY_NOT_DECLARED',
        metadata: { capability: `CAPABILITY_${capability}` },
      });
    const { events, queue, streams, runs } = served;
    await refused(events.createEvent({ runId, requestId: 'x', event }), 'REQUEST_IDS');
    const append = { runId, name: 's', chunks: [bytes('a')], writerId: 'w' };
    await refused(streams.append(append), 'STREAM_WRITERS');
    await refused(queue.listQueues({}), 'QUEUE_ADMIN');
    await refused(events.listEvents({ runId, reader: { maxSpecVersion: 9 } }), 'READERS');
    await refused(runs.listRuns({ createdFrom: soon() }), 'RUN_TIME_FILTER');
    const headers = { 'worldwire-project': 'other' };
    await refused(runs.getRun({ runId }, { headers }), 'PROJECTS');
    if (line === 'v4') {
      const changes = [{ key: 'k', value: 'v' }];
      await refused(write(runId, { case: 'attrSet', value: { changes } }), 'ATTRIBUTES');
      await refused(events.createEvent({ runId, sinceCursor: '', event }), 'EVENT_DELTAS');
      const input = bytes('i');
      await refused(write(runId, { case: 'stepStarted', value: { input } }, 's'), 'LAZY_STEPS');
    }
    expect((await events.listEvents({ runId })).events).toHaveLength(2);
    expect((await streams.listChunks({ runId, name: 's' })).chunks).toEqual([]);
  });

  it('stamps what gives no spec version with that of its run', async () => {
    const runId = `wrun_${ulid()}`;
    const value = { deploymentId: 'dpl_1', workflowName: 'wf', input: bytes('') };
    const event = { specVersion: 2, data: { case: 'runCreated', value } } as const;
    await served.events.createEvent({ runId, event });
    await write(runId, { case: 'runStarted', value: {} });
    await newStep(runId, 'step_1');
    const { specVersion } = (await write(runId, { case: 'stepStarted', value: {} }, 'step_1'))
      .event!;
    expect(specVersion).toBe(2);
    const stamped = {
      correlationId: 'step_1',
      specVersion: 3,
      data: { case: 'stepCompleted', value: {} },
    } as const;
    await served.events.createEvent({ runId, event: stamped });
    await served.runs.cancelRuns({ runIds: [runId] });
    const { events } = await served.events.listEvents({ runId });
    expect(events.map((one) => one.specVersion)).toEqual([2, 2, 2, 2, 3, 2]);
    const newest = await newRun();
    const log = await served.events.listEvents({ runId: newest });
    const highest = line === 'v5' ? 7 : 3;
    expect(log.events.map((one) => one.specVersion)).toEqual([highest, highest]);
  });

  it('finds the events of an entity in every run', async () => {
    const correlationId = `step_${ulid()}`;
    const runIds: string[] = [];
    for (let i = 0; i < 3; i++) runIds.push(await newRun());
    for (const runId of runIds) await newStep(runId, correlationId);
    for (const runId of runIds)
      await write(runId, { case: 'stepStarted', value: {} }, correlationId);
    const read = async (limit: number, sortOrder: SortOrder) => {
      const seen: string[] = [];
      let cursor = '';
      for (let more = true; more; ) {
        const page = { limit, cursor, sortOrder };
        const answer = await served.events.listEventsByCorrelation({ correlationId, page });
        expect(answer.events.length).toBeGreaterThan(0);
        expect(answer.events.length).toBeLessThanOrEqual(limit);
        seen.push(...answer.events.map(({ runId, data }) => `${runId} ${data.case}`));
        cursor = answer.page!.cursor;
        more = answer.page!.hasMore;
      }
      return { seen, cursor };
    };
    const wanted = runIds.flatMap((runId) => [`${runId} stepCreated`, `${runId} stepStarted`]);
    for (const limit of [1, 4, 6, 50]) {
      const { seen, cursor } = await read(limit, SortOrder.ASCENDING);
      expect(seen.toSorted()).toEqual(wanted.toSorted());
      for (const runId of runIds)
        expect(seen.indexOf(`${runId} stepCreated`)).toBeLessThan(
          seen.indexOf(`${runId} stepStarted`),
        );
      expect((await read(limit, SortOrder.DESCENDING)).seen).toEqual(seen.toReversed());
      const page = { cursor };
      const rest = await served.events.listEventsByCorrelation({ correlationId, page });
      expect([rest.events, rest.page?.hasMore]).toEqual([[], false]);
    }
    const { cursor } = await read(6, SortOrder.ASCENDING);
    await write(runIds[0]!, { case: 'stepCompleted', value: {} }, correlationId);
    const added = await served.events.listEventsByCorrelation({ correlationId, page: { cursor } });
    expect(added.events.map(({ runId, data }) => [runId, data.case])).toEqual([
      [runIds[0], 'stepCompleted'],
    ]);
    const none = await served.events.listEventsByCorrelation({ correlationId: `step_${ulid()}` });
    expect([none.events, none.page?.hasMore]).toEqual([[], false]);
  });

  it('pages and filters', async () => {
    const runId = await newRun();
    for (const id of ['step_1', 'step_2', 'step_3']) await newStep(runId, id);
    const seen: string[] = [];
    let cursor = '';
    for (let more = true; more; ) {
      const page = await served.events.listEvents({ runId, page: { limit: 2, cursor } });
      expect(page.events.length).toBeLessThanOrEqual(2);
      seen.push(...page.events.map(({ data }) => data.case!));
      cursor = page.page!.cursor;
      more = page.page!.hasMore;
    }
    expect(seen).toEqual(['runCreated', 'runStarted', 'stepCreated', 'stepCreated', 'stepCreated']);
    const filtered = await served.events.listEvents({ runId, types: [2], page: { limit: 1 } });
    expect(filtered.events.map(({ data }) => data.case)).toEqual(['runStarted']);
    expect(filtered.page?.hasMore).toBe(false);
    const entity = await served.events.listEventsByCorrelation({ runId, correlationId: 'step_2' });
    expect(entity.events).toHaveLength(1);
    const { runs } = await served.runs.listRuns({
      statuses: [RunStatus.RUNNING, RunStatus.PENDING],
      page: { limit: 1 },
    });
    expect(runs[0]?.status).toBe(RunStatus.RUNNING);
  });

  it('leaves payloads out where they are not wanted', async () => {
    const runId = await newRun();
    const { run } = await served.runs.getRun({ runId, resolveData: 2 });
    expect(run?.input).toBeUndefined();
    const { events } = await served.events.listEvents({ runId, resolveData: 2 });
    expect(events[0]?.data.value).toMatchObject({ workflowName: 'wf' });
    expect(events[0]?.data.value).not.toHaveProperty('input');
    await write(runId, { case: 'runFailed', value: { error: error('no') } });
    const failed = await served.runs.getRun({ runId, resolveData: 2 });
    expect(failed.run?.error).toBeUndefined();
  });

  it('leaves payloads out of the answers to writes too', async () => {
    const runId = `wrun_${ulid()}`;
    const create = (data: Data, correlationId = '') =>
      served.events.createEvent({ runId, resolveData: 2, event: { correlationId, data } });
    const value = { deploymentId: 'dpl_1', workflowName: 'wf', input: bytes('in') };
    const { run, event } = await create({ case: 'runCreated', value });
    expect([run?.runId, run?.workflowName, run?.input]).toEqual([runId, 'wf', undefined]);
    expect(event?.data.value).not.toHaveProperty('input');
    const input = { stepName: 's', input: bytes('i') };
    const { step } = await create({ case: 'stepCreated', value: input }, 'step_1');
    expect([step?.stepName, step?.input]).toEqual(['s', undefined]);
    const hookId = `hook_${runId}`;
    const token = { token: runId, metadata: bytes('m') };
    const { hook } = await create({ case: 'hookCreated', value: token }, hookId);
    expect([hook?.token, hook?.metadata]).toEqual([runId, undefined]);
    expect(textOf((await served.runs.getRun({ runId })).run?.input)).toBe('in');
    const kept = await served.steps.getStep({ runId, stepId: 'step_1' });
    expect(textOf(kept.step?.input)).toBe('i');
    expect(textOf((await served.hooks.getHook({ hookId })).hook?.metadata)).toBe('m');
  });

  it('ends a stream whose deadline passes with that', async () => {
    const runId = await newRun();
    // A client's own timer would say the same: what the bridge says is read from the wire.
    const json = Buffer.from(JSON.stringify({ runId, name: `strm_${ulid()}` }));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(json.length, 1);
    const answer = await fetch(`${served.url}/worldwire.v1.StreamService/Read`, {
      method: 'POST',
      headers: { 'content-type': 'application/connect+json', 'connect-timeout-ms': '300' },
      body: Buffer.concat([head, json]),
    });
    expect(await answer.text()).toContain('"code":"deadline_exceeded"');
  });

  it('cancels many', async () => {
    const [active, ended] = [await newRun(), await newRun()];
    await write(ended, { case: 'runCompleted', value: {} });
    const first = await served.runs.cancelRuns({ runIds: [active, ended] });
    expect(first.results.map(({ outcome }) => outcome)).toEqual([
      CancelOutcome.CANCELLED,
      CancelOutcome.NOT_CANCELLABLE,
    ]);
    const absent = `wrun_${ulid()}`;
    const none = await served.runs.cancelRuns({ runIds: [absent] });
    expect(none.results[0]?.outcome).toBe(CancelOutcome.NOT_FOUND);
    expect((await refusalOf(served.events.listEvents({ runId: absent }))).reason).toBe(
      'RUN_NOT_FOUND',
    );
    const second = await served.runs.cancelRuns({ runIds: [active] });
    expect(second.results[0]?.outcome).toBe(CancelOutcome.ALREADY_CANCELLED);
    expect((await refusalOf(served.runs.cancelRuns({ runIds: [active, active] }))).reason).toBe(
      'INVALID_ARGUMENT',
    );
  });

  it('reads streams live, and keeps chunks apart', async () => {
    const at = { runId: `wrun_${ulid()}`, name: `strm_${ulid()}` };
    const chunks: [bigint, string][] = [];
    let done = false;
    let attached = (): void => undefined;
    const attachment = new Promise<void>((resolve) => {
      attached = resolve;
    });
    const reading = (async () => {
      for await (const message of served.streams.read(at)) {
        attached();
        for (const { index, data } of message.chunks) chunks.push([index, textOf(data)!]);
        done ||= message.done;
      }
    })();
    await attachment;
    const first = await served.streams.append({ ...at, chunks: [bytes('a'), bytes('bb')] });
    expect(first).toMatchObject({ tailIndex: 1n, appended: 2, wasClosed: false });
    const second = await served.streams.append({ ...at, chunks: [bytes('c')], close: true });
    expect(second.tailIndex).toBe(2n);
    await reading;
    expect(chunks).toEqual([
      [0n, 'a'],
      [1n, 'bb'],
      [2n, 'c'],
    ]);
    expect(done).toBe(true);
    const rest: bigint[] = [];
    for await (const message of served.streams.read({ ...at, startIndex: -2n }))
      rest.push(...message.chunks.map(({ index }) => index));
    expect(rest).toEqual([1n, 2n]);
    const late = await served.streams.append({ ...at, chunks: [bytes('d')] });
    expect(late).toMatchObject({ tailIndex: 2n, appended: 0, wasClosed: true });
    expect(await served.streams.getStreamInfo(at)).toMatchObject({ tailIndex: 2n, done: true });
    expect((await served.streams.listStreams(at)).names).toEqual([at.name]);
  });

  it('answers on every transport, with reasons', async () => {
    const runId = await newRun();
    const baseUrl = served.url;
    for (const transport of [
      createGrpcTransport({ baseUrl }),
      createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
      createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: false }),
      createConnectTransport({ baseUrl, httpVersion: '1.1', useHttpGet: true }),
    ]) {
      const runs = createClient(RunService, transport);
      expect((await runs.getRun({ runId })).run?.runId).toBe(runId);
      const absent = `wrun_${ulid()}`;
      expect(await refusalOf(runs.getRun({ runId: absent }))).toEqual({
        reason: 'RUN_NOT_FOUND',
        metadata: { run_id: absent },
      });
    }
  });

  it('refuses malformed requests with a reason', async () => {
    const post = (path: string, type: string, body: BodyInit) =>
      fetch(`${served.url}/${path}`, { method: 'POST', headers: { 'content-type': type }, body });
    const bad = await post('worldwire.v1.RunService/GetRun', 'application/json', '{"nix":1}');
    expect(bad.status).toBe(400);
    expect(await bad.text()).toContain('google.rpc.ErrorInfo');
    const unknown = await post('worldwire.v1.RunService/Nix', 'application/json', '{}');
    expect(unknown.status).toBe(501);
    expect(await unknown.text()).toContain('google.rpc.ErrorInfo');
    expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
  });

  it('refuses methods that it does not have on every transport', async () => {
    const service = createFileRegistry(
      create(FileDescriptorProtoSchema, {
        name: 'later.proto',
        package: 'worldwire.v1',
        syntax: 'proto3',
        messageType: [{ name: 'Nothing' }],
        service: [
          {
            name: 'RunService',
            method: ['Later', 'LaterStream'].map((name) => ({
              name,
              inputType: '.worldwire.v1.Nothing',
              outputType: '.worldwire.v1.Nothing',
              serverStreaming: name === 'LaterStream',
            })),
          },
        ],
      }),
      () => undefined,
    ).getService('worldwire.v1.RunService')!;
    const baseUrl = served.url;
    for (const transport of [
      createGrpcTransport({ baseUrl }),
      createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
      createGrpcWebTransport({ baseUrl, httpVersion: '2', useBinaryFormat: false }),
      createConnectTransport({ baseUrl, httpVersion: '2' }),
      createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
    ]) {
      const runs = createClient(service, transport) as Loose;
      const refused = (method: string) => ({
        reason: 'METHOD_NOT_FOUND',
        metadata: { method: `worldwire.v1.RunService/${method}` },
      });
      expect(await refusalOf(runs.later({}))).toEqual(refused('Later'));
      const stream = runs.laterStream({})[Symbol.asyncIterator]();
      expect(await refusalOf(stream.next())).toEqual(refused('LaterStream'));
    }
  });

  it('ends an answer of gRPC-Web for an unknown method with a frame of trailers', async () => {
    const answer = await fetch(`${served.url}/worldwire.v1.RunService/Later`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto' },
      body: new Uint8Array(5),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, body[0]]).toEqual([200, 0x80]);
    expect(body.subarray(5).toString()).toContain('grpc-status: 12');
  });

  if (line === 'v5') {
    it('sets attributes, and tells what keys there are', async () => {
      const runId = await newRun();
      const key = `key-${runId}`;
      const writer = { writer: { case: 'workflow', value: {} } } as const;
      const value = { changes: [{ key, value: 'v' }], writer };
      const { run } = await write(runId, { case: 'attrSet', value }, 'attr_1');
      expect(run?.attributes).toEqual({ [key]: 'v' });
      const again = await refusalOf(write(runId, { case: 'attrSet', value }, 'attr_1'));
      expect(again.reason).toBe('ATTRIBUTES_ALREADY_SET');
      const bad = { changes: [{ key: 'x'.repeat(300), value: 'v' }], writer };
      const long = await refusalOf(write(runId, { case: 'attrSet', value: bad }, 'attr_2'));
      expect(long.reason).toBe('ATTRIBUTE_INVALID');
      const { runs } = await served.runs.listRuns({ attributes: { [key]: 'v' } });
      expect(runs.map((one) => one.runId)).toEqual([runId]);
      const { attributes } = await served.runs.listAttributeKeys({});
      expect(attributes).toContainEqual(expect.objectContaining({ key, runCount: 1n }));
    });

    it('starts steps that do not exist yet', async () => {
      const runId = await newRun();
      const lazy: Data = { case: 'stepStarted', value: { stepName: 's', input: bytes('i') } };
      const { step, stepCreated } = await write(runId, lazy, 'step_1');
      expect([step?.attempt, stepCreated]).toEqual([1, true]);
      expect((await refusalOf(write(runId, lazy, 'step_1'))).reason).toBe('STEP_ALREADY_EXISTS');
    });

    it('returns the events that a writer has not seen', async () => {
      const runId = await newRun();
      const { page } = await served.events.listEvents({ runId });
      await newStep(runId, 'step_1');
      const { delta } = await served.events.createEvent({
        runId,
        sinceCursor: page!.cursor,
        event: {
          correlationId: 'step_2',
          data: { case: 'stepCreated', value: { stepName: 's', input: bytes('i') } },
        },
      });
      expect(delta?.events.map(({ position }) => position)).toEqual([3n, 4n]);
      const start = { runId, event: { data: { case: 'runStarted', value: {} } } } as const;
      const preloaded = await served.events.createEvent({ ...start, preloadEvents: true });
      expect(preloaded.delta?.events).toHaveLength(4);
    });

    it('tells what a writer had not seen by its position', async () => {
      const runId = await newRun();
      const after = async (expectedPosition: bigint, stepId: string) => {
        const data = { case: 'stepCreated', value: { stepName: 's', input: bytes('i') } } as const;
        const event = { correlationId: stepId, data };
        const { delta } = await served.events.createEvent({ runId, expectedPosition, event });
        return [delta?.events.map(({ position }) => position), delta?.page?.hasMore ?? false];
      };
      expect(await after(2n, 'step_1')).toEqual([[], false]);
      expect(await after(1n, 'step_2')).toEqual([[2n, 3n], false]);
      expect(await after(0n, 'step_3')).toEqual([[1n, 2n, 3n, 4n], false]);
      expect(await after(100n, 'step_4')).toEqual([[], false]);
    });

    it('preloads a log with its run, and skips it for a start only', async () => {
      const runId = await newRun();
      const hookId = `hook_${runId}`;
      await write(runId, { case: 'hookCreated', value: { token: runId } }, hookId);
      const received = { case: 'hookReceived', value: { payload: bytes('p') } } as const;
      const preloaded = await served.events.createEvent({
        runId,
        preloadEvents: true,
        event: { correlationId: hookId, data: received },
      });
      expect(preloaded.run?.runId).toBe(runId);
      expect(preloaded.delta?.events).toHaveLength(4);
      const skipping = { runId, expectedPosition: 1n, skipPreload: true } as const;
      const step = { correlationId: hookId, data: received };
      const skipped = await served.events.createEvent({ ...skipping, event: step });
      expect(skipped.delta?.events).toHaveLength(3);
      const start = { data: { case: 'runStarted', value: {} } } as const;
      const started = await served.events.createEvent({ ...skipping, event: start });
      expect(started.delta).toBeUndefined();
    });

    it('lets a resume land once', async () => {
      const runId = await newRun();
      await write(runId, { case: 'hookCreated', value: { token: runId } }, `hook_${runId}`);
      const resume = (text: string, digest: string) =>
        served.events.createEvent({
          runId,
          event: {
            correlationId: `hook_${runId}`,
            resumeId: 'resume_1',
            resumePayloadDigest: digest.repeat(64),
            data: { case: 'hookReceived', value: { payload: bytes(text), token: runId } },
          },
        });
      const first = await resume('p', 'a');
      const second = await resume('p', 'a');
      expect(second.event?.eventId).toBe(first.event?.eventId);
      expect((await refusalOf(resume('q', 'b'))).reason).toBe('RESUME_CONFLICT');
    });
  }
});

/** A World that refuses a cancellation of a run which another has cancelled meanwhile. */
function overtaken(world: UpstreamWorld): UpstreamWorld {
  const create = async (...args: Parameters<UpstreamWorld['events']['create']>) => {
    const result = await world.events.create(...args);
    if (args[1].eventType !== 'run_cancelled') return result;
    const message = 'Cannot transition run from terminal state "cancelled"';
    throw Object.assign(new Error(message), { name: 'EntityConflictError' });
  };
  return { ...world, events: { ...world.events, create } };
}

it('says of a cancellation that another overtook that the run is cancelled', async () => {
  const served = await Served.start((dataDir) => overtaken(localWorld('v4', dataDir)));
  try {
    const runId = `wrun_${ulid()}`;
    const value = { deploymentId: 'dpl_1', workflowName: 'wf', input: bytes('i') };
    await served.events.createEvent({
      runId,
      event: { data: { case: 'runCreated', value } },
    });
    const { results } = await served.runs.cancelRuns({ runIds: [runId] });
    expect(results[0]?.outcome).toBe(CancelOutcome.ALREADY_CANCELLED);
  } finally {
    await served.close();
  }
});
