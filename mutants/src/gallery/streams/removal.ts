import type { Mutant } from '../../mutant.js';

const RULES = 'core/stream-rules.js';

/** Worlds that pass over the removal of streams. */
export const removalMutants: readonly Mutant[] = [
  {
    name: 'stream-removed-ends-cleanly',
    says: 'a read of a removed stream ends as if it were whole',
    patches: [
      {
        file: RULES,
        find: 'if (row?.expired)',
        replace: 'if (row?.expired) return { ...row, length: 0 };\n    if (false)',
      },
    ],
    kills: ['streams/removed-stream-fails'],
  },
  {
    name: 'stream-new-after-removal',
    says: 'a run whose payloads were removed takes new streams',
    patches: [
      {
        file: RULES,
        find: "return row?.run.expiredAt === undefined ? undefined : 'gone';",
        replace: 'return undefined;',
      },
    ],
    kills: ['streams/removed-stream-takes-nothing'],
  },
];
