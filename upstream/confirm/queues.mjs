/** What becomes of messages with keys. */
import { within } from './parts.mjs';
import { serving } from './serving.mjs';

const QUEUE = '__wkf_workflow_x';
const pause = (ms) => within(ms, new Promise(() => undefined));

export async function aKeyIsNeverFreeAgain({ world, show }) {
  const came = [];
  const server = await serving(({ body }) => {
    came.push(body.runId);
    return new Response('{"ok":true}');
  });
  await world.start();
  await world.queue(QUEUE, { runId: 'first' }, { idempotencyKey: 'k' });
  await server.called;
  await pause(1_000);
  await world.queue(QUEUE, { runId: 'second' }, { idempotencyKey: 'k' });
  await pause(4_000);
  show('a message with the key of one that was handled never comes', came.length === 1, came);
  server.close();
}

export async function aMessageReplacesThatOfItsKey({ world, show }) {
  const came = [];
  const server = await serving(({ body }) => {
    came.push(body.runId);
    return new Response('{"ok":true}');
  });
  await world.start();
  const opts = { idempotencyKey: 'k', delaySeconds: 2 };
  const first = await world.queue(QUEUE, { runId: 'first' }, opts);
  const second = await world.queue(QUEUE, { runId: 'second' }, opts);
  await pause(6_000);
  show('two messages of one key have two ids', first.messageId !== second.messageId);
  show('the second comes, and the first never', came.join() === 'second', came);
  server.close();
}

export async function messagesOfARunWaitForEachOther({ world, show }) {
  const came = [];
  const server = await serving(async ({ body }) => {
    came.push(body.runId);
    await pause(3_000);
    return new Response('{"ok":true}');
  });
  await world.start();
  for (const runId of ['one', 'one', 'other']) await world.queue(QUEUE, { runId });
  await server.called;
  await pause(1_500);
  show('while one is in hand, another of its run is not delivered', came.length === 2, came);
  await pause(6_000);
  show('and comes when that is settled', came.length === 3, came);
  server.close();
}
