/**
 * The envelopes of payloads: how the Workflow SDKs seal and compress what they hand to a World. Chapter 18 of the
 * specification says what they are; this makes and opens them.
 */
export { compress, decompress, hasZstd, type Limits } from './compression.js';
export { deriveContentKey, deriveKeyPair, deriveRunKey, type KeyPair, keyIdOf } from './derive.js';
export { EnvelopeError, type EnvelopeErrorInit, type EnvelopeFailure } from './error.js';
export { payloadsOf } from './frames.js';
export { type Opened, open } from './open.js';
export {
  type CompressionPrefix,
  type Prefix,
  prefixOf,
  type SealPrefix,
} from './prefix.js';
export { fingerprintOf, publicKeyFromText, publicKeyText } from './public-key.js';
export { RunKeys, type RunKeysInit } from './run-keys.js';
export { seal, sealToPublicKey } from './seal.js';
