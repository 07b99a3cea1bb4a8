import {
  compress,
  dehydrateStepReturnValue,
  dehydrateWorkflowArguments,
  deriveRunPayloadKeys,
  encodeWithFormatPrefix,
  encrypt,
  getSerializeStream,
  hydrateWorkflowArguments,
  sealTo,
} from 'core-5/serialization';
import { deriveRunKey } from 'world-vercel-5';
import { chunksOf, inTurn } from './core-4.mjs';
import { fixed, hex, unhex, withRandom } from './fixed.mjs';
import { DERIVATIONS, PROJECT, RUN, VALUES } from './values.mjs';

export const CORE = '@workflow/core@5.0.0-beta.55';
const WORLD = '@workflow/world-vercel@5.0.0-beta.50';

export const runKeyOf = (runId) => deriveRunKey(fixed('deployment key 1'), PROJECT, runId);

/** What SDK 5 makes: key pairs, `encr` and `encp` envelopes around compressed and plain payloads, and stream chunks. */
export async function core5() {
  const runKey = await runKeyOf(RUN);
  return {
    derivations: await Promise.all(DERIVATIONS.map(derivation)),
    envelopes: await inTurn(cases(), (each) => envelope(each, runKey)),
    streams: [await stream('encr', runKey), await stream('encp', runKey)],
  };
}

function cases() {
  const small = ['small', 'empty', 'unicode'];
  return [
    ...small.map((name) => ({ name })),
    ...small.map((name) => ({ name, prefix: 'encr' })),
    ...small.map((name) => ({ name, prefix: 'encp' })),
    ...['gzip', 'zstd'].flatMap((codec) =>
      [undefined, 'encr', 'encp'].map((prefix) => ({ name: 'large', codec, prefix })),
    ),
  ];
}

async function derivation({ name, label, projectId, runId }) {
  const deploymentKey = fixed(label);
  const runKey = await deriveRunKey(deploymentKey, projectId, runId);
  const { keyPair } = await deriveRunPayloadKeys(runKey);
  return {
    name: `core-5/derive/${name}`,
    madeBy: `${WORLD} deriveRunKey, ${CORE} deriveRunPayloadKeys`,
    deploymentKey: hex(deploymentKey),
    projectId,
    runId,
    runKey: hex(runKey),
    scalar: hex(keyPair.scalar),
    publicKey: hex(keyPair.publicKey),
  };
}

async function envelope({ name, codec, prefix }, runKey) {
  const value = VALUES[name];
  const id = ['core-5', prefix, codec, name].filter(Boolean).join('/');
  if (codec !== undefined) process.env.WORKFLOW_COMPRESSION_CODEC = codec;
  const write = (key) =>
    prefix === 'encp'
      ? dehydrateWorkflowArguments(
          value,
          RUN,
          key,
          [],
          globalThis,
          false,
          false,
          codec !== undefined,
        )
      : dehydrateStepReturnValue(
          value,
          RUN,
          key,
          [],
          globalThis,
          false,
          false,
          codec !== undefined,
        );
  const compressed = await write(undefined);
  const { made, seal } = await sealed(id, prefix, runKey, write);
  return {
    name: prefix === undefined && codec === undefined ? `core-5/devl/${name}` : id,
    madeBy: `${CORE} ${prefix === 'encp' ? 'dehydrateWorkflowArguments' : 'dehydrateStepReturnValue'}`,
    value,
    plain: hex(await dehydrateStepReturnValue(value, RUN, undefined)),
    ...(codec && { compression: codec, compressed: hex(compressed) }),
    ...(seal && { seal, runId: RUN, runKey: hex(runKey) }),
    payload: hex(made),
  };
}

/** What `write` makes with the key of a kind of seal, and what the seal was made of. */
export async function sealed(id, prefix, runKey, write) {
  if (prefix === undefined) return { made: await write(undefined), seal: undefined };
  const nonce = fixed(`${id} nonce`, 12);
  const keys = await deriveRunPayloadKeys(runKey);
  if (prefix === 'encr') {
    const { made } = await withRandom({ nonces: [nonce] }, () => write(keys));
    return { made, seal: { prefix, nonce: hex(nonce) } };
  }
  const ephemeral = fixed(`${id} ephemeral`);
  const { publicKey } = keys.keyPair;
  const { made, contentKeys } = await withRandom({ nonces: [nonce], ephemeral }, () =>
    write(sealTo(publicKey)),
  );
  return { made, seal: sealedBox(made, publicKey, ephemeral, contentKeys[0], nonce) };
}

function sealedBox(made, publicKey, ephemeral, contentKey, nonce) {
  return {
    prefix: 'encp',
    recipientPublicKey: hex(publicKey),
    ephemeralScalar: hex(ephemeral),
    ephemeralPublicKey: hex(made.subarray(4, 36)),
    contentKey,
    nonce: hex(nonce),
  };
}

async function stream(prefix, runKey) {
  const values = [{ text: 'one' }, 'two', [3]];
  const nonces = values.map((_, at) => fixed(`core-5 ${prefix} stream nonce ${at}`, 12));
  const keys = await deriveRunPayloadKeys(runKey);
  const { publicKey } = keys.keyPair;
  const ephemeral = prefix === 'encp' ? fixed('core-5 stream ephemeral') : undefined;
  const key = prefix === 'encp' ? sealTo(publicKey) : keys;
  const { made, contentKeys } = await withRandom({ nonces, ephemeral }, () =>
    chunksOf(getSerializeStream({}, key), values),
  );
  const plain = await chunksOf(getSerializeStream({}, undefined), values);
  return {
    name: `core-5/stream/${prefix}`,
    madeBy: `${CORE} getSerializeStream`,
    runId: RUN,
    runKey: hex(runKey),
    chunks: made.map((chunk, at) => ({
      chunk: hex(chunk),
      value: values[at],
      plain: hex(plain[at].subarray(4)),
      seal:
        prefix === 'encp'
          ? sealedBox(chunk.subarray(4), publicKey, ephemeral, contentKeys[0], nonces[at])
          : { prefix, nonce: hex(nonces[at]) },
    })),
  };
}

/** The value that SDK 5 reads out of a payload. */
export async function read5({ payload, runKey }) {
  const key = runKey === undefined ? undefined : await deriveRunPayloadKeys(unhex(runKey));
  return hydrateWorkflowArguments(unhex(payload), RUN, key);
}

export { compress, encodeWithFormatPrefix, encrypt, sealTo };
