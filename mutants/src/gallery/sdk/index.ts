import type { Mutant, Patch } from '../../mutant.js';
import { callMutants } from './calls.js';
import { liveMutants } from './live.js';
import { queueMutants } from './queue.js';
import { sealingMutants } from './sealing.js';

const patch = (file: string, find: string, replace: string): Patch => ({ file, find, replace });

/** Clients that differ from the SDK lawfully. */
const benign: readonly Mutant[] = [
  {
    name: 'sdk-benign-patient',
    says: 'pauses longer between tries, and keeps other deadlines',
    patches: [
      patch('client/backoff.js', 'initialDelayMs: 50,', 'initialDelayMs: 120,'),
      patch('client/settings.js', 'DEFAULT_DEADLINE_MS = 30_000', 'DEFAULT_DEADLINE_MS = 45_000'),
      patch('client/retry-transport.js', 'QUICK_TRIES = 2', 'QUICK_TRIES = 3'),
    ],
    kills: [],
  },
  {
    name: 'sdk-benign-other-names',
    says: 'makes ids of other forms, and extends leases more often',
    patches: [
      patch(
        'client/method-policy.js',
        'return `${Date.now().toString(16)}-${crypto.randomUUID()}`;',
        'return crypto.randomUUID().toUpperCase();',
      ),
      patch(
        'client/stream-writer.js',
        'writerId = crypto.randomUUID(), sequence',
        'writerId = `w/${Math.random()}`, sequence',
      ),
      patch('client/consumer.js', 'this.#leaseMs / 3', 'this.#leaseMs / 5'),
    ],
    kills: [],
  },
];

/** Every faulty and every benign client. */
export const sdkGallery: readonly Mutant[] = [
  ...callMutants,
  ...liveMutants,
  ...queueMutants,
  ...sealingMutants,
  ...benign,
];
