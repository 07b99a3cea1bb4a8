import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  deriveRunPayloadKeys,
  encodeWithFormatPrefix,
  encrypt,
  sealTo,
} from 'core-5/serialization';
import { CORE, read5, runKeyOf, sealed } from './core-5.mjs';
import { fixed, hex, unhex, withRandom } from './fixed.mjs';
import { OTHER_RUN, RUN } from './values.mjs';

const text = (string) => new TextEncoder().encode(string);
const KEY = { runId: RUN, runKey: hex(await runKeyOf(RUN)) };

/** Every point of small order on X25519 that 32 bytes can say, RFC 7748's encodings that are not reduced included. */
const LOW_ORDER = {
  zero: '00'.repeat(32),
  one: `01${'00'.repeat(31)}`,
  'order-8': 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  'another-order-8': '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'minus-one': `ec${'ff'.repeat(30)}7f`,
  'the-prime': `ed${'ff'.repeat(30)}7f`,
  'the-prime-plus-one': `ee${'ff'.repeat(30)}7f`,
};

/** Payloads that no reader accepts: what SDK 5 made, altered, or made by its own functions as no SDK would call them. */
export async function rejections(envelopes) {
  const of = (name) => {
    const { payload, runId, runKey } = envelopes.find((each) => each.name === `core-5/${name}`);
    return { runId, runKey, payload: unhex(payload) };
  };
  const encr = of('encr/small');
  const encp = of('encp/small');
  const all = [
    ...withoutPrefix(),
    ...truncated('encr', encr, { nonce: 4, ciphertext: 16 }, 16),
    ...truncated('encp', encp, { 'ephemeral-key': 4, nonce: 36, ciphertext: 48 }, 16),
    ...flipped('encr', encr, { nonce: 4, ciphertext: 16, tag: -16 }),
    ...flipped('encp', encp, { 'ephemeral-key': 4, nonce: 36, ciphertext: 48, tag: -16 }),
    ...flippedPrefix(encr),
    ...(await wrongKeys(encr, encp)),
    ...lowOrder(encp),
    ...(await nested()),
    ...(await strangers()),
    ...compressed(of),
    ...bombs(),
  ];
  const results = [];
  for (const each of all)
    results.push({ ...each, reader: { of: CORE, says: await verdict(each) } });
  return results;
}

/** What SDK 5 itself says: the class of its error, or that it reads the payload. */
async function verdict(rejection) {
  try {
    await read5(rejection);
    return 'reads it';
  } catch (error) {
    return error.name;
  }
}

function rejection(name, payload, failure, more = {}) {
  return { name: `rejected/${name}`, ...more, payload: hex(payload), failure };
}

function withoutPrefix() {
  return [
    rejection('no-bytes', new Uint8Array(), 'prefix'),
    rejection('three-bytes', text('dev'), 'prefix'),
    rejection('no-prefix', text('{"a":1}'), 'prefix'),
    rejection('capitals', text('DEVL[]'), 'prefix'),
    rejection('unknown-prefix', text('cbor\u0001'), 'prefix'),
    rejection('no-utf8', Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0), 'prefix'),
  ];
}

function truncated(prefix, { payload, ...key }, fields, tag) {
  const starts = Object.entries(fields).flatMap(([field, start]) => [
    rejection(`${prefix}/cut-before-${field}`, payload.subarray(0, start), 'format', key),
    rejection(`${prefix}/cut-in-${field}`, payload.subarray(0, start + 1), 'format', key),
  ]);
  const first = Math.max(...Object.values(fields));
  return [
    ...starts,
    rejection(`${prefix}/shorter-than-a-tag`, payload.subarray(0, first + tag - 1), 'format', key),
    rejection(`${prefix}/last-byte-lost`, payload.subarray(0, -1), 'authentication', key),
    rejection(`${prefix}/a-byte-added`, Uint8Array.of(...payload, 0), 'authentication', key),
  ];
}

function flipped(prefix, { payload, ...key }, fields) {
  const bits = Object.entries(fields).map(([field, start]) => [field, start, 1]);
  // The top bit of a public key says nothing to X25519, but the content key is made of all of it.
  if (prefix === 'encp') bits.push(['unused-bit-of-ephemeral-key', 35, 0x80]);
  return bits.map(([field, at, bit]) => {
    const altered = payload.slice();
    altered[at < 0 ? altered.length + at : at] ^= bit;
    return rejection(`${prefix}/bit-flipped-in-${field}`, altered, 'authentication', key);
  });
}

function flippedPrefix({ payload, ...key }) {
  const as = (prefix) => Uint8Array.of(...text(prefix), ...payload.subarray(4));
  return [
    rejection('encr/bit-flipped-in-prefix', as('encs'), 'prefix', key),
    rejection('encr/called-encp', as('encp'), 'authentication', key),
    rejection('encr/called-gzip', as('gzip'), 'format', key),
    rejection('encr/called-zstd', as('zstd'), 'format', key),
  ];
}

