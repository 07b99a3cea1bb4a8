/**
 * The work that every World does. Each item has a size for a full and for a quick run, and returns what it measured in
 * its own unit. The calls are those that the Workflow SDK makes on a World.
 */
import { ulid } from 'ulid';
import { createSealing } from './sealing.mjs';

/** A value as the SDK writes it, of the weight that a payload of a small step has. */
const PAYLOAD = new TextEncoder().encode(`devl["${'a'.repeat(504)}"]`);
/** Runs that write at the same time. */
const RUNS = 32;
/** Chunks of one writeMulti. */
const BATCH = 100;

/** Rates are better when higher, times when lower. */
const rate = (unit) => ({ unit, better: 'higher' });
const time = { unit: 'ms', better: 'lower' };

/** What is measured, in the order of the table. */
export const works = {
  sequential: { title: 'events.create, one run', ...rate('events/s'), full: 100, quick: 25 },
  concurrent: {
    title: `events.create, ${RUNS} runs at once`,
    ...rate('events/s'),
    full: 12,
    quick: 4,
  },
  step: { title: 'World time of a step', ...time, full: 100, quick: 25 },
  list: { title: 'list 602 events', ...time, full: 3, quick: 1 },
  write: { title: 'stream write, one by one', ...rate('chunks/s'), full: 300, quick: 75 },
  writeMulti: {
    title: `stream writeMulti, ${BATCH} a call`,
    ...rate('chunks/s'),
    full: 20,
    quick: 5,
  },
  read: { title: 'read 1,300 chunks', ...time, full: 3, quick: 1 },
  queue: { title: 'queue to handler', ...time, full: 50, quick: 15 },
};

/** What only the growth of a store is measured by. */
export const growthWorks = {
  p99: { title: `events.create, ${RUNS} runs at once, p99`, ...time, full: 12, quick: 4 },
  park: { title: 'messages for a later day', ...rate('messages/s'), full: 1, quick: 1 },
};

/** What is counted beside the work. */
export const counts = {
  connections: { title: 'connections to the database', unit: 'at most', better: 'lower' },
};

