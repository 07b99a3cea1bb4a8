import { create, toJsonString } from '@bufbuild/protobuf';
import { ReadResponseSchema } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { clientsOf, serve, stockTransports } from '../testing/world.js';
import { encodeJson, LargePayloads } from './json.js';

const bytes = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7) % 251));
const messageOf = (...sizes: number[]) =>
  create(ReadResponseSchema, {
    chunks: sizes.map((size, index) => ({ data: bytes(size), index: BigInt(index) })),
    nextIndex: 1n << 60n,
  });

it('says what the library would, payloads of every size in their places', () => {
  const message = messageOf(0, 1, 4_095, 4_096, 4_097, 4_098, 3, 100_000);
  const large = new LargePayloads();
  const json = toJsonString(ReadResponseSchema, large.replace(message));
  expect(json.length).toBeLessThan(10_000);
  expect(Buffer.from(encodeJson(json)).toString()).toBe(toJsonString(ReadResponseSchema, message));
  expect(message).toEqual(messageOf(0, 1, 4_095, 4_096, 4_097, 4_098, 3, 100_000));
  large.drop();
  expect(Buffer.from(encodeJson(json)).toString()).toBe(json);
});

it('keeps the answers of several calls apart, each until its next', () => {
  const [one, other] = [new LargePayloads(), new LargePayloads()];
  const messages = [messageOf(5_000), messageOf(6_000), messageOf(7_000)] as const;
  const json = (large: LargePayloads, at: 0 | 1 | 2) =>
    toJsonString(ReadResponseSchema, large.replace(messages[at]));
  const encoded = (text: string) => Buffer.from(encodeJson(text)).toString();
  const plain = messages.map((message) => toJsonString(ReadResponseSchema, message));
  const [first, second] = [json(one, 0), json(other, 1)];
  expect([encoded(second), encoded(first)]).toEqual([plain[1], plain[0]]);
  expect(encoded(json(one, 2))).toBe(plain[2]);
  expect(() => encoded(first)).toThrow();
  for (const large of [one, other]) large.drop();
});

it.each(Object.keys(stockTransports))('carries payloads of every size: %s', async (name) => {
  const { url } = await serve();
  const { events, runs, streams } = clientsOf(stockTransports[name]!(url));
  const input = bytes(300_000);
  await events.createEvent({
    runId: 'r',
    event: {
      data: { case: 'runCreated', value: { deploymentId: 'd', workflowName: 'w', input } },
    },
  });
  expect(input.equals((await runs.getRun({ runId: 'r' })).run!.input!)).toBe(true);
  const chunks = [1, 4_096, 2_000_000, 5_000].map(bytes);
  await streams.append({ runId: 'r', name: 's', chunks, close: true });
  const read: Uint8Array[] = [];
  for await (const message of streams.read({ runId: 'r', name: 's' }))
    read.push(...message.chunks.map(({ data }) => data));
  expect(read.map((data, at) => chunks[at]?.equals(data))).toEqual(chunks.map(() => true));
});
