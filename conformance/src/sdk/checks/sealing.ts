import { createRequire } from 'node:module';
import { Feature } from '../../report/gen/worldwire/conformance/v1/driver_pb.js';
import { type SdkCheck, sdkCheck } from '../check.js';
import type { SdkContext } from '../context.js';
import { contentKeyOf, decrypt, deriveKeys } from './sealed.js';

const load = createRequire(import.meta.url);
const ENVELOPES = { features: ['ENVELOPES'] } as const;

interface Derivation {
  readonly name: string;
  readonly deploymentKey: string;
  readonly projectId: string;
  readonly runId: string;
  readonly runKey: string;
  readonly publicKey?: string;
}

interface Envelope {
  readonly name: string;
  readonly plain: string;
  readonly compression?: string;
  readonly runId?: string;
  readonly runKey?: string;
  readonly payload: string;
}

interface Rejection {
  readonly name: string;
  readonly runId?: string;
  readonly runKey?: string;
  readonly publicKey?: string;
  readonly maxBytes?: number;
  readonly payload: string;
  readonly failure: string;
}

const made: { derivations: Derivation[]; envelopes: Envelope[] }[] = [
  'core-4',
  'core-5',
  'vercel-workflow',
].map((name) => load(`@worldwire/spec/vectors/${name}`));
const derivations = made.flatMap((vectors) => vectors.derivations);
const envelopes = made.flatMap((vectors) => vectors.envelopes);
const { rejections }: { rejections: Rejection[] } = load('@worldwire/spec/vectors/rejections');

