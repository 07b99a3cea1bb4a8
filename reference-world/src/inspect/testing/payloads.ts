import { readFileSync } from 'node:fs';
import {
  deriveRunKey,
  keyIdOf,
  publicKeyText,
  RunKeys,
  seal,
  sealToPublicKey,
} from '@worldwire/sdk/envelope';

/** What the Workflow SDKs made: `spec/vectors/README.md` says what the fields are. */
interface Vectors {
  readonly envelopes: readonly { name: string; payload: string; value: unknown }[];
  readonly streams: readonly {
    name: string;
    chunks: readonly { plain: string; value: unknown }[];
  }[];
}

const makers = ['core-4', 'core-5', 'vercel-workflow'].map((name): Vectors => {
  const file = new URL(`../../../../spec/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
});
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** An unsealed payload of an SDK, such as `core-5/gzip/large`, and its value. */
export function made(name: string): { payload: Uint8Array; value: unknown } {
  const { payload, value } = makers
    .flatMap(({ envelopes }) => envelopes)
    .find((one) => one.name === name)!;
  return { payload: unhex(payload), value };
}

/** What an SDK wrote into a stream. */
export const streamed = makers[1]!.streams[0]!.chunks.map(({ plain, value }) => ({
  payload: unhex(plain),
  value,
}));

export const PROJECT = 'prj';
export const RUN = 'wrun_inspected';

const secret = new Uint8Array(32).fill(1);
const wrongSecret = new Uint8Array(32).fill(2);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** The deployment key, and another one. */
export const key = { secret, text: textOf(secret), id: keyIdOf(secret) };
export const wrongKey = { text: textOf(wrongSecret), id: keyIdOf(wrongSecret) };

const keys = new RunKeys({ runId: RUN, runKey: deriveRunKey(secret, PROJECT, RUN) });
const { publicKey } = keys.pair;

/** What the run's record says of its key. */
export const names = { encryptionKeyId: key.id, encryptionPublicKey: publicKeyText(publicKey) };

/** A payload as the run seals it. */
export const encr = (payload: Uint8Array): Uint8Array => seal(payload, keys);
/** A payload as others seal it to the run. */
export const encp = (payload: Uint8Array): Uint8Array => sealToPublicKey(payload, publicKey);

/** A chunk of a stream of values. */
export function frame(payload: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

/** A chunk as the World adapter seals what the SDK does not. */
export function sealedChunk(bytes: Uint8Array): Uint8Array {
  const value = Buffer.from(`devl[["Uint8Array",1],"${textOf(bytes)}"]`);
  return Buffer.concat([Buffer.from(`seal${String.fromCharCode(RUN.length)}${RUN}`), encr(value)]);
}

/** As it was, but for one bit. */
export function altered(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 1]! ^= 1;
  return copy;
}
