function jsonOf(chunk: unknown): string {
  if (chunk instanceof Uint8Array) {
    return JSON.stringify({ base64: Buffer.from(chunk).toString('base64') });
  }
  return JSON.stringify(chunk);
}

/** Chunks to lines, without a buffer of its own: a slow reader holds the stream back. */
export function chunkLines(): TransformStream<unknown, Uint8Array> {
  const encoder = new TextEncoder();
  return new TransformStream(
    {
      transform(chunk, controller) {
        controller.enqueue(encoder.encode(`${jsonOf(chunk)}\n`));
      },
    },
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
}
