import type { Mutant, Patch } from '../mutant.js';
import { keyed } from './keyed.js';

/** Worlds that lose the names of keys. */
const names: readonly Mutant[] = [
  {
    name: 'forgets-key-names',
    says: 'does not keep the name of the key of a run',
    patches: [
      {
        file: 'core/run.js',
        find: 'run.encryptionKeyId = data.encryptionKeyId;',
        replace: "run.encryptionKeyId = '';",
      },
    ],
    kills: ['keys/name-of-a-run'],
  },
  {
    name: 'hooks-without-key-names',
    says: 'a hook does not tell the name of the key of its run',
    patches: [
      {
        file: 'store/records.js',
        find: '        encryptionKeyId: run.encryptionKeyId,',
        replace: '',
      },
    ],
    kills: ['keys/name-with-hooks'],
  },
  {
    name: 'key-names-of-any-length',
    says: 'takes a name of a key that is longer than 64 characters',
    patches: [
      {
        file: 'core/validate-event.js',
        find: 'const MAX_KEY_ID_LENGTH = 64;',
        replace: 'const MAX_KEY_ID_LENGTH = 65;',
      },
    ],
    kills: ['keys/name-too-long'],
  },
];

/** Worlds that keep the wrong keys, or tell them. */
const escrow: readonly Mutant[] = [
  {
    name: 'another-fingerprint',
    says: 'takes another fingerprint of a deployment key',
    patches: [
      {
        file: 'core/key-derivation.js',
        find: "'worldwire/key-id/v1'",
        replace: "'worldwire/key-id'",
      },
    ],
    kills: ['keys/escrow-tells-the-fingerprint'],
  },
  {
    name: 'keys-of-any-length',
    says: 'takes deployment keys of more than 32 bytes',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'if (key.length !== KEY_BYTES)',
        replace: 'if (key.length < KEY_BYTES)',
      },
      {
        file: 'keys/master-keys.js',
        find: 'if (wrapped.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES)',
        replace: 'if (wrapped.length < NONCE_BYTES + KEY_BYTES + TAG_BYTES)',
      },
    ],
    kills: ['keys/escrow-of-32-bytes'],
  },
  {
    name: 'one-deployment-a-key',
    says: 'keeps a key for the first deployment only that it is escrowed for',
    patches: [
      {
        file: 'store/sqlite/keys.js',
        find: '            put.run(',
        replace: '            if (find.get(project, keyId) === undefined) put.run(',
      },
    ],
    kills: ['keys/escrow-again'],
  },
  {
    name: 'lists-keys-of-all-projects',
    says: 'lists the keys of every project',
    patches: [
      {
        file: 'store/sqlite/keys.js',
        find: 'WHERE project = ? AND key {>} ?',
        replace: 'WHERE (project = ? OR 1) AND key {>} ?',
      },
    ],
    kills: ['keys/listed-in-order'],
  },
  {
    name: 'escrow-by-request-id-alone',
    says: 'takes a request id for the same request, whatever the key',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'fingerprint([deploymentId, keyId])',
        replace: 'fingerprint([deploymentId])',
      },
    ],
    kills: ['keys/escrow-request-id'],
  },
  {
    name: 'logs-keys',
    says: 'keeps the deployment key in the log of its escrow',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'subject: ({ deploymentId }) => ({ deploymentId })',
        replace:
          "subject: ({ deploymentId, key }) => ({ deploymentId, reason: Buffer.from(key).toString('base64') })",
      },
    ],
    kills: ['keys/secrets-stay-inside'],
  },
];

/** Worlds that give out the wrong keys of runs. */
const runKeys: readonly Mutant[] = [
  {
    name: 'derives-without-project',
    says: 'derives the key of a run without its project',
    patches: [
      {
        file: 'core/key-derivation.js',
        find: '`${project}|${runId}`',
        replace: 'runId',
      },
    ],
    kills: ['keys/run-key-derived'],
  },
  {
    name: 'newest-key-for-all',
    says: 'takes the newest key of the deployment, whichever the run names',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'const kept = named',
        replace: 'const kept = false',
      },
    ],
    kills: ['keys/run-key-by-name'],
  },
  {
    name: 'oldest-key-for-all',
    says: 'takes the first key of the deployment where the run names none',
    patches: [
      {
        file: 'store/sqlite/keys.js',
        find: 'deployment_id = ? ORDER BY key DESC LIMIT 1',
        replace: 'deployment_id = ? ORDER BY key LIMIT 1',
      },
    ],
    kills: ['keys/run-key-newest'],
  },
  {
    name: 'any-key-for-a-missing-one',
    says: 'takes another key of the deployment where the one that the run names is not in escrow',
    patches: [
      {
        file: 'core/key-rules.js',
        find: '? yield* store.findDeploymentKey(project, named)',
        replace:
          '? (yield* store.findDeploymentKey(project, named)) ?? (yield* store.latestDeploymentKey(project, deploymentId))',
      },
    ],
    kills: ['keys/run-key-not-in-escrow'],
  },
  {
    name: 'keys-for-all-projects',
    says: 'takes a key that is in escrow in another project',
    patches: [
      {
        file: 'store/sqlite/keys.js',
        find: 'WHERE project = ? AND key_id = ? LIMIT 1',
        replace: 'WHERE (project = ? OR 1) AND key_id = ? LIMIT 1',
      },
      {
        file: 'keys/master-keys.js',
        find: '`${project}|${deploymentId}|${keyId}`',
        replace: 'keyId',
      },
    ],
    kills: ['keys/run-key-of-another-project'],
  },
  {
    name: 'blank-reasons',
    says: 'takes white space for a reason',
    patches: [
      {
        file: 'core/key-rules.js',
        find: "if (reason.trim() === '')",
        replace: "if (reason === '')",
      },
    ],
    kills: ['keys/reason-wanted'],
  },
  {
    name: 'no-key-for-no-run',
    says: 'says of a run that does not exist that its key is not in escrow',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'throw runNotFound(runId);',
        replace: "throw keyNotFound(runId, undefined, 'is not in escrow');",
      },
    ],
    kills: ['keys/absent-run'],
  },
];

