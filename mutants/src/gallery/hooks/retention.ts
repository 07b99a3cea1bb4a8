import type { Mutant } from '../../mutant.js';

/** Worlds that keep tokens wrongly after the end of a run. */
export const retentionMutants: readonly Mutant[] = [
  {
    name: 'retention-ignored',
    says: 'tokens are free at the end of their run, whatever was asked for',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'hook.tokenRetentionUntil ? timestampMs(hook.tokenRetentionUntil) : 0',
        replace: '0',
      },
    ],
    kills: ['hooks/retained-after-end'],
  },
  {
    name: 'retention-for-good',
    says: 'a retained token is never given to another hook',
    patches: [
      {
        file: 'core/hook.js',
        find: 'return isEnded(holder.runStatus) && holder.retainedUntil <= now;',
        replace: 'return false;',
      },
      {
        file: 'store/sqlite/hooks.js',
        find: 'return prune.run(now, limit).changes;',
        replace: 'return 0;',
      },
    ],
    kills: ['hooks/retention-over'],
  },
  {
    name: 'retention-ends-a-live-hook',
    says: 'a token can be taken from an active run when its retention is over',
    patches: [
      {
        file: 'core/hook.js',
        find: 'return isEnded(holder.runStatus) && holder.retainedUntil <= now;',
        replace:
          'return holder.retainedUntil > 0 ? holder.retainedUntil <= now : isEnded(holder.runStatus);',
      },
    ],
    kills: ['hooks/retention-is-no-limit'],
  },
  {
    name: 'retention-without-limit',
    says: 'a retention of any length is taken',
    patches: [
      { file: 'core/hook.js', find: '    refuseLongRetention(command, data);\n', replace: '' },
    ],
    kills: ['hooks/retention-too-long'],
  },
  {
    name: 'retention-in-seconds',
    says: 'the time of a retention is cut to seconds',
    patches: [
      {
        file: 'core/hook.js',
        find: 'next.tokenRetentionUntil = data.tokenRetentionUntil;',
        replace: 'next.tokenRetentionUntil = { ...data.tokenRetentionUntil, nanos: 0 };',
      },
    ],
    kills: ['hooks/retention-returned'],
  },
];
