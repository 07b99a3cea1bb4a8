/**
 * Bytes that anyone can make again from the same seed, so that a test knows what a step must have
 * returned. Not compressible: an SDK that compresses payloads still ships all of them.
 */
export function blobOf(bytes: number, seed: number): Uint8Array {
  const blob = new Uint8Array(bytes);
  let x = seed >>> 0 || 1;
  for (let i = 0; i < bytes; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    blob[i] = x & 0xff;
  }
  return blob;
}
