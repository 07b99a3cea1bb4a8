/**
 * Whether some bytes are one whole Zstandard frame (RFC 8878) by the lengths that it states. node:zlib takes the
 * beginning of a frame for all of it, and would return what it has so far.
 */
export function isWholeFrame(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 5 || view.getUint32(0, true) !== 0xfd2fb528) return false;
  const descriptor = bytes[4]!;
  let at = 5 + headerBytesAfter(descriptor);
  let last = false;
  while (!last) {
    if (at + 3 > bytes.length) return false;
    const block = view.getUint16(at, true) | (bytes[at + 2]! << 16);
    last = (block & 1) === 1;
    const repeated = ((block >> 1) & 3) === 1;
    at += 3 + (repeated ? 1 : block >> 3);
  }
  const checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
  return at + checksumBytes === bytes.length;
}

/** Bytes of the window, the dictionary's id and the content's size, which a frame has or has not. */
function headerBytesAfter(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const windowBytes = singleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  return windowBytes + dictionaryBytes + sizeBytes;
}
