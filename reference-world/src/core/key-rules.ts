import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  DeploymentKeySchema,
  type EscrowKeyRequest,
  type EscrowKeyResponse,
  EscrowKeyResponseSchema,
  type GetRunKeyRequest,
  type GetRunKeyResponse,
  GetRunKeyResponseSchema,
  KeyAccessSchema,
  type ListKeyAccessRequest,
  type ListKeyAccessResponse,
  ListKeyAccessResponseSchema,
  type ListKeysRequest,
  type ListKeysResponse,
  ListKeysResponseSchema,
} from '@worldwire/proto';
import type { KeyAccessRow } from '../store/operations.js';
import { fingerprint } from './cursor.js';
import { checkId, checkName, checkText } from './identifiers.js';
import { nextKeyAccess } from './key-access.js';
import { KEY_BYTES, keyIdOf, runKeyOf } from './key-derivation.js';
import type { CoreLimits } from './limits.js';
import { once } from './outcomes.js';
import { openPage, type Paging, valuesOf } from './pages.js';
import { type Program, store } from './program.js';
import { invalid, Rejection } from './rejection.js';
import { runNotFound } from './run.js';
import type { Rule } from './scope.js';

const MAX_REASON_LENGTH = 500;

/** What a credential may do beyond the calls that every one may make: leave keys in escrow; ask for keys and lists. */
export type KeyPermission = 'escrow' | 'keys';

/** Who calls. */
export interface Caller {
  /** Names the credential without giving it away; empty where none is wanted. */
  readonly fingerprint: string;
  /** What it may do in the project of the call. */
  readonly permissions: ReadonlySet<KeyPermission>;
}

/** Which key a wrapped one is. */
export interface KeyName {
  readonly project: string;
  readonly deploymentId: string;
  readonly keyId: string;
}

/** Wraps deployment keys by a master key. */
export interface Vault {
  wrap(deploymentKey: Uint8Array, name: KeyName): Uint8Array;
  /** Undefined where no master key at hand wraps this, or it is not the key of this name. */
  unwrap(wrapped: Uint8Array, name: KeyName): Uint8Array | undefined;
}

/** A request with what its rule has to know besides. */
export interface KeyCall<Req> {
  readonly request: Req;
  readonly caller: Caller;
  readonly vault: Vault;
}

/** What came of a call, and the entry that says so. A refusal is an answer here: a rule that rejects leaves no entry. */
export interface Audited<Res> {
  readonly answer: Res | Rejection;
  /** Absent where a list was answered. */
  readonly entry?: KeyAccessRow;
}

/** What an entry says of its request, before it is known whether that is well formed. */
interface Subject {
  readonly runId?: string;
  readonly deploymentId?: string;
  readonly reason?: string;
}

/** KeyService.EscrowKey. */
export const escrowKey = audited<EscrowKeyRequest, EscrowKeyResponse>(
  { method: 'EscrowKey', permission: 'escrow', subject: ({ deploymentId }) => ({ deploymentId }) },
  function* (scope, { request, vault }, context) {
    const { project, limits } = scope;
    const { deploymentId, key, requestId } = request;
    checkName('deployment_id', deploymentId, limits.maxNameLength);
    if (key.length !== KEY_BYTES) throw invalid('key', `must have ${KEY_BYTES} bytes`);
    const keyId = keyIdOf(key);
    return yield* once(
      scope,
      requestId,
      `EscrowKey ${fingerprint([deploymentId, keyId])}`,
      EscrowKeyResponseSchema,
      context,
      function* () {
        const wrapped = vault.wrap(key, { project, deploymentId, keyId });
        const escrowedAt = context.now;
        yield* store.putDeploymentKey(project, { keyId, deploymentId, escrowedAt, wrapped });
        return create(EscrowKeyResponseSchema, { keyId });
      },
    );
  },
);

/** KeyService.ListKeys. */
export const listKeys = audited<ListKeysRequest, ListKeysResponse>(
  { method: 'ListKeys', permission: 'keys', isList: true },
  function* ({ project, limits }, { request }) {
    const page = openPage(request.page, paging(limits, 'escrow', []));
    const sliced = yield* store.listDeploymentKeys(project, page.slice);
    return create(ListKeysResponseSchema, {
      keys: valuesOf(sliced).map(({ keyId, deploymentId, escrowedAt }) =>
        create(DeploymentKeySchema, {
          keyId,
          deploymentId,
          escrowedAt: timestampFromMs(escrowedAt),
        }),
      ),
      page: page.info(sliced),
    });
  },
);

