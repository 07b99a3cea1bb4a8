import { Capability, EventService, StreamService, WorldService } from '@worldwire/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { TestWorld } from './testing/test-world.js';

let world: TestWorld;

afterEach(() => world.close());

/** A World that says what it can do, and loses the first response to each event and append. */
async function forgetfulWorld(capabilities: Capability[]) {
  const seen = {
    requestIds: [] as string[],
    writers: [] as [writerId: string, sequence: number][],
  };
  world = await TestWorld.start(({ service }) => {
    service(WorldService, { getWorld: () => ({ capabilities }) });
    service(EventService, {
      createEvent({ requestId }) {
        seen.requestIds.push(requestId);
        return {};
      },
    });
    service(StreamService, {
      append({ writerId, sequence, chunks }) {
        seen.writers.push([writerId, Number(sequence)]);
        return { tailIndex: BigInt(chunks.length - 1), appended: chunks.length };
      },
    });
  });
  const lose = (): void => {
    world.mischief = ({ method, nth, socket }, response) => {
      if ((method === 'CreateEvent' || method === 'Append') && nth === 0)
        response.write = response.end = () => {
          socket.destroy();
          return response as never;
        };
      return undefined;
    };
  };
  return { seen, lose };
}

describe('a World without request ids', () => {
  it('is sent none', async () => {
    const { seen } = await forgetfulWorld([]);
    await world.client().events.createEvent({ runId: 'r' });
    expect(seen.requestIds).toEqual(['']);
  });

  it('is not sent a write again whose fate is unknown', async () => {
    const { seen, lose } = await forgetfulWorld([]);
    lose();
    const call = world.client().events.createEvent({ runId: 'r' });
    await expect(call).rejects.toMatchObject({ name: 'WorldError', code: 'unavailable' });
    expect(seen.requestIds).toEqual(['']);
  });

  it('is sent a write again that never went out', async () => {
    const { seen } = await forgetfulWorld([]);
    const client = world.client();
    await client.getWorld();
    await world.kill();
    const call = client.events.createEvent({ runId: 'r' });
    await world.listen();
    await call;
    expect(seen.requestIds).toEqual(['']);
  });

  it('differs from one that takes them, which is sent the same twice', async () => {
    const { seen, lose } = await forgetfulWorld([Capability.REQUEST_IDS]);
    lose();
    await world.client().events.createEvent({ runId: 'r' });
    expect(seen.requestIds).toHaveLength(2);
    expect(seen.requestIds[0]).not.toBe('');
    expect(seen.requestIds[1]).toBe(seen.requestIds[0]);
  });
});

describe('a World without stream writers', () => {
  const byte = new Uint8Array([1]);

  it('is sent neither a writer nor a sequence', async () => {
    const { seen } = await forgetfulWorld([]);
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's' });
    await writer.write(byte);
    await writer.write(byte);
    expect(seen.writers).toEqual([
      ['', 0],
      ['', 0],
    ]);
  });

  it('is not sent an append again whose fate is unknown', async () => {
    const { seen, lose } = await forgetfulWorld([]);
    lose();
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's' });
    await expect(writer.write(byte)).rejects.toMatchObject({ code: 'unavailable' });
    expect(seen.writers).toHaveLength(1);
  });

  it('differs from one that takes them', async () => {
    const { seen, lose } = await forgetfulWorld([Capability.STREAM_WRITERS]);
    lose();
    const writer = world.client().createStreamWriter({ runId: 'r', name: 's', writerId: 'w' });
    await writer.write(byte);
    expect(seen.writers).toEqual([
      ['w', 0],
      ['w', 0],
    ]);
  });
});
