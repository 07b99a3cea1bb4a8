import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** Takes the deliveries of the World, which go to the port of the environment. */
export async function serving(answer) {
  let first;
  const called = new Promise((resolve) => {
    first = resolve;
  });
  const server = createServer(async (request, response) => {
    first(request.url);
    const body = await json(request);
    const told = await answer({ name: request.headers['x-vqs-queue-name'], body });
    response.writeHead(told.status, { 'content-type': 'application/json' });
    response.end(await told.text());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.PORT = String(server.address().port);
  return {
    called,
    close: () => {
      delete process.env.PORT;
      server.closeAllConnections();
      server.close();
    },
  };
}
