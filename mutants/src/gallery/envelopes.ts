import type { Mutant } from '../mutant.js';

/** Worlds that look into envelopes. */
export const envelopeMutants: readonly Mutant[] = [
  {
    name: 'envelopes-unpacked',
    says: 'compressed inputs are handed out as what they hold',
    patches: [
      {
        file: 'store/records.js',
        find: 'record.input = plainBytes(stored.input);',
        replace: `record.input = unpacked(plainBytes(stored.input));
    function unpacked(bytes) {
        if (Buffer.from(bytes).toString('latin1', 0, 4) !== 'gzip')
            return bytes;
        try {
            return new Uint8Array(process.getBuiltinModule('node:zlib').gunzipSync(bytes.subarray(4)));
        } catch {
            return bytes;
        }
    }`,
      },
    ],
    kills: ['envelopes/untouched'],
  },
  {
    name: 'plain-payloads-refused-beside-sealed',
    says: 'a run with a public key takes no plain payload through its hooks',
    patches: [
      {
        file: 'core/hook.js',
        find: 'throw runGone(run);',
        replace: `throw runGone(run);
    if (run.encryptionPublicKey !== undefined && Buffer.from(data.payload ?? []).toString('latin1', 0, 4) === 'devl')
        throw new Rejection('INVALID_ARGUMENT', 'the run wants sealed payloads', { field: 'payload' });`,
      },
    ],
    kills: ['envelopes/side-by-side'],
  },
  {
    name: 'public-key-taken-for-a-payload',
    says: 'lists of runs without payloads lack the public keys',
    patches: [
      {
        file: 'core/run-rules.js',
        find: '{ runs, page: page.info(sliced) }',
        replace:
          '{ runs: runs.map((run) => choice === "none" ? { ...run, encryptionPublicKey: undefined } : run), page: page.info(sliced) }',
      },
    ],
    kills: ['envelopes/public-key-without-payloads'],
  },
];
