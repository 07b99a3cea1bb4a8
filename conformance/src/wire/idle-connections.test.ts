import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { IdleConnections } from './idle-connections.js';

const server = createServer((_request, response) => response.end());
afterEach(() => {
  vi.useRealTimers();
  server.close();
  server.closeAllConnections();
});

test('a connection that was idle for long is not used again', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  const idle = new IdleConnections(agent);
  const socketOfCall = async () => {
    idle.dropStale();
    const request = get({ port: (server.address() as AddressInfo).port, agent });
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    const { socket } = request;
    await vi.waitFor(() => expect(Object.values(agent.freeSockets).flat()).toContain(socket));
    return socket;
  };
  const first = await socketOfCall();
  expect(await socketOfCall()).toBe(first);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 10_000);
  expect(await socketOfCall()).not.toBe(first);
  expect(first?.destroyed).toBe(true);
  vi.restoreAllMocks();
  agent.destroy();
});
