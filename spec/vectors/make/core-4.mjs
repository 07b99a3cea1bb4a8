import { importKey } from 'core-4/encryption';
import {
  dehydrateStepReturnValue,
  dehydrateWorkflowArguments,
  getSerializeStream,
  hydrateWorkflowArguments,
} from 'core-4/serialization';
import { deriveRunKey } from 'world-vercel-4';
import { fixed, hex, unhex, withRandom } from './fixed.mjs';
import { DERIVATIONS, PROJECT, RUN, VALUES } from './values.mjs';

export const CORE = '@workflow/core@4.8.9';
const WORLD = '@workflow/world-vercel@4.7.4';

/** What SDK 4 makes: run keys, `encr` envelopes, and stream chunks. */
export async function core4() {
  const runKey = await deriveRunKey(fixed('deployment key 1'), PROJECT, RUN);
  return {
    derivations: await Promise.all(DERIVATIONS.map(derivation)),
    envelopes: [
      ...(await Promise.all(
        Object.entries(VALUES).map(([name, value]) => plainEnvelope(name, value)),
      )),
      ...(await inTurn(Object.entries(VALUES), ([name, value]) =>
        sealedEnvelope(name, value, runKey),
      )),
    ],
    streams: [await stream(runKey)],
  };
}

async function derivation({ name, label, projectId, runId }) {
  const deploymentKey = fixed(label);
  const runKey = await deriveRunKey(deploymentKey, projectId, runId);
  return {
    name: `core-4/derive/${name}`,
    madeBy: `${WORLD} deriveRunKey`,
    deploymentKey: hex(deploymentKey),
    projectId,
    runId,
    runKey: hex(runKey),
  };
}

async function plainEnvelope(name, value) {
  const plain = hex(await dehydrateWorkflowArguments(value, RUN));
  return {
    name: `core-4/devl/${name}`,
    madeBy: `${CORE} dehydrateWorkflowArguments`,
    value,
    plain,
    payload: plain,
  };
}

async function sealedEnvelope(name, value, runKey) {
  const nonce = fixed(`core-4 nonce ${name}`, 12);
  const key = await importKey(runKey);
  const { made } = await withRandom({ nonces: [nonce] }, () =>
    dehydrateStepReturnValue(value, RUN, key),
  );
  return {
    name: `core-4/encr/${name}`,
    madeBy: `${CORE} dehydrateStepReturnValue`,
    value,
    plain: hex(await dehydrateStepReturnValue(value, RUN)),
    seal: { prefix: 'encr', nonce: hex(nonce) },
    runId: RUN,
    runKey: hex(runKey),
    payload: hex(made),
  };
}

async function stream(runKey) {
  const values = [{ text: 'one' }, 'two', [3]];
  const nonces = values.map((_, at) => fixed(`core-4 stream nonce ${at}`, 12));
  const key = await importKey(runKey);
  const { made } = await withRandom({ nonces }, () =>
    chunksOf(getSerializeStream({}, key), values),
  );
  const plain = await chunksOf(getSerializeStream({}, undefined), values);
  return {
    name: 'core-4/stream/encr',
    madeBy: `${CORE} getSerializeStream`,
    runId: RUN,
    runKey: hex(runKey),
    chunks: made.map((chunk, at) => ({
      chunk: hex(chunk),
      value: values[at],
      plain: hex(plain[at].subarray(4)),
      seal: { prefix: 'encr', nonce: hex(nonces[at]) },
    })),
  };
}

/** What a transform stream makes of each value. */
export async function chunksOf(transform, values) {
  const written = new ReadableStream({
    start(controller) {
      for (const value of values) controller.enqueue(value);
      controller.close();
    },
  });
  return Array.fromAsync(written.pipeThrough(transform));
}

/** The results of `make`, which takes the random source for itself, for one item after another. */
export async function inTurn(items, make) {
  const results = [];
  for (const item of items) results.push(await make(item));
  return results;
}

/** The value that SDK 4 reads out of a payload. */
export async function read4({ payload, runKey }) {
  const key = runKey === undefined ? undefined : await importKey(unhex(runKey));
  return hydrateWorkflowArguments(unhex(payload), RUN, key);
}
