import type { Mutant } from '../mutant.js';
import { DECLARES_NOTHING, ONE_PROJECT, REFUSES_GATED } from './modest.js';
import { pushing } from './queue/push.js';

/** Worlds that differ from the reference World lawfully, each in one way, and whose ways can stand together. */
export const lawfulDifferences: readonly Mutant[] = [
  {
    name: 'benign-push',
    says: 'messages are pushed as well',
    patches: pushing(undefined),
    kills: [],
  },
  {
    name: 'benign-older-sdk',
    says: 'serves the spec versions of the Workflow SDK 4 only, with errors as structures',
    patches: [
      { file: 'core/limits.js', find: 'maxSpecVersion: 7,', replace: 'maxSpecVersion: 3,' },
    ],
    kills: [],
  },
  {
    name: 'benign-other-ids',
    says: 'makes ids of other forms',
    patches: [
      {
        file: 'core/queue-rules.js',
        find: 'const messageId = `msg_${context.newId()}`;',
        replace: 'const messageId = context.newId().toLowerCase();',
      },
      {
        file: 'core/lease-rules.js',
        find: 'newLeaseId: () => `lease_${context.newId()}`,',
        replace: 'newLeaseId: () => `${Math.random()}${context.newId()}`,',
      },
      {
        file: 'core/cursor.js',
        find: "    return Buffer.from(text).toString('base64url');\n}\n/** Returns the key",
        replace:
          "    return 'c' + Buffer.from(text).toString('base64url');\n}\n/** Returns the key",
      },
      {
        file: 'core/cursor.js',
        find: "const match = FORM.exec(Buffer.from(cursor, 'base64url').toString());",
        replace: "const match = FORM.exec(Buffer.from(cursor.slice(1), 'base64url').toString());",
      },
    ],
    kills: [],
  },
  {
    name: 'benign-small-pages',
    says: 'pages of 20 by default and of 50 at most, and events of 50',
    patches: [
      { file: 'core/limits.js', find: 'defaultPage: 100,', replace: 'defaultPage: 20,' },
      { file: 'core/limits.js', find: '    maxPage: 1_000,', replace: '    maxPage: 50,' },
      { file: 'core/limits.js', find: 'maxEventPage: 1_000,', replace: 'maxEventPage: 50,' },
    ],
    kills: [],
  },
  {
    name: 'benign-strict-limits',
    says: 'announces and enforces lower limits',
    patches: [
      { file: 'core/limits.js', find: '50 * MIB', replace: '2 * MIB' },
      { file: 'core/limits.js', find: '72 * MIB', replace: '8 * MIB' },
      { file: 'core/limits.js', find: 'maxEvents: 25_000,', replace: 'maxEvents: 2_000,' },
      { file: 'core/limits.js', find: 'maxEventBatch: 32,', replace: 'maxEventBatch: 16,' },
      { file: 'core/limits.js', find: 'maxQueueBatch: 1_000,', replace: 'maxQueueBatch: 20,' },
      { file: 'core/limits.js', find: 'maxStreamAppend: 1_000,', replace: 'maxStreamAppend: 200,' },
      { file: 'core/limits.js', find: 'maxBulkIds: 500,', replace: 'maxBulkIds: 25,' },
      { file: 'core/limits.js', find: 'maxIdLength: 256,', replace: 'maxIdLength: 128,' },
      { file: 'core/limits.js', find: 'maxTokenLength: 1_024,', replace: 'maxTokenLength: 255,' },
      { file: 'core/limits.js', find: 'maxAttributes: 64,', replace: 'maxAttributes: 10,' },
      {
        file: 'core/limits.js',
        find: 'maxHookRetentionDays: 30,',
        replace: 'maxHookRetentionDays: 2,',
      },
    ],
    kills: [],
  },
  {
    name: 'benign-slow',
    says: 'answers each call after up to 10 ms, in another order than asked',
    patches: [
      {
        file: 'rpc/endpoints.js',
        find: 'return await call.race(handler(request, call));',
        replace: `const answer = await call.race(handler(request, call));
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
            return answer;`,
      },
    ],
    kills: [],
  },
  {
    name: 'benign-other-backoff',
    says: 'waits longer and longer by 2.5 s before redeliveries that name no delay',
    patches: [
      {
        file: 'core/queue.js',
        find: 'return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(30, Math.max(0, attempt - 1)));',
        replace: 'return 2_500 * Math.max(1, attempt);',
      },
    ],
    kills: [],
  },
  {
    name: 'benign-ended-runs',
    says: 'takes the other lawful answers for steps and cancellations after the end of a run',
    patches: [
      {
        file: 'core/run.js',
        find: `    if (run.status === RunStatus.CANCELLED)
        return UNCHANGED;`,
        replace: `    if (run.status === RunStatus.CANCELLED && run.expiredAt === undefined)
        return { records: [{ case: 'runCancelled', value: create(RunCancelledSchema, {}) }] };`,
      },
      {
        file: 'core/run.js',
        find: 'import { RunCompletedSchema,',
        replace: 'import { RunCancelledSchema, RunCompletedSchema,',
      },
      {
        file: 'core/step.js',
        find: `    if (run.expiredAt !== undefined)
        throw runGone(run);`,
        replace: `    if (isEnded(run.status))
        throw runGone(run);`,
      },
    ],
    kills: [],
  },
];

/** Worlds that no check may accuse. */
export const benignMutants: readonly Mutant[] = [
  {
    name: 'benign-declares-nothing',
    says: 'a World of the core profile: no capability is declared, and each is refused',
    patches: [DECLARES_NOTHING, ...REFUSES_GATED, ...ONE_PROJECT],
    kills: [],
  },
  ...lawfulDifferences,
  {
    name: 'benign-all-together',
    says: 'differs in each of these ways at once',
    patches: lawfulDifferences.flatMap(({ patches }) => patches),
    kills: [],
  },
];
