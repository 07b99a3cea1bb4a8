import type { Mutant, Patch } from '../../mutant.js';

/** Answers of requests may be kept twice. */
const KEEPS_THE_FIRST: Patch = {
  file: 'store/sqlite/outcomes.js',
  find: "'INSERT INTO outcomes",
  replace: "'INSERT OR IGNORE INTO outcomes",
};

/** Worlds that take a repeated request for another one, or another one for a repeated. */
export const requestIdMutants: readonly Mutant[] = [
  {
    name: 'request-ids-ignored',
    says: 'a repeated request is carried out again',
    patches: [
      KEEPS_THE_FIRST,
      {
        file: 'core/outcomes.js',
        find: 'if (kept !== undefined) {',
        replace: 'if (kept === null) {',
      },
    ],
    kills: [
      'log/request-id-repeats',
      'log/request-id-of-a-new-run',
      'log/request-id-with-other-content',
      'log/lost-answers',
    ],
  },
  {
    name: 'request-id-check-then-insert',
    says: 'whether a request came before is decided on what was read a moment before',
    patches: [
      KEEPS_THE_FIRST,
      {
        file: 'core/outcomes.js',
        find: 'const kept = yield* store.getOutcome(scope.project, requestId);',
        replace: `const found = yield* store.getOutcome(scope.project, requestId);
    const asked = (globalThis.asked ??= new Map());
    const before = asked.get(requestId);
    const kept = before !== undefined && performance.now() - before < 5 ? undefined : found;
    if (found === undefined && before === undefined) asked.set(requestId, performance.now());`,
      },
    ],
    kills: ['log/request-id-race', 'log/request-id-of-a-new-run'],
  },
  {
    name: 'request-id-for-anything',
    says: 'a request id that was used for another request returns the answer to that',
    patches: [
      {
        file: 'core/outcomes.js',
        find: 'if (kept.fingerprint !== fingerprint)',
        replace: 'if (kept.fingerprint === fingerprint + fingerprint)',
      },
    ],
    kills: ['log/request-id-reused'],
  },
  {
    name: 'refusals-are-kept',
    says: 'a refused request is refused for good',
    patches: [
      {
        file: 'core/outcomes.js',
        find: 'const response = yield* rule();',
        replace: `const refused = (globalThis.refused ??= new Map());
    if (refused.has(requestId)) throw refused.get(requestId);
    let response;
    try {
        response = yield* rule();
    }
    catch (error) {
        refused.set(requestId, error);
        throw error;
    }`,
      },
    ],
    kills: ['log/request-id-after-refusal'],
  },
  {
    name: 'request-ids-of-any-length',
    says: 'request ids of any length are taken',
    patches: [
      {
        file: 'core/outcomes.js',
        find: "checkText('request_id', requestId, MAX_REQUEST_ID);",
        replace: '',
      },
    ],
    kills: ['log/request-id-length'],
  },
  {
    name: 'request-ids-of-events-only',
    says: 'batches and cancellations are carried out again when they are repeated',
    patches: [
      {
        file: 'core/event-rules.js',
        find: 'request.requestId, `CreateEventBatch ',
        replace: "'', `CreateEventBatch ",
      },
      {
        file: 'core/run-rules.js',
        find: 'request.requestId, `CancelRuns ',
        replace: "'', `CancelRuns ",
      },
    ],
    kills: ['log/request-id-of-a-batch', 'log/request-id-of-cancellations'],
  },
];
