// The envelopes of the SDK for TypeScript behind lines of JSON: calls come in, and what they gave goes out.
// Bytes are hexadecimal.
import { createInterface } from 'node:readline';
import * as envelope from '@worldwire/sdk/envelope';
import { decodeError, encodeError } from '../../../sdk-ts/dist/world/error-value.js';
import { openChunk, sealChunks } from '../../../sdk-ts/dist/world/sealed-chunks.js';

const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (bytes) => Buffer.from(bytes).toString('hex');

const RUN = 'wrun_1';
const keysOf = (runKey) => new envelope.RunKeys({ runId: RUN, runKey: unhex(runKey) });
/** A session of which only the keys are asked. */
const sessionOf = (keys) => ({
  keys: { of: async () => ({ keys }), sealerOf: async () => ({ keys }) },
});

const calls = {
  hasZstd: () => envelope.hasZstd,
  derive({ deploymentKey, project, runId }) {
    const runKey = envelope.deriveRunKey(unhex(deploymentKey), project, runId);
    const { scalar, publicKey } = envelope.deriveKeyPair(runKey);
    return [
      envelope.keyIdOf(unhex(deploymentKey)),
      hex(runKey),
      hex(scalar),
      envelope.publicKeyText(publicKey),
      envelope.fingerprintOf(publicKey),
    ];
  },
  seal({ payload, runKey, publicKey, codec }) {
    const inner = codec ? envelope.compress(unhex(payload), codec) : unhex(payload);
    return hex(
      publicKey
        ? envelope.sealToPublicKey(inner, unhex(publicKey))
        : envelope.seal(inner, keysOf(runKey)),
    );
  },
  open({ payload, runKey, maxBytes }) {
    const opened = envelope.open(unhex(payload), keysOf(runKey), { maxBytes });
    return [hex(opened.payload), opened.seal ?? null, opened.compression ?? null];
  },
  payloads: ({ chunks }) => [...envelope.payloadsOf(chunks.map(unhex))].map(hex),
  async sealChunk({ chunk, runKey }) {
    const session = sessionOf(keysOf(runKey));
    return hex((await sealChunks(session, RUN, 'strm_1', [unhex(chunk)]))[0]);
  },
  openChunk: async ({ chunk, runKey }) =>
    hex(await openChunk(sessionOf(keysOf(runKey)), unhex(chunk))),
  encodeError: (error) => hex(encodeError(error)),
  decodeError({ payload }) {
    const { message, stack, code } = decodeError(unhex(payload));
    return [message, stack ?? null, code ?? null];
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { call, given } = JSON.parse(line);
  let answer;
  try {
    answer = { gave: await calls[call](given) };
  } catch (error) {
    answer = { failure: error.failure ?? error.name };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