/** Makes the functions that do the work on a World, by the names of `works` and `growthWorks`. */
export function createWork({ world, specVersion, whenHandled }) {
  /** Takes how long each event took, while somebody wants to know. */
  let times;
  async function create(runId, eventType, correlationId, eventData, params) {
    const start = performance.now();
    const event = { eventType, specVersion, correlationId, eventData };
    const created = await world.events.create(runId, event, params);
    times?.push(performance.now() - start);
    return created;
  }
  const { seal, open } = createSealing(world);

  async function startRun() {
    const runId = `wrun_${ulid()}`;
    await create(runId, 'run_created', undefined, {
      deploymentId: 'bench',
      workflowName: 'bench',
      input: await seal(runId, PAYLOAD),
    });
    await create(runId, 'run_started', undefined, undefined, { skipPreload: true });
    return runId;
  }

  async function endRun(runId) {
    await create(runId, 'run_completed', undefined, { output: await seal(runId, PAYLOAD) });
  }

  /**
   * Three events: what a step costs when it is created, started and completed one by one. The step opens its input, and
   * the workflow its result.
   */
  async function writeStep(runId) {
    const stepId = `step_${ulid()}`;
    const input = await seal(runId, PAYLOAD);
    await create(runId, 'step_created', stepId, { stepName: 'bench', input });
    await create(runId, 'step_started', stepId, { stepName: 'bench' });
    await open(runId, input);
    const result = await seal(runId, PAYLOAD);
    await create(runId, 'step_completed', stepId, { stepName: 'bench', result });
    await open(runId, result);
  }

  async function writeSteps(runId, steps) {
    for (let i = 0; i < steps; i++) await writeStep(runId);
  }

  async function listAll(runId) {
    let count = 0;
    let cursor;
    for (;;) {
      const pagination = { sortOrder: 'asc', limit: 1000, ...(cursor && { cursor }) };
      const page = await world.events.list({ runId, pagination });
      count += page.data.length;
      cursor = page.cursor ?? undefined;
      if (!page.hasMore) return { count, cursor };
    }
  }

  /** As SDK 5 executes an inline step: two writes, and a list where the World does not send what is new with the second. */
  async function executeStep(runId, cursor) {
    const stepId = `step_${ulid()}`;
    const input = await seal(runId, PAYLOAD);
    await create(runId, 'step_started', stepId, { stepName: 'bench', input });
    await open(runId, input);
    const result = { stepName: 'bench', result: await seal(runId, PAYLOAD) };
    const done = await create(runId, 'step_completed', stepId, result, { sinceCursor: cursor });
    await open(runId, result.result);
    if (done.events !== undefined) return done.cursor ?? cursor;
    const page = await world.events.list({ runId, pagination: { sortOrder: 'asc', cursor } });
    if (page.data.length !== 3) throw new Error(`expected 3 new events, got ${page.data.length}`);
    return page.cursor ?? cursor;
  }

  const streamName = () => `strm_${ulid()}`;

  return {
    async sequential(steps) {
      const runId = await startRun();
      const ms = await timed(() => writeSteps(runId, steps));
      await endRun(runId);
      return perSecond(steps * 3, ms);
    },

    async concurrent(steps) {
      const runs = await Promise.all(Array.from({ length: RUNS }, startRun));
      const ms = await timed(() => Promise.all(runs.map((runId) => writeSteps(runId, steps))));
      await Promise.all(runs.map(endRun));
      return perSecond(RUNS * steps * 3, ms);
    },

    async p99(steps) {
      const runs = await Promise.all(Array.from({ length: RUNS }, startRun));
      times = [];
      await Promise.all(runs.map((runId) => writeSteps(runId, steps)));
      const sorted = times.sort((a, b) => a - b);
      times = undefined;
      await Promise.all(runs.map(endRun));
      return sorted[Math.floor(sorted.length * 0.99)];
    },

    async park(messages) {
      const runId = await startRun();
      const deploymentId = await world.getDeploymentId();
      const ms = await timed(async () => {
        for (let i = 0; i < messages; i++)
          await world.queue(
            '__wkf_workflow_bench',
            { runId, requestedAt: new Date() },
            { deploymentId, specVersion, delaySeconds: 24 * 60 * 60 },
          );
      });
      await endRun(runId);
      return perSecond(messages, ms);
    },

    async step(steps) {
      const runId = await startRun();
      let { cursor } = await listAll(runId);
      const ms = await timed(async () => {
        for (let i = 0; i < steps; i++) cursor = await executeStep(runId, cursor);
      });
      await endRun(runId);
      return ms / steps;
    },

    async list(times) {
      const runId = await startRun();
      await writeSteps(runId, 200);
      return median(
        await repeat(times, async () => {
          const { count } = await listAll(runId);
          if (count !== 602) throw new Error(`expected 602 events, got ${count}`);
        }),
      );
    },

    async write(chunks) {
      const runId = `wrun_${ulid()}`;
      const name = streamName();
      const ms = await timed(async () => {
        for (let i = 0; i < chunks; i++) await world.streams.write(runId, name, PAYLOAD);
      });
      await world.streams.close(runId, name);
      return perSecond(chunks, ms);
    },

    async writeMulti(calls) {
      const runId = `wrun_${ulid()}`;
      const name = streamName();
      const batch = Array.from({ length: BATCH }, () => PAYLOAD);
      const ms = await timed(async () => {
        for (let i = 0; i < calls; i++) await world.streams.writeMulti(runId, name, batch);
      });
      await world.streams.close(runId, name);
      return perSecond(calls * BATCH, ms);
    },

    async read(times) {
      const runId = `wrun_${ulid()}`;
      const name = streamName();
      const batch = Array.from({ length: BATCH }, () => PAYLOAD);
      for (let i = 0; i < 13; i++) await world.streams.writeMulti(runId, name, batch);
      await world.streams.close(runId, name);
      return median(
        await repeat(times, async () => {
          let bytes = 0;
          for await (const chunk of await world.streams.get(runId, name)) bytes += chunk.length;
          const expected = 1_300 * PAYLOAD.length;
          if (bytes !== expected) throw new Error(`expected ${expected} bytes, got ${bytes}`);
        }),
      );
    },

    async queue(messages) {
      const runId = await startRun();
      const times = await repeat(messages, async (i) => {
        // A message of the SDK in every respect that a queue may look at.
        const handled = whenHandled();
        await world.queue(
          '__wkf_workflow_bench',
          { runId, requestedAt: new Date() },
          {
            deploymentId: await world.getDeploymentId(),
            specVersion,
            idempotencyKey: `${runId}:${i}`,
          },
        );
        await handled;
      });
      await endRun(runId);
      return median(times);
    },
  };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function repeat(times, work) {
  const all = [];
  for (let i = 0; i < times; i++) all.push(await timed(() => work(i)));
  return all;
}

function perSecond(count, ms) {
  return (count / ms) * 1000;
}
