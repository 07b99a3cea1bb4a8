import type { Hook, HookRunContext } from '@worldwire/proto';
import {
  compact,
  fromPage,
  nonZero,
  requiredDate,
  toDate,
  toPageRequest,
  toResolveData,
} from './convert.js';
import { translated } from './errors.js';
import type { Connect, Session } from './session.js';
import type {
  Payload,
  UpstreamHook,
  UpstreamPage,
  UpstreamPagination,
  UpstreamResolveData,
  UpstreamResumeContext,
} from './upstream.js';

/** Who owns a hook, where the World knows no owners but projects. */
const OWNER = 'worldwire';
const DEFAULT_PROJECT = 'default';

/** A hook in the shape that an SDK reads. */
export function fromHook(hook: Hook, { config }: Pick<Session, 'config'>): UpstreamHook {
  return compact({
    runId: hook.runId,
    hookId: hook.hookId,
    token: hook.token,
    ownerId: OWNER,
    projectId: config.project ?? DEFAULT_PROJECT,
    environment: config.environment ?? '',
    metadata: hook.metadata,
    createdAt: requiredDate(hook.createdAt),
    specVersion: nonZero(hook.specVersion),
    isWebhook: hook.isWebhook,
    isSystem: hook.isSystem,
    tokenRetentionUntil: toDate(hook.tokenRetentionUntil),
    resumeContext: hook.run === undefined ? undefined : fromRunContext(hook.run),
  });
}

/** A hook as an answer has it; what it tells of its run's key is kept for whoever reads its metadata. */
export function readHook(hook: Hook, session: Session): UpstreamHook {
  if (hook.run !== undefined) session.keys.noteRun(hook.runId, hook.run);
  return fromHook(hook, session);
}

/** What a resumer of SDK 5 needs of the run; it spares the resumer a read. */
function fromRunContext(run: HookRunContext): UpstreamResumeContext {
  const context: Record<string, Payload> = run.executionContext ?? {};
  const { workflowCoreVersion, traceCarrier, hookResumeInputVersion } = context;
  return compact({
    deploymentId: run.deploymentId,
    workflowName: run.workflowName,
    runSpecVersion: nonZero(run.specVersion),
    workflowCoreVersion: typeof workflowCoreVersion === 'string' ? workflowCoreVersion : undefined,
    traceCarrier: stringRecord(traceCarrier),
    encryptionPublicKey: run.encryptionPublicKey,
    hookResumeInputVersion:
      typeof hookResumeInputVersion === 'number' ? hookResumeInputVersion : undefined,
  });
}

function stringRecord(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const strings = Object.entries(value).filter(([, text]) => typeof text === 'string');
  return Object.fromEntries(strings);
}

/** `world.hooks` of both SDK lines. */
export function createHooks(connect: Connect) {
  type GetParams = { resolveData?: UpstreamResolveData };
  return {
    get: (hookId: string, params?: GetParams): Promise<UpstreamHook> =>
      translated(async () => {
        const session = await connect();
        const resolveData = toResolveData(params?.resolveData);
        const { hook } = await session.client.hooks.getHook({ hookId, resolveData });
        return readHook(hook!, session);
      }),

    getByToken: (token: string, params?: GetParams): Promise<UpstreamHook> =>
      translated(async () => {
        const session = await connect();
        const resolveData = toResolveData(params?.resolveData);
        const { hook } = await session.client.hooks.getHookByToken({ token, resolveData });
        return readHook(hook!, session);
      }),

    list: (
      params: {
        runId?: string;
        pagination?: UpstreamPagination;
        resolveData?: UpstreamResolveData;
      } = {},
    ): Promise<UpstreamPage<UpstreamHook>> =>
      translated(async () => {
        const session = await connect();
        const { hooks, page } = await session.client.hooks.listHooks({
          runId: params.runId ?? '',
          page: toPageRequest(params.pagination),
          resolveData: toResolveData(params.resolveData),
        });
        return fromPage(
          hooks.map((hook) => readHook(hook, session)),
          page,
        );
      }),
  };
}
