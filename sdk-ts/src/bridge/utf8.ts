import { configureTextEncoding } from '@bufbuild/protobuf/wire';

/**
 * Makes the binary format refuse strings that are not UTF-8, as proto3 asks, and keep a byte order mark at their
 * beginning. The library's own decoder silently changes both. Holds for the whole process.
 */
export function refuseBrokenUtf8(): void {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  configureTextEncoding({
    encodeUtf8: (text) => encoder.encode(text) as Uint8Array<ArrayBuffer>,
    decodeUtf8: (bytes) => decoder.decode(bytes),
    checkUtf8: (text) => !/\p{Surrogate}/u.test(text),
  });
}
