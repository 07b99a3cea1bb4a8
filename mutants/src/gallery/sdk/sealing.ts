import type { Mutant } from '../../mutant.js';

const AES = 'envelope/aes-gcm.js';
const SEAL = 'envelope/seal.js';
const DERIVE = 'envelope/derive.js';
const UNSEAL = 'envelope/unseal.js';
const OPEN = 'envelope/open.js';
const ERROR = 'envelope/error.js';

/** Clients with faulty envelopes. */
export const sealingMutants: readonly Mutant[] = [
  {
    name: 'sdk-keys-without-project',
    says: 'derives keys of runs without the project',
    patches: [{ file: DERIVE, find: '`${projectId}|${runId}`', replace: '`|${runId}`' }],
    kills: ['sealing/derives'],
  },
  {
    name: 'sdk-other-pairs',
    says: 'derives pairs of its own',
    patches: [
      { file: DERIVE, find: 'workflow/encp/x25519/v1', replace: 'workflow/encp/x25519/v2' },
    ],
    kills: ['sealing/derives', 'sealing/opens'],
  },
  {
    name: 'sdk-other-content-keys',
    says: 'derives keys of sealed boxes that only it knows',
    patches: [
      { file: DERIVE, find: 'workflow/encp/aes256gcm/v1', replace: 'workflow/encp/aes256gcm/v2' },
    ],
    kills: ['sealing/opens', 'sealing/form-of-encp'],
  },
  {
    name: 'sdk-one-nonce',
    says: 'seals with one nonce',
    patches: [
      {
        file: AES,
        find: 'const nonce = randomBytes(NONCE_BYTES);',
        replace: 'const nonce = Buffer.alloc(NONCE_BYTES);',
      },
    ],
    kills: ['sealing/form-of-encr'],
  },
  {
    name: 'sdk-one-pair',
    says: 'seals to public keys with one pair',
    patches: [
      {
        file: SEAL,
        find: 'const privateKey = freshPrivateKey();',
        replace: 'const privateKey = (globalThis.pair ??= freshPrivateKey());',
      },
    ],
    kills: ['sealing/form-of-encp'],
  },
  {
    name: 'sdk-low-order-points',
    says: 'seals to points of low order',
    patches: [
      {
        file: SEAL,
        find: 'const secret = sharedSecret(privateKey, publicKey);',
        replace: 'const secret = sharedSecret(privateKey, publicKey) ?? Buffer.alloc(32);',
      },
    ],
    kills: ['sealing/low-order-points'],
  },
  {
    name: 'sdk-tags-unread',
    says: 'returns what it decrypted whatever the tag says',
    patches: [{ file: AES, find: 'return undefined;', replace: '' }],
    kills: ['sealing/refuses-altered'],
  },
  {
    name: 'sdk-any-prefix',
    says: 'returns payloads with unknown prefixes as they are',
    patches: [
      {
        file: OPEN,
        find: "let prefix = knownPrefixOf(inner, 'outermost');",
        replace:
          "let prefix; try { prefix = knownPrefixOf(inner, 'outermost'); } catch { return { payload }; }",
      },
    ],
    kills: ['sealing/refuses-unknown-prefixes'],
  },
  {
    name: 'sdk-cut-is-altered',
    says: 'does not tell what is cut short from what is altered',
    patches: [
      {
        file: UNSEAL,
        find: "new EnvelopeError('format', 'The sealed payload is cut short'",
        replace: "new EnvelopeError('authentication', 'The sealed payload is cut short'",
      },
    ],
    kills: ['sealing/refuses-cut'],
  },
  {
    name: 'sdk-deep-nesting',
    says: 'opens layers however many there are',
    patches: [
      {
        file: OPEN,
        find: "if (prefix !== 'devl')\n",
        replace: "if (prefix !== 'devl') return open(inner, keys, limits);\n    if (false)\n",
      },
    ],
    kills: ['sealing/refuses-nested'],
  },
  {
    name: 'sdk-bombs',
    says: 'unpacks whatever it is given',
    patches: [
      {
        file: OPEN,
        find: 'inflate(inner, prefix, limits.maxBytes)',
        replace: 'inflate(inner, prefix)',
      },
    ],
    kills: ['sealing/refuses-bombs'],
  },
  {
    name: 'sdk-seals-seals',
    says: 'seals what is sealed',
    patches: [
      {
        file: SEAL,
        find: "if (prefix === 'encr' || prefix === 'encp')",
        replace: 'if (false)',
      },
    ],
    kills: ['sealing/never-twice'],
  },
  {
    name: 'sdk-talkative-errors',
    says: 'shows the payload in errors',
    patches: [
      {
        file: OPEN,
        find: "let prefix = knownPrefixOf(inner, 'outermost');",
        replace:
          "let prefix; try { prefix = knownPrefixOf(inner, 'outermost'); } catch (error) { throw new EnvelopeError('prefix', `cannot read ${Buffer.from(payload)}`); }",
      },
    ],
    kills: ['sealing/discreet-errors'],
  },
  {
    name: 'sdk-nameless-errors',
    says: 'does not name the run for which it has no key',
    patches: [{ file: ERROR, find: 'runId && `run ${runId}`,', replace: '' }],
    kills: ['sealing/discreet-errors'],
  },
];
