/**
 * One World in a process of its own. Started by run.mjs with the World's module and spec version; does the work that it
 * is told to, one item at a time.
 */
import { createServer } from 'node:http';
import { createWork } from './work.mjs';

const [moduleName, specVersion] = process.argv.slice(2);

let handled;
/** Resolves when the next message reaches its handler. */
const whenHandled = () =>
  new Promise((resolve) => {
    handled = resolve;
  });

/** The peers deliver by HTTP to the application's own routes, as they do in a real one. */
let handler;
const server = createServer(async (request, response) => {
  const body = [];
  for await (const chunk of request) body.push(chunk);
  const answer = await handler(
    new Request(`http://127.0.0.1${request.url}`, {
      method: 'POST',
      headers: request.headers,
      body: Buffer.concat(body),
    }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();
process.env.PORT = String(port);
process.env.WORKFLOW_LOCAL_BASE_URL = `http://127.0.0.1:${port}`;

const { createWorld } = await import(moduleName);
const world = createWorld();
handler = world.createQueueHandler('__wkf_workflow_', async () => handled?.());
await world.start?.();
const work = createWork({ world, specVersion: Number(specVersion), whenHandled });

process.on('message', async ({ name, size }) => {
  try {
    process.send({ value: await work[name](size) });
  } catch (error) {
    process.send({ error: error?.stack ?? String(error) });
  }
});
process.once('disconnect', () => process.exit());
process.send({ ready: true });
