import { createRequire } from 'node:module';

interface Vector {
  readonly name: string;
  readonly payload: string;
}

interface Vectors {
  readonly envelopes?: readonly Vector[];
  readonly rejections?: readonly Vector[];
  readonly streams?: readonly { readonly chunks: readonly { readonly chunk: string }[] }[];
}

const load = createRequire(import.meta.url);
const vectors: readonly Vectors[] = ['core-4', 'core-5', 'vercel-workflow', 'rejections'].map(
  (name) => load(`@worldwire/spec/vectors/${name}`),
);

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** Payloads that the SDKs made, and those that no reader accepts, by their names. */
export const payloads: readonly (readonly [name: string, payload: Uint8Array])[] = vectors
  .flatMap(({ envelopes = [], rejections = [] }) => [...envelopes, ...rejections])
  .map(({ name, payload }) => [name, unhex(payload)]);

/** One payload of each kind: as SDK 5 makes it, plain, compressed, sealed, and both, by its name. */
export const kinds = payloads.filter(([name]) =>
  /^core-5\/(devl\/small|enc[rp]\/small|(enc[rp]\/)?(gzip|zstd)\/large)$/.test(name),
);

/** Chunks of streams of values, sealed in both ways. */
export const chunks: readonly Uint8Array[] = vectors
  .flatMap(({ streams = [] }) => streams)
  .flatMap((stream) => stream.chunks.map(({ chunk }) => unhex(chunk)));
