/** How a server stops: what its callers see, and in which order. */
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect, it } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from './rpc/gen/grpc/health/v1/health_pb.js';
import { clientsOf, failureOf, newRun, serve } from './testing/world.js';

/** Longer than a live call is silent without a sign of life. */
const SILENCE_MS = 6_000;

const statusOf = async (url: string) => (await fetch(url)).status;

it('a server that drains serves on, says that it will stop, and then ends every call', async () => {
  const server = await serve({ drainMs: 4_000 });
  const { url } = server;
  const { events, runs, streams } = clientsOf(url);
  const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
  await events.createEvent(newRun('r'));
  await streams.append({ runId: 'r', name: 's', chunks: [new Uint8Array(1)] });
  const cut = failureOf(streams.read({ runId: 'r', name: 's' }));
  const waiting = failureOf(runs.waitForRun({ runId: 'r' }));
  const metrics = () => fetch(`${url}/metrics`).then((response) => response.text());
  await expect.poll(metrics).toMatch(/^worldwire_live_calls\{.*StreamService\/Read"\} 1$/m);
  expect(await statusOf(`${url}/readyz`)).toBe(200);

  let closed = false;
  const closing = server.close().then(() => {
    closed = true;
  });
  expect(await statusOf(`${url}/readyz`)).toBe(503);
  expect(await statusOf(`${url}/healthz`)).toBe(200);
  expect(await health.check({})).toMatchObject({ status: Status.NOT_SERVING });
  expect((await events.createEvent(newRun('late'))).run?.runId).toBe('late');
  expect(closed).toBe(false);

  const stopping = { code: Code.Unavailable, reasons: ['SHUTTING_DOWN'] };
  expect(await cut).toMatchObject(stopping);
  expect(await waiting).toMatchObject(stopping);
  await closing;
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

it('a call that is under way when the server stops is answered', async () => {
  const server = await serve();
  const { events, runs } = clientsOf(server.url);
  const creations = Array.from({ length: 50 }, (_, i) => events.createEvent(newRun(`r${i}`)));
  // On the same connections, so that the creations have arrived.
  await runs.listRuns({});
  const outcomes = Promise.allSettled(creations);
  await server.close();
  for (const outcome of await outcomes) expect(outcome.status).toBe('fulfilled');
});

it('who watches the health of a server in silence does not hold it up', async () => {
  const { url } = await serve();
  const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
  const watch = health.watch({})[Symbol.asyncIterator]();
  expect((await watch.next()).value).toMatchObject({ status: Status.SERVING });
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  expect(await statusOf(`${url}/healthz`)).toBe(200);
});
