import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Chunk, ReadRequestSchema, ReadResponseSchema } from '@worldwire/proto';
import { onTestFinished } from 'vitest';
import { Envelopes, envelope } from './envelopes.js';

const END_OF_STREAM = 0x02;

/**
 * StreamService.Read in the Connect protocol on HTTP/1.1, without a client library: it takes no byte from the socket
 * that nobody asked for.
 */
export interface RawRead {
  /** Resolves when the World has answered. */
  attached(): Promise<void>;
  chunks(): AsyncGenerator<Chunk>;
  close(): void;
}

export function openRawRead(url: string, stream: { runId: string; name: string }): RawRead {
  let call: ClientRequest | undefined;
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    call = request(
      `${url}/worldwire.v1.StreamService/Read`,
      {
        method: 'POST',
        // A connection of its own, that nothing else reads.
        agent: false,
        headers: { 'content-type': 'application/connect+proto', 'worldwire-project': 'wire' },
      },
      (response) => {
        response.pause();
        resolve(response);
      },
    ).on('error', reject);
    call.end(envelope(toBinary(ReadRequestSchema, create(ReadRequestSchema, stream))));
  });
  answered.catch(() => {});
  const close = () => void call?.destroy();
  onTestFinished(close);

  return {
    attached: async () => void (await answered),
    async *chunks() {
      const envelopes = new Envelopes();
      for await (const bytes of await answered) {
        for (const { flags, data } of envelopes.add(bytes as Uint8Array)) {
          if (flags & END_OF_STREAM) {
            const { error } = JSON.parse(Buffer.from(data).toString()) as { error?: object };
            if (error !== undefined) throw new Error(JSON.stringify(error));
            return;
          }
          yield* fromBinary(ReadResponseSchema, data).chunks;
        }
      }
      throw new Error('the answer ended without its last message');
    },
    close,
  };
}
