import type { Mutant } from '../../mutant.js';

/** Worlds that keep hooks wrongly. */
export const hookRecordMutants: readonly Mutant[] = [
  {
    name: 'hook-always-webhook',
    says: 'every hook is a webhook, whatever its creation said',
    patches: [
      {
        file: 'core/hook.js',
        find: 'next.isWebhook = data.isWebhook;',
        replace: 'next.isWebhook = true;',
      },
    ],
    kills: ['hooks/record'],
  },
  {
    name: 'hook-forgets-system',
    says: 'is_system of a hook is not kept',
    patches: [{ file: 'core/hook.js', find: 'next.isSystem = data.isSystem;', replace: ';' }],
    kills: ['hooks/system-flag'],
  },
  {
    name: 'hook-created-at-the-read',
    says: 'a hook is as old as the read of it',
    patches: [
      {
        file: 'store/records.js',
        find: 'const hook = fromBinary(HookSchema, plainBytes(data));',
        replace:
          'const hook = fromBinary(HookSchema, plainBytes(data)); hook.createdAt = { $typeName: "google.protobuf.Timestamp", seconds: BigInt(Math.floor(Date.now() / 1000)), nanos: (Date.now() % 1000) * 1e6 };',
      },
    ],
    kills: ['hooks/created-at-stays'],
  },
  {
    name: 'hook-without-its-run',
    says: 'hooks do not tell the context and the key of their run',
    patches: [
      {
        file: 'store/records.js',
        find: `        executionContext: run.executionContext,
        encryptionPublicKey: run.encryptionPublicKey,`,
        replace: '',
      },
    ],
    kills: ['hooks/run-context', 'hooks/public-key'],
  },
  {
    name: 'hook-ids-of-all-runs',
    says: 'a hook id can be used by one run only',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: "'SELECT data, state FROM hooks WHERE run_key = ? AND hook_id = ?'",
        replace: "'SELECT data, state FROM hooks WHERE ? > 0 AND hook_id = ?'",
      },
    ],
    kills: ['hooks/same-id-in-two-runs'],
  },
];
