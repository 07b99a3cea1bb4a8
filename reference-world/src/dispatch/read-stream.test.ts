import { expect, it } from 'vitest';
import { clientsOf, endOfRun, failureOf, newRun, serve } from '../testing/world.js';

it('a read under way hears that retention removed its stream', async () => {
  const server = await serve();
  const { events, streams } = clientsOf(server.url);
  const created = { $retention: '0' };
  await events.createEvent(
    newRun('r', {
      data: {
        case: 'runCreated',
        value: {
          deploymentId: 'dpl',
          workflowName: 'wf',
          attributes: created,
          allowReservedAttributes: true,
        },
      },
    }),
  );
  for (const name of ['one', 'two'])
    await streams.append({ runId: 'r', name, chunks: [new Uint8Array([1])] });
  const reads = ['one', 'two'].map((name) => failureOf(streams.read({ runId: 'r', name })));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await events.createEvent(endOfRun('r'));
  for (const failure of await Promise.all(reads))
    expect(failure).toMatchObject({ reasons: ['STREAM_EXPIRED'] });
});
