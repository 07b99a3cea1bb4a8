import type { Mutant } from '../mutant.js';

const TOKEN = 'secret-of-the-mutant';

/** A World that wants credentials, and the suite that has them. */
const guarded = { tokens: [TOKEN], args: ['--token', TOKEN] } as const;

/** Worlds that let in whom they should not, or mix projects. */
export const securityMutants: readonly Mutant[] = [
  {
    name: 'takes-any-token',
    says: 'lets in whoever sends a token of any kind',
    patches: [
      {
        file: 'rpc/credentials.js',
        find: 'const grant = this.#grants.get(hash);',
        replace: 'const grant = token && this.#grants.values().next().value;',
      },
    ],
    kills: ['security/credential-wanted'],
    ...guarded,
  },
  {
    name: 'streams-without-credential',
    says: 'asks no credential of streams',
    patches: [
      {
        file: 'rpc/gate.js',
        find: 'const admitted = endpoint.open',
        replace: `const admitted = endpoint.live
                ? { ...NOWHERE, project: 'default' }
                : endpoint.open`,
      },
    ],
    kills: ['security/streams-want-it-too'],
    ...guarded,
  },
  {
    name: 'world-behind-credential',
    says: 'GetWorld wants a credential',
    patches: [
      {
        file: 'rpc/endpoints.js',
        find: 'open: service === WorldService',
        replace: 'open: false',
      },
    ],
    kills: ['security/world-without-credential'],
    ...guarded,
  },
  {
    name: 'opens-closed-projects',
    says: 'a token that opens the default project opens every one',
    patches: [
      {
        file: 'rpc/credentials.js',
        find: 'projects?.has(project) ?? true',
        replace: 'projects?.has(DEFAULT_PROJECT) ?? true',
      },
    ],
    kills: ['security/closed-project'],
    tokens: [`${TOKEN} default`],
    args: ['--token', TOKEN, '--closed-project', 'closed'],
  },
  {
    name: 'empty-project-refused',
    says: 'an empty project header is no project',
    patches: [
      {
        file: 'rpc/credentials.js',
        find: "if (header === undefined || header === '')",
        replace: 'if (header === undefined)',
      },
    ],
    kills: ['security/default-project'],
  },
  {
    name: 'any-project-name',
    says: 'takes any text as the name of a project',
    patches: [
      {
        file: 'rpc/credentials.js',
        find: 'return checkId(PROJECT_HEADER, header, limits);',
        replace: 'return header;',
      },
    ],
    kills: ['security/project-names'],
  },
  {
    name: 'runs-by-id-alone',
    says: 'finds runs by their ids, whatever project they are in',
    patches: [
      {
        file: 'store/sqlite/runs.js',
        find: 'WHERE r.project = ? AND r.run_id = ?',
        replace: 'WHERE (r.project = ? OR 1) AND r.run_id = ?',
      },
    ],
    kills: ['security/records-of-another-project', 'security/same-ids-apart'],
  },
  {
    name: 'leases-by-id-alone',
    says: 'settles leases of other projects',
    patches: [
      {
        file: 'store/sqlite/queue.js',
        find: 'WHERE m.lease_id = ? AND m.project = ?',
        replace: 'WHERE m.lease_id = ? AND (m.project = ? OR 1)',
      },
    ],
    kills: ['security/queues-apart'],
  },
  {
    name: 'lists-runs-of-all-projects',
    says: 'lists the runs of every project',
    patches: [
      {
        file: 'store/sqlite/runs.js',
        find: "where.push('r.project = ?');",
        replace: "where.push('(r.project = ? OR 1)');",
      },
    ],
    kills: ['security/lists-apart'],
  },
];
