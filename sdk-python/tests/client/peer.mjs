/** The client for TypeScript: does what each line of its input says, and answers with what came of it in one line. */
import { createInterface } from 'node:readline';
import { createWorldClient } from '../../../sdk-ts/dist/index.js';

const calls = {
  getRun: (client) => client.runs.getRun({ runId: 'r' }),
  enqueue: (client) => client.queue.enqueue({ message: { queueName: 'q' } }),
  append: (client) => client.streams.append({ name: 's' }),
  appendAs: (client) => client.streams.append({ name: 's', writerId: 'w' }),
  revive: (client) => client.queue.reviveMessages({}),
  settle: (client) => client.queue.settle({}),
};

async function act(client, { call, startIndex, cursor, limit }) {
  const gave = [];
  try {
    if (call === 'read') {
      const chunks = client.readStream({ runId: 'r', name: 's', startIndex });
      for await (const { index, data } of chunks) gave.push([index, Buffer.from(data).toString()]);
    } else if (call === 'watch') {
      const events = client.watchEvents({ runId: 'r', afterPosition: startIndex });
      for await (const { position } of events) gave.push(Number(position));
    } else if (call === 'list') {
      const names = client.listStreams({ runId: 'r', page: { cursor, limit } });
      for await (const name of names) gave.push(name);
    } else {
      await calls[call](client);
    }
    return { gave, error: null };
  } catch (error) {
    const { code, reason = null, metadata, retryable, upstreamClass, upstreamStatus } = error;
    const retryAfterMs = error.retryAfterMs ?? null;
    const facts = {
      code,
      reason,
      metadata,
      retryable,
      retryAfterMs,
      upstreamClass,
      upstreamStatus,
    };
    return { gave, error: facts };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { url, budgetMs, ...what } = JSON.parse(line);
  const retry = { budgetMs, initialDelayMs: 1, maxDelayMs: 2 };
  const client = createWorldClient({ url, retry, onStatus() {} });
  const answer = await act(client, what);
  await client.close();
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
