/** Seals and opens the payloads of runs as the Workflow SDK does it: by WebCrypto, with a key imported once a run. */
const PREFIX = new TextEncoder().encode('encr');
const NONCE_BYTES = 12;

/** Both leave a payload as it is where the World has no key for the run. */
export function createSealing(world) {
  const keys = new Map();

  function keyOf(runId) {
    if (!keys.has(runId)) keys.set(runId, importKey(runId));
    return keys.get(runId);
  }

  async function importKey(runId) {
    const key = await world.getEncryptionKeyForRun?.(runId, { deploymentId: 'bench' });
    if (key === undefined) return undefined;
    return await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  }

  return {
    async seal(runId, payload) {
      const key = await keyOf(runId);
      if (key === undefined) return payload;
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, payload);
      const envelope = new Uint8Array(PREFIX.length + iv.length + sealed.byteLength);
      envelope.set(PREFIX);
      envelope.set(iv, PREFIX.length);
      envelope.set(new Uint8Array(sealed), PREFIX.length + iv.length);
      return envelope;
    },

    async open(runId, payload) {
      const key = await keyOf(runId);
      if (key === undefined) return payload;
      const start = PREFIX.length + NONCE_BYTES;
      const iv = payload.subarray(PREFIX.length, start);
      const sealed = payload.subarray(start);
      return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed));
    },
  };
}
