import { Code, createClient } from '@connectrpc/connect';
import { ErrorInfoSchema, EventService, RunStatus } from '@worldwire/proto';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type EmbeddedOptions, openEmbeddedWorld } from './embedded.js';
import type { EventInit } from './testing/memory/world.js';
import { Postgres } from './testing/postgres.js';
import { clientsOf, endOfRun, failureOf, newRun, serve, temporaryFolder } from './testing/world.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

async function open(options: EmbeddedOptions) {
  const world = await openEmbeddedWorld(options);
  onTestFinished(() => world.close());
  return { ...world, clients: clientsOf(world.transport) };
}

const places: Record<string, () => Promise<EmbeddedOptions>> = {
  'a folder': async () => ({ dataDir: temporaryFolder() }),
  'a database': async () => ({ databaseUrl: await postgres.createDatabase() }),
};

it('needs a place for its data', async () => {
  await expect(openEmbeddedWorld({})).rejects.toThrow('dataDir or a databaseUrl');
});

describe.each(Object.keys(places))('an embedded World on %s', (name) => {
  let place: EmbeddedOptions;
  beforeEach(async () => {
    place = await places[name]!();
  });

  it('serves unary and live calls', async () => {
    const { clients } = await open(place);
    const { events, runs, streams, queue, world } = clients;
    expect((await world.getWorld({})).implementation).toBe('worldwire-reference');
    await events.createEvent(newRun('r'));
    const seen: bigint[] = [];
    for await (const response of events.watchEvents({ runId: 'r' })) {
      seen.push(...response.events.map(({ position }) => position));
      if (seen.length === 1) await events.createEvent(endOfRun('r'));
    }
    expect(seen).toEqual([1n, 2n]);
    expect((await runs.waitForRun({ runId: 'r' })).run?.status).toBe(RunStatus.CANCELLED);
    await streams.append({ runId: 'r', name: 's', chunks: [new Uint8Array(3)], close: true });
    let bytes = 0;
    for await (const { chunks } of streams.read({ runId: 'r', name: 's' }))
      for (const { data } of chunks) bytes += data.length;
    expect(bytes).toBe(3);
    await queue.enqueue({ message: { queueName: 'q', body: new Uint8Array(1) } });
    const abort = new AbortController();
    const receiving = queue.receive(
      { queuePrefixes: ['q'], deploymentId: 'd' },
      { signal: abort.signal },
    );
    await expect(
      (async () => {
        for await (const { deliveries } of receiving) if (deliveries.length > 0) abort.abort();
      })(),
    ).rejects.toMatchObject({ code: Code.Canceled });
  });

  it('fails as a server does', async () => {
    const { clients } = await open({ ...place, limits: { maxRequestBytes: 1_000 } });
    const remote = clientsOf((await serve({ limits: { maxRequestBytes: 1_000 } })).url);
    const attempts = [
      (to: typeof clients) => to.runs.getRun({ runId: 'no' }),
      (to: typeof clients) => to.runs.getRun({ runId: '../x' }),
      (to: typeof clients) =>
        to.runs.getRun({ runId: 'no' }, { headers: { 'worldwire-project': '/' } }),
      (to: typeof clients) => to.queue.listPushEndpoints({}),
      (to: typeof clients) => to.events.watchEvents({ runId: 'no' }),
      (to: typeof clients) => to.events.createEvent({ runId: 'r', event: {} }),
    ];
    for (const attempt of attempts)
      expect(await failureOf(attempt(clients))).toEqual(await failureOf(attempt(remote)));
    const large = { message: { queueName: 'q', body: new Uint8Array(2_000) } };
    expect(await failureOf(clients.queue.enqueue(large))).toMatchObject({
      code: Code.InvalidArgument,
      reasons: ['PAYLOAD_TOO_LARGE'],
    });
    const broken = newRun('r', {
      traceRequestId: '\ud800',
      data: { case: 'runStarted', value: {} },
    });
    expect(await failureOf(clients.events.createEvent(broken))).toMatchObject({
      reasons: ['INVALID_ARGUMENT'],
    });
  });

  it('gives errors with details as from the wire', async () => {
    const { clients } = await open(place);
    const error = await clients.runs.getRun({ runId: 'no' }).catch((thrown) => thrown);
    expect(error.details[0]).toMatchObject({
      type: 'google.rpc.ErrorInfo',
      debug: { reason: 'RUN_NOT_FOUND' },
    });
    expect(error.findDetails(ErrorInfoSchema)).toHaveLength(1);
  });

  it('shares nothing with its caller', async () => {
    const { clients } = await open(place);
    const request = newRun('r');
    const creating = clients.events.createEvent(request);
    const { data } = request.event!;
    if (data.case !== 'runCreated') throw new Error('unexpected');
    data.value.input!.fill(9);
    data.value.workflowName = 'changed';
    const { run, event } = await creating;
    run!.workflowName = 'changed';
    if (event?.data.case === 'runCreated') event.data.value.input?.fill(8);
    const got = await clients.runs.getRun({ runId: 'r' });
    expect(got.run?.workflowName).toBe('wf');
    expect([...(got.run?.input ?? [])]).toEqual([0, 1, 255]);

    // An engine may remember what it was given, and what it answered.
    const input = new Uint8Array([1, 2, 3]);
    const started = { case: 'stepStarted', value: {} } as const;
    const events: EventInit[] = [
      { data: { case: 'runStarted', value: {} } },
      { correlationId: 'step_1', data: { case: 'stepCreated', value: { stepName: 's', input } } },
      { correlationId: 'step_1', data: started },
      { correlationId: 'step_1', data: started },
    ];
    for (const event of events) {
      const { step } = await clients.events.createEvent({ runId: 'r', event });
      if (step === undefined) continue;
      expect([...(step.input ?? [])]).toEqual([1, 2, 3]);
      step.input?.fill(9);
      step.stepName = 'changed';
    }
  });

  it('honours a deadline and a signal', async () => {
    const { clients } = await open(place);
    await clients.events.createEvent(newRun('r'));
    expect(
      await failureOf(clients.runs.waitForRun({ runId: 'r' }, { timeoutMs: 30 })),
    ).toMatchObject({ code: Code.DeadlineExceeded, reasons: ['DEADLINE_EXCEEDED'] });
    const abort = new AbortController();
    const waiting = failureOf(clients.runs.waitForRun({ runId: 'r' }, { signal: abort.signal }));
    abort.abort();
    expect(await waiting).toMatchObject({ code: Code.Canceled, reasons: ['CANCELLED'] });
    expect(
      await failureOf(clients.runs.listRuns({}, { signal: AbortSignal.abort() })),
    ).toMatchObject({ code: Code.Canceled });
  });

  it('ends live calls when it closes, and answers no more', async () => {
    const { clients, close } = await open(place);
    const reading = failureOf(clients.streams.read({ name: 's' }));
    const waiting = clients.runs.listRuns({});
    await close();
    expect((await waiting).runs).toEqual([]);
    expect(await reading).toMatchObject({ code: Code.Unavailable, reasons: ['SHUTTING_DOWN'] });
    expect(await failureOf(clients.runs.listRuns({}))).toMatchObject({
      reasons: ['SHUTTING_DOWN'],
    });
  });

  it('is seen by another one on the same data, which it wakes', async () => {
    const [one, two] = [await open(place), await open(place)];
    await one.clients.events.createEvent(newRun('r'));
    const waiting = two.clients.runs.waitForRun({ runId: 'r' });
    await one.clients.events.createEvent(endOfRun('r'));
    expect((await waiting).run?.status).toBe(RunStatus.CANCELLED);
  });

  it('takes requests of the same type and plain ones', async () => {
    const { transport } = await open(place);
    const events = createClient(EventService, transport);
    await events.createEvent({
      runId: 'plain',
      event: {
        data: {
          case: 'runCreated',
          value: {
            deploymentId: 'd',
            workflowName: 'w',
            attributes: { a: 'b' },
            executionContext: { x: [1, null] },
          },
        },
      },
    });
    const { events: listed } = await events.listEvents({ runId: 'plain' });
    expect(listed[0]?.data).toMatchObject({ value: { attributes: { a: 'b' } } });
  });
});