/** Leaves it to the methods to refuse who has no valid credential. */
const LETS_STRANGERS_IN: Patch = {
  file: 'rpc/credentials.js',
  find: 'const grant = this.#grants.get(hash);',
  replace: 'const grant = this.#grants.get(hash) ?? { caller: ANYONE };',
};

/** Worlds that let anyone ask. */
const permissions: readonly Mutant[] = [
  {
    name: 'keys-for-everyone-inside',
    says: 'gives keys to whoever has a token of the project',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'if (!caller.permissions.has(method.permission))',
        replace: "if (caller.fingerprint === '')",
      },
    ],
    kills: ['keys/permission-wanted'],
  },
  {
    name: 'permission-after-the-rest',
    says: 'looks at the request before it looks at the permission',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'if (!caller.permissions.has(method.permission))',
        replace: `if (request.reason !== undefined)
                checkReason(request.reason);
            if (!caller.permissions.has(method.permission))`,
      },
    ],
    kills: ['keys/permission-wanted'],
  },
  {
    name: 'strangers-without-permission',
    says: 'refuses a call without a valid credential as one without the permission',
    patches: [LETS_STRANGERS_IN],
    kills: ['keys/strangers'],
  },
  {
    name: 'logs-strangers',
    says: 'keeps entries of calls without a valid credential',
    patches: [
      LETS_STRANGERS_IN,
      {
        file: 'core/key-rules.js',
        find: 'throw denied(scope.project);',
        replace: `throw caller.fingerprint === ''
                    ? new Rejection('UNAUTHENTICATED', 'who is there?')
                    : denied(scope.project);`,
      },
    ],
    kills: ['keys/strangers'],
  },
];

/** Worlds whose log says less, or something else. */
const log: readonly Mutant[] = [
  {
    name: 'logs-no-refusals',
    says: 'keeps no entry of what it refuses',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'if (method.isList && !refused)',
        replace: 'if (method.isList || refused)',
      },
    ],
    kills: ['keys/every-call-logged', 'keys/refused-lists-logged'],
  },
  {
    name: 'logs-no-reasons',
    says: 'keeps no reasons',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'reason: ifTaken(reason, () => checkReason(reason)),',
        replace: "reason: '',",
      },
    ],
    kills: ['keys/every-call-logged'],
  },
  {
    name: 'logs-no-lists',
    says: 'keeps no entry of a list, also where it refuses it',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'if (method.isList && !refused)',
        replace: 'if (method.isList)',
      },
    ],
    kills: ['keys/refused-lists-logged'],
  },
  {
    name: 'logs-its-readers',
    says: 'keeps an entry of each list that it answers',
    patches: [
      {
        file: 'core/key-rules.js',
        find: 'if (method.isList && !refused)',
        replace: 'if (false)',
      },
    ],
    kills: ['keys/answered-lists-not-logged'],
  },
  {
    name: 'one-caller-for-all',
    says: 'names the same caller for every credential',
    patches: [
      {
        file: 'rpc/credentials.js',
        find: 'fingerprint: fingerprintOf(token)',
        replace: "fingerprint: 'somebody'",
      },
    ],
    kills: ['keys/callers'],
  },
  {
    name: 'credentials-for-callers',
    says: 'names a caller by its credential',
    patches: [
      {
        file: 'rpc/credentials.js',
        find: 'fingerprint: fingerprintOf(token)',
        replace: 'fingerprint: token',
      },
    ],
    kills: ['keys/callers'],
  },
  {
    name: 'log-from-zero',
    says: 'numbers the entries of its log from 0',
    patches: [
      {
        file: 'core/key-access.js',
        find: '(end?.sequence ?? 0) + 1',
        replace: '(end?.sequence ?? -1) + 1',
      },
    ],
    kills: ['keys/chain'],
  },
  {
    name: 'hash-without-reason',
    says: 'leaves the reason out of the hash of an entry',
    patches: [{ file: 'core/key-access.js', find: '        entry.reason,\n', replace: '' }],
    kills: ['keys/chain'],
  },
  {
    name: 'entries-of-any-run',
    says: 'lists the entries of all runs for one of them',
    patches: [
      {
        file: 'store/sqlite/keys.js',
        find: "run_id = ? AND run_id <> ''",
        replace: "(run_id = ? OR run_id <> '')",
      },
    ],
    kills: ['keys/log-of-a-run'],
  },
  {
    name: 'log-begins-anew',
    says: 'begins its log anew at each start',
    patches: [
      {
        file: 'store/sqlite/keys.js',
        find: '    const put = sql.prepare(',
        replace: "    sql.db.exec('DELETE FROM key_access');\n    const put = sql.prepare(",
      },
    ],
    kills: ['keys/log-survives'],
  },
  {
    name: 'one-log-for-all-projects',
    says: 'numbers and chains the entries of all projects as one log',
    patches: [
      {
        file: 'store/sqlite/keys.js',
        find: 'FROM key_access WHERE project = ? ORDER BY sequence',
        replace: 'FROM key_access WHERE (project = ? OR 1) ORDER BY sequence',
      },
    ],
    kills: ['keys/logs-apart'],
  },
];

/** Worlds that lose names of keys, or give keys to whom they should not or without a trace. */
export const keyMutants: readonly Mutant[] = [
  ...names,
  ...[...escrow, ...runKeys, ...permissions, ...log].map((mutant) => ({ ...mutant, ...keyed })),
];