const unhex = (text = '') => Uint8Array.from(Buffer.from(text, 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const PAYLOAD = Uint8Array.from(Buffer.from('devl["a secret that nobody tells"]'));
const RUN = 'wrun_01JD5V0Q4W8Y3K7Z2N6R9T1M5B';

/** A run's keys for payloads of a check's own. */
function keysOf(t: SdkContext) {
  return deriveKeys(t.random.bytes(32), 'default', RUN);
}

/** Whether a payload can be read where the driver runs. */
const readable = (t: SdkContext, payload: string, compression?: string) =>
  t.offers(Feature.ZSTD) ||
  (compression !== 'zstd' && !payload.startsWith(Buffer.from('zstd').toString('hex')));

/** Opens what the rejections of some kinds must not open to, each with the opening of a good payload beside. */
async function refuses(t: SdkContext, wanted: (name: string) => boolean): Promise<void> {
  const client = await t.client();
  const meant = rejections.filter(({ name, payload }) => wanted(name) && readable(t, payload));
  for (const { name, payload, runKey, publicKey, runId, maxBytes, failure } of meant) {
    const opening = client.open({
      payload: unhex(payload),
      runKey: unhex(runKey),
      publicKey: unhex(publicKey),
      runId: runId ?? '',
      maxBytes: BigInt(maxBytes ?? 0),
    });
    await t.refused(name, opening, { codes: [failure] });
  }
  const { runKey } = keysOf(t);
  const sealed = await client.seal(PAYLOAD, runKey).value();
  t.equal(await client.open({ payload: sealed, runKey }).value(), PAYLOAD, 'a payload of its own');
}

/** Envelopes as a client makes and opens them. */
export const sealingChecks: readonly SdkCheck[] = [
  sdkCheck(
    'sealing/derives',
    'keys derive as in the vectors',
    { requirements: ['WW-ENV-018'], ...ENVELOPES },
    async (t) => {
      const client = await t.client();
      for (const { name, deploymentKey, projectId, runId, runKey, publicKey } of derivations) {
        const keys = await client.deriveKeys(unhex(deploymentKey), projectId, runId).value();
        t.equal(hex(keys.runKey), runKey, `${name}: the run key`);
        if (publicKey !== undefined)
          t.equal(hex(keys.publicKey), publicKey, `${name}: the public key`);
      }
    },
  ),
  sdkCheck(
    'sealing/opens',
    'every envelope of the vectors opens to its payload',
    { requirements: ['WW-ENV-006', 'WW-ENV-009'], ...ENVELOPES },
    async (t) => {
      const client = await t.client();
      for (const { name, payload, plain, compression, runKey, runId = '' } of envelopes) {
        if (!readable(t, payload, compression)) continue;
        const opened = await client
          .open({ payload: unhex(payload), runKey: unhex(runKey), runId })
          .value();
        t.equal(hex(opened), plain, name);
      }
    },
  ),
  sdkCheck(
    'sealing/form-of-encr',
    'what is sealed with the key of a run is as chapter 18 says, with a nonce of its own each time',
    { requirements: ['WW-ENV-006', 'WW-ENV-007'], ...ENVELOPES },
    async (t) => {
      const client = await t.client();
      const { runKey } = keysOf(t);
      const nonces = new Set<string>();
      for (let time = 0; time < 20; time++) {
        const sealed = await client.seal(PAYLOAD, runKey).value();
        t.equal(Buffer.from(sealed.subarray(0, 4)).toString('latin1'), 'encr', 'the prefix');
        t.equal(decrypt(runKey, sealed.subarray(4)), PAYLOAD, 'what was sealed');
        nonces.add(hex(sealed.subarray(4, 16)));
      }
      t.equal(nonces.size, 20, 'the number of nonces');
    },
  ),
  sdkCheck(
    'sealing/form-of-encp',
    'what is sealed to a public key is as chapter 18 says, with a pair of its own each time',
    { requirements: ['WW-ENV-009', 'WW-ENV-010'], ...ENVELOPES },
    async (t) => {
      const client = await t.client();
      const { scalar, publicKey } = keysOf(t);
      const pairs = new Set<string>();
      for (let time = 0; time < 10; time++) {
        const sealed = await client.sealTo(PAYLOAD, publicKey).value();
        t.equal(Buffer.from(sealed.subarray(0, 4)).toString('latin1'), 'encp', 'the prefix');
        const ephemeral = sealed.subarray(4, 36);
        const contentKey = contentKeyOf(scalar, ephemeral, publicKey);
        t.equal(decrypt(contentKey, sealed.subarray(36)), PAYLOAD, 'what was sealed');
        pairs.add(hex(ephemeral));
      }
      t.equal(pairs.size, 10, 'the number of pairs');
    },
  ),
  sdkCheck(
    'sealing/low-order-points',
    'nothing is sealed to a public key that is none',
    { requirements: ['WW-ENV-011'], ...ENVELOPES },
    async (t) => {
      const client = await t.client();
      const points = rejections.filter(({ name }) => name.includes('/low-order-point/'));
      for (const { name, payload } of points) {
        const sealing = client.sealTo(PAYLOAD, unhex(payload).subarray(4, 36));
        await t.refused(name, sealing, { codes: ['key'] });
      }
      await client.sealTo(PAYLOAD, keysOf(t).publicKey).value();
    },
  ),
  sdkCheck(
    'sealing/refuses-altered',
    'what was altered, or sealed with another key, is refused',
    { requirements: ['WW-ENV-008', 'WW-ENV-028'], ...ENVELOPES },
    (t) => refuses(t, (name) => /bit-flipped|called-|wrong-|no-key|-lost$|byte-added/.test(name)),
  ),
  sdkCheck(
    'sealing/refuses-unknown-prefixes',
    'a payload without a prefix, or with one that is unknown, is refused',
    { requirements: ['WW-ENV-004'], ...ENVELOPES },
    (t) => refuses(t, (name) => /^rejected\/[a-z-]+$|sealed\/|compressed\/no-prefix/.test(name)),
  ),
  sdkCheck(
    'sealing/refuses-cut',
    'a payload that is cut short is refused',
    { requirements: ['WW-ENV-005', 'WW-ENV-016'], ...ENVELOPES },
    (t) => refuses(t, (name) => /\/cut-|shorter-than|\/nothing$|(gzip|zstd)\/last/.test(name)),
  ),
  sdkCheck(
    'sealing/refuses-nested',
    'layers that no writer makes are refused',
    { requirements: ['WW-ENV-003'], ...ENVELOPES },
    (t) => refuses(t, (name) => name.includes('/nested/')),
  ),
  sdkCheck(
    'sealing/refuses-bombs',
    'a compressed payload does not become more than the limit',
    { requirements: ['WW-ENV-015'], ...ENVELOPES },
    (t) => refuses(t, (name) => name.includes('/bomb/')),
  ),
  sdkCheck(
    'sealing/never-twice',
    'what is sealed is not sealed again',
    { requirements: ['WW-ENV-002'], ...ENVELOPES },
    async (t) => {
      const client = await t.client();
      const { runKey, publicKey } = keysOf(t);
      const sealed = await client.seal(PAYLOAD, runKey).value();
      await t.refused('a seal around a seal', client.seal(sealed, runKey), { codes: ['format'] });
      const boxed = client.sealTo(sealed, publicKey);
      await t.refused('a box around a seal', boxed, { codes: ['format'] });
    },
  ),
  sdkCheck(
    'sealing/discreet-errors',
    'an error names the run, and no key and no content',
    { requirements: ['WW-ENV-029', 'WW-ENV-030'], ...ENVELOPES },
    async (t) => {
      const client = await t.client();
      const { runKey, publicKey } = keysOf(t);
      const other = deriveKeys(t.random.bytes(32), 'default', RUN).runKey;
      const odd = Uint8Array.from(Buffer.from('cbor["a secret that nobody tells"]'));
      const good = await client.seal(PAYLOAD, runKey).value();
      const openings = {
        'an opening without a key': { payload: good, publicKey, runId: RUN },
        'an opening with another key': { payload: good, runKey: other, runId: RUN },
        "an opening with a key that is not the run's": {
          payload: good,
          runKey: other,
          publicKey,
          runId: RUN,
        },
        'an opening of no payload': { payload: odd, runKey, runId: RUN },
      };
      for (const [what, request] of Object.entries(openings)) {
        const { message } = await client.open(request).failure();
        for (const secret of secretsOf(runKey, other))
          t.ok(!message.includes(secret), `${what} tells a secret`, 'none', message);
      }
      const { message } = await client.open(openings['an opening without a key']).failure();
      t.ok(message.includes(RUN), 'the error without a key does not name the run', RUN, message);
    },
  ),
];

/** Keys in the forms in which an error might show them, and the content. */
function secretsOf(...keys: readonly Uint8Array[]): string[] {
  return [
    'a secret that',
    ...keys.flatMap((key) => [hex(key), Buffer.from(key).toString('base64')]),
  ];
}
