/** What it takes to seal and to open payloads of three sizes, alone. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { open, RunKeys, seal, sealToPublicKey } from '@worldwire/sdk/envelope';

const SIZES = { '512 B': 512, '64 KiB': 64 * 1024, '10 MiB': 10 * 1024 * 1024 };
/** For how long one thing is done over and over in a round. */
const FULL_MS = 300;
const QUICK_MS = 50;

/** Milliseconds of each round, by the kind of seal with the size, and by `seal` and `open`. */
export async function measureEnvelopes(rounds, isQuick) {
  const keys = new RunKeys({ runKey: new Uint8Array(randomBytes(32)) });
  const { publicKey } = keys.pair;
  const kinds = {
    encr: (value) => seal(value, keys),
    encp: (value) => sealToPublicKey(value, publicKey),
  };
  const results = {};
  // The round before the first only warms up.
  for (let round = 0; round <= rounds; round++) {
    const forMs = isQuick || round === 0 ? QUICK_MS : FULL_MS;
    for (const [kind, sealOne] of Object.entries(kinds)) {
      for (const [title, size] of Object.entries(SIZES)) {
        const value = randomValue(size);
        const sealed = sealOne(value);
        if (Buffer.compare(open(sealed, keys).payload, value) !== 0)
          throw new Error(`${kind} of ${title} does not open as it was sealed`);
        // Whoever interrupts is heard.
        await setImmediate();
        const sealMs = timeOf(() => sealOne(value), forMs);
        const openMs = timeOf(() => open(sealed, keys), forMs);
        if (round === 0) continue;
        results[`${kind}, ${title}`] ??= { seal: [], open: [] };
        results[`${kind}, ${title}`].seal.push(sealMs);
        results[`${kind}, ${title}`].open.push(openMs);
      }
    }
  }
  return results;
}

function randomValue(size) {
  const value = new Uint8Array(randomBytes(size));
  value.set(Buffer.from('devl'));
  return value;
}

/** Milliseconds of one call. */
function timeOf(work, forMs) {
  const start = performance.now();
  let calls = 0;
  let passed = 0;
  while (passed < forMs) {
    work();
    calls++;
    passed = performance.now() - start;
  }
  return passed / calls;
}