async function wrongKeys(encr, encp) {
  const another = { runId: RUN, runKey: hex(fixed('another run key')) };
  const ofOtherRun = { runId: OTHER_RUN, runKey: hex(await runKeyOf(OTHER_RUN)) };
  const { keyPair } = await deriveRunPayloadKeys(unhex(KEY.runKey));
  const publicKey = hex(keyPair.publicKey);
  return Object.entries({ encr, encp }).flatMap(([prefix, { payload }]) => [
    rejection(`${prefix}/wrong-key`, payload, 'authentication', another),
    rejection(`${prefix}/wrong-run`, payload, 'authentication', ofOtherRun),
    // Where the run's public key is known, a wrong key is known to be one before anything is opened.
    rejection(`${prefix}/wrong-key-for-public-key`, payload, 'key', { ...another, publicKey }),
    rejection(`${prefix}/no-key`, payload, 'key'),
  ]);
}

function lowOrder({ payload, ...key }) {
  return Object.entries(LOW_ORDER).map(([name, point]) => {
    const altered = payload.slice();
    altered.set(unhex(point), 4);
    return rejection(`encp/low-order-point/${name}`, altered, 'format', key);
  });
}

/** Layers that are genuine each by itself, in an order that no writer makes. */
async function nested() {
  const plain = text('devl[1]');
  const runKey = unhex(KEY.runKey);
  const { keyPair } = await deriveRunPayloadKeys(runKey);
  const seal = async (id, prefix, inner) =>
    (await sealed(`rejected/${id}`, prefix, runKey, (key) => encrypt(inner, key))).made;
  const gzip = (inner) => encodeWithFormatPrefix('gzip', gzipSync(inner));
  const zstd = (inner) => encodeWithFormatPrefix('zstd', zstdCompressSync(inner));
  const encr = await seal('inner', 'encr', plain);
  const encp = await seal('inner', 'encp', plain);
  const { made: twiceToPublicKey } = await withRandom(
    { nonces: [fixed('nested nonce', 12)], ephemeral: fixed('nested ephemeral') },
    () => encrypt(encp, sealTo(keyPair.publicKey)),
  );
  return [
    rejection('nested/encr-encr', await seal('outer', 'encr', encr), 'format', KEY),
    rejection('nested/encr-encp', await seal('outer 2', 'encr', encp), 'format', KEY),
    rejection('nested/encp-encp', twiceToPublicKey, 'format', KEY),
    rejection('nested/gzip-gzip', gzip(gzip(plain)), 'format'),
    rejection('nested/zstd-gzip', zstd(gzip(plain)), 'format'),
    rejection('nested/gzip-encr', gzip(encr), 'format', KEY),
    rejection('nested/encr-gzip-encr', await seal('outer 3', 'encr', gzip(encr)), 'format', KEY),
  ];
}

/** What was sealed or compressed is no payload. */
async function strangers() {
  const runKey = unhex(KEY.runKey);
  const seal = async (id, inner) =>
    (await sealed(`rejected/${id}`, 'encr', runKey, (key) => encrypt(inner, key))).made;
  return [
    rejection('sealed/nothing', await seal('nothing', new Uint8Array()), 'prefix', KEY),
    rejection('sealed/no-prefix', await seal('no prefix', text('[1]')), 'prefix', KEY),
    rejection('sealed/unknown-prefix', await seal('unknown', text('cbor[1]')), 'prefix', KEY),
    rejection('compressed/no-prefix', encodeWithFormatPrefix('gzip', gzipSync('[1]')), 'prefix'),
  ];
}

function compressed(of) {
  return ['gzip', 'zstd'].flatMap((codec) => {
    const { payload } = of(`${codec}/large`);
    const half = payload.subarray(0, Math.floor(payload.length / 2));
    return [
      rejection(`${codec}/nothing`, payload.subarray(0, 4), 'format'),
      rejection(`${codec}/cut-in-the-middle`, half, 'format'),
      rejection(`${codec}/last-byte-lost`, payload.subarray(0, -1), 'format'),
      rejection(`${codec}/no-${codec}`, text(`${codec}not compressed at all`), 'format'),
    ];
  });
}

/** Small payloads of which a reader must not make what they ask for: `maxBytes` is all that it may make. */
function bombs() {
  const bomb = Buffer.concat([text('devl["'), Buffer.alloc(4 << 20, 'a'), text('"]')]);
  const within = { maxBytes: 1 << 20 };
  // A frame that says in its header that it holds 1 TiB, and one of six bytes that wants a window of 1.875 GiB.
  const promises = unhex('28b52ffde00000000000010000010000');
  const window = unhex('28b52ffd00a73100006465766c5b5d');
  return [
    rejection('bomb/gzip', encodeWithFormatPrefix('gzip', gzipSync(bomb)), 'limit', within),
    rejection('bomb/zstd', encodeWithFormatPrefix('zstd', zstdCompressSync(bomb)), 'limit', within),
    rejection('bomb/zstd-content-size', encodeWithFormatPrefix('zstd', promises), 'limit', within),
    rejection('bomb/zstd-window', encodeWithFormatPrefix('zstd', window), 'limit', within),
  ];
}