/** KeyService.GetRunKey. */
export const getRunKey = audited<GetRunKeyRequest, GetRunKeyResponse>(
  {
    method: 'GetRunKey',
    permission: 'keys',
    subject: ({ runId, reason }) => ({ runId, reason }),
  },
  function* ({ project, limits }, { request: { runId, reason }, vault }) {
    checkId('run_id', runId, limits);
    checkReason(reason);
    const row = yield* store.getRun(project, runId, 'none');
    if (row === undefined) throw runNotFound(runId);
    const { encryptionKeyId: named, deploymentId } = row.run;
    const kept = named
      ? yield* store.findDeploymentKey(project, named)
      : yield* store.latestDeploymentKey(project, deploymentId);
    if (kept === undefined) throw keyNotFound(runId, named, 'is not in escrow');
    const key = vault.unwrap(kept.wrapped, { project, ...kept });
    if (key === undefined)
      throw keyNotFound(runId, kept.keyId, 'is wrapped by a master key that this World has not');
    return create(GetRunKeyResponseSchema, {
      keyId: kept.keyId,
      runKey: runKeyOf(key, project, runId),
    });
  },
);

/** KeyService.ListKeyAccess. */
export const listKeyAccess = audited<ListKeyAccessRequest, ListKeyAccessResponse>(
  { method: 'ListKeyAccess', permission: 'keys', isList: true },
  function* ({ project, limits }, { request: { page: wanted, runId } }) {
    if (runId !== '') checkId('run_id', runId, limits);
    const page = openPage(wanted, paging(limits, 'access', [runId]));
    const sliced = yield* store.listKeyAccess(project, runId, page.slice);
    return create(ListKeyAccessResponseSchema, {
      entries: valuesOf(sliced).map((entry) =>
        create(KeyAccessSchema, {
          ...entry,
          project,
          sequence: BigInt(entry.sequence),
          at: timestampFromMs(entry.at),
          hash: Buffer.from(entry.hash).toString('hex'),
        }),
      ),
      page: page.info(sliced),
    });
  },
);

/** Makes a rule that is for callers with a permission, and that leaves an entry whatever comes of it. */
function audited<Req, Res extends object>(
  method: {
    readonly method: string;
    readonly permission: KeyPermission;
    readonly subject?: (request: Req) => Subject;
    /** Gives no key away, so that only a refusal leaves an entry: a log that grows as it is read could not be read. */
    readonly isList?: boolean;
  },
  rule: Rule<KeyCall<Req>, Res>,
): Rule<KeyCall<Req>, Audited<Res>> {
  return function* (scope, call, context): Program<Audited<Res>> {
    const { caller, request } = call;
    let answer: Res | Rejection;
    try {
      if (!caller.permissions.has(method.permission)) throw denied(scope.project);
      answer = yield* rule(scope, call, context);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      answer = error;
    }
    const refused = answer instanceof Rejection;
    if (method.isList && !refused) return { answer };
    const entry = nextKeyAccess(scope.project, yield* store.latestKeyAccess(scope.project), {
      at: context.now,
      method: method.method,
      ...wellFormed(method.subject?.(request) ?? {}, scope.limits),
      keyId: keyIdIn(answer),
      caller: caller.fingerprint,
      outcome: answer instanceof Rejection ? answer.reason : 'OK',
    });
    yield* store.appendKeyAccess(scope.project, entry);
    return { answer, entry };
  };
}

/** What of a request may stand in an entry: bounded, and no more than its rule would take. */
function wellFormed({ runId = '', deploymentId = '', reason = '' }: Subject, limits: CoreLimits) {
  return {
    runId: ifTaken(runId, () => checkId('run_id', runId, limits)),
    deploymentId: ifTaken(deploymentId, () =>
      checkName('deployment_id', deploymentId, limits.maxNameLength),
    ),
    reason: ifTaken(reason, () => checkReason(reason)),
  };
}

function ifTaken(text: string, check: () => unknown): string {
  try {
    check();
    return text;
  } catch {
    return '';
  }
}

function checkReason(reason: string): void {
  if (reason.trim() === '') throw invalid('reason', 'is required: say why the key is needed');
  checkText('reason', reason, MAX_REASON_LENGTH);
}

/** The key that a call was about, as far as its answer knows. */
function keyIdIn(answer: object): string {
  if (answer instanceof Rejection) return answer.metadata.key_id ?? '';
  return 'keyId' in answer && typeof answer.keyId === 'string' ? answer.keyId : '';
}

function denied(project: string): Rejection {
  return new Rejection('PERMISSION_DENIED', 'the credential does not allow this call', { project });
}

function keyNotFound(runId: string, keyId: string | undefined, why: string): Rejection {
  return new Rejection('KEY_NOT_FOUND', `the deployment key of run ${runId} ${why}`, {
    run_id: runId,
    ...(keyId ? { key_id: keyId } : {}),
  });
}

function paging(limits: CoreLimits, list: string, filters: readonly string[]): Paging {
  return { list, filters, defaultLimit: limits.defaultPage, maxLimit: limits.maxPage };
}
