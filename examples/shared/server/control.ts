import { Hono } from 'hono';
import { getHookByToken, getRun, resumeHook, start } from 'workflow/api';
import { getWorld } from 'workflow/runtime';
import { readLedger } from '../ledger.ts';
import { describeError, errorResponse } from './errors.ts';
import type { Sdk } from './sdk.ts';
import { chunkLines } from './stream.ts';

function startIndexOf(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number.parseInt(value, 10);
}

/** A small HTTP face of `workflow/api`, for a test in another process. */
export function control(sdk: Sdk): Hono {
  const api = new Hono();
  api.onError((error, c) => errorResponse(c, error));

  api.get('/', (c) =>
    c.json({ sdk: sdk.version, pid: process.pid, workflows: Object.keys(sdk.workflows) }),
  );

  api.get('/health', async (c) => c.json(await sdk.health()));

  api.get('/ledger', (c) => c.json(readLedger(c.req.query('runId'))));

  api.post('/runs', async (c) => {
    const { workflow, args = [], options } = await c.req.json();
    // A full name may be that of another application's workflow, in whatever language it is.
    const workflowId = sdk.workflows[workflow] ?? (workflow.includes('//') ? workflow : undefined);
    if (workflowId === undefined) return c.json({ error: `no workflow ${workflow}` }, 404);
    const run = await start({ workflowId }, args, options);
    return c.json({ runId: run.runId });
  });

  api.get('/runs/:id', async (c) => {
    const world = await getWorld();
    const run = await world.runs.get(c.req.param('id'), { resolveData: 'none' });
    return c.json(run);
  });

  // Answers when the run has ended, however it did.
  api.get('/runs/:id/result', async (c) => {
    try {
      const value = await getRun<unknown>(c.req.param('id')).returnValue;
      return c.json({ ok: true, value });
    } catch (error) {
      return c.json({ ok: false, error: describeError(error) });
    }
  });

  api.post('/runs/:id/cancel', async (c) => {
    await getRun(c.req.param('id')).cancel();
    return c.json({});
  });

  api.post('/runs/:id/wake', async (c) => c.json(await getRun(c.req.param('id')).wakeUp()));

  // The log as the World tells it, without payloads.
  api.get('/runs/:id/events', async (c) => {
    const world = await getWorld();
    const events: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await world.events.list({
        runId: c.req.param('id'),
        resolveData: 'none',
        pagination: { sortOrder: 'asc', limit: 1000, cursor },
      });
      for (const { eventId, eventType, correlationId } of page.data) {
        events.push({ eventId, eventType, correlationId });
      }
      cursor = page.hasMore ? (page.cursor ?? undefined) : undefined;
    } while (cursor !== undefined);
    return c.json(events);
  });

  // One JSON value per line, one line per chunk; a client counts them and resumes by index.
  api.get('/runs/:id/stream', (c) => {
    const readable = getRun(c.req.param('id')).getReadable({
      startIndex: startIndexOf(c.req.query('startIndex')),
      namespace: c.req.query('namespace'),
    });
    return new Response(readable.pipeThrough(chunkLines()), {
      headers: { 'content-type': 'application/x-ndjson' },
    });
  });

  api.get('/runs/:id/stream/tail', async (c) => {
    const readable = getRun(c.req.param('id')).getReadable({ namespace: c.req.query('namespace') });
    try {
      return c.json({ tailIndex: await readable.getTailIndex() });
    } finally {
      await readable.cancel();
    }
  });

  api.get('/hooks', async (c) => {
    const hook = await getHookByToken(c.req.query('token') ?? '');
    const { runId, hookId, token } = hook;
    // A promise in SDK 5, a value in SDK 4.
    return c.json({ runId, hookId, token, metadata: await hook.metadata });
  });

  api.post('/hooks', async (c) => {
    const { token, payload } = await c.req.json();
    const { runId, hookId } = await resumeHook(token, payload);
    return c.json({ runId, hookId });
  });

  return api;
}
