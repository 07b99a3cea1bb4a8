import { create } from '@bufbuild/protobuf';
import { type ReadRequest, type ReadResponse, ReadResponseSchema } from '@worldwire/proto';
import { streamRules, toChunk } from '../core/index.js';
import type { CallContext } from '../rpc/call.js';
import type { Runtime } from '../rpc/runtime.js';
import { streamTopic } from '../store/store.js';
import { Attachment } from './attachment.js';

/** Bytes of the chunks in one message, unless one chunk alone has more: what a slow reader keeps in memory. */
const PAGE_BYTES = 1024 * 1024;

/** Sends a stream's chunks as they come, until it is closed. The next page is read when the last one is on its way. */
export async function* readStream(
  world: Runtime,
  request: ReadRequest,
  call: CallContext,
): AsyncGenerator<ReadResponse> {
  const { name, startIndex } = request;
  const attachment = new Attachment(world, call, streamTopic(call.project, name));
  try {
    attachment.check();
    const opened = await world.read(streamRules.openRead, call.project, {
      runId: request.runId,
      name,
      startIndex,
    });
    // A read by name alone stays with the stream that it found first.
    let { runId, from } = opened;
    yield attachment.sent(message(from));
    for (;;) {
      attachment.check();
      const { chunks, done, ...found } = await world.read(streamRules.readChunks, call.project, {
        runId,
        name,
        from,
        maxBytes: PAGE_BYTES,
      });
      runId = found.runId;
      const last = chunks.at(-1);
      if (last !== undefined) from = Number(last.index) + 1;
      if (last !== undefined || done)
        yield attachment.sent(
          create(ReadResponseSchema, {
            chunks: chunks.map(toChunk),
            done,
            nextIndex: BigInt(from),
          }),
        );
      if (done) return;
      if (last !== undefined) continue;
      while (!(await attachment.news())) yield attachment.sent(message(from));
    }
  } finally {
    attachment.end();
  }
}

function message(from: number): ReadResponse {
  return create(ReadResponseSchema, { nextIndex: BigInt(from) });
}
