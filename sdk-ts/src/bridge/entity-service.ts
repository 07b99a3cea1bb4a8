import { ConnectError } from '@connectrpc/connect';
import {
  CancelOutcome,
  ErrorInfoSchema,
  type HookService,
  type ResolveData,
  type RunService,
  type StepService,
} from '@worldwire/proto';
import { durationMs } from '../client/duration.js';
import { attributeKeys } from './attribute-keys.js';
import { asked, type Bridged, type Handlers } from './bridged.js';
import {
  fromWorldHook,
  fromWorldRun,
  fromWorldStep,
  hasEnded,
  runStatuses,
  shown,
} from './entities.js';
import { type About, explain, readRun, runIfAny, runIsMissing } from './errors.js';
import { isEmptyStart, noRun } from './event-service.js';
import { positionOf } from './events.js';
import { filteredPage, pageInfoOf, paginationOf, resolveDataOf } from './paging.js';
import { invalid, reasonOf, refusal } from './refusal.js';
import type { Loose, LoosePage } from './upstream-world.js';

/** How often a run is read whose end is awaited, in a World that cannot wait. */
const POLL_MS = 100;
/** The longest wait for a run's end. */
const MAX_WAIT_MS = 600_000;
const MAX_BULK_IDS = 500;

/** RunService, by `runs.*` of the World, and by events for a cancellation of many that it does not have. */
export function runHandlers(bridged: Bridged): Handlers<typeof RunService> {
  const { world, traits } = bridged;

  const getRun = (runId: string, resolveData: number): Promise<Loose> =>
    asked(bridged, { kind: 'run', runId }, () =>
      world.runs.get(runId, { resolveData: resolveDataOf(resolveData) }),
    );

  /** Only Worlds whose ids are positions can say where a run's log ends. */
  async function lastPosition(runId: string): Promise<bigint> {
    if (traits.specVersion < 6) return 0n;
    const pagination = { sortOrder: 'desc', limit: 1 };
    const page: LoosePage = await asked(bridged, { kind: 'run', runId }, () =>
      world.events.list({ runId, pagination, resolveData: 'none' }),
    ).catch((error: unknown) => {
      // A run may outlive its log, which then has no last position.
      if (reasonOf(ConnectError.from(error)) === 'RUN_GONE') return {};
      throw error;
    });
    return positionOf(String(page.data?.[0]?.eventId ?? ''), traits);
  }

  const whole = async (run: Loose, resolveData: ResolveData) =>
    fromWorldRun(shown(run, resolveData), await lastPosition(String(run.runId)));

  async function cancelOne(runId: string, cancelReason: string | undefined) {
    const about: About = { kind: 'run', runId, eventType: 'run_cancelled' };
    const outcomeOf = (outcome: CancelOutcome, status?: string, errorReason = '') => ({
      runId,
      outcome,
      status: runStatuses.valueOf(status ?? '') ?? 0,
      errorReason,
    });
    try {
      // As the SDK cancels a run: what it cannot read, it does not cancel.
      const before = await runIfAny(world, runId);
      if (before === undefined) return outcomeOf(CancelOutcome.NOT_FOUND);
      if (before.status === 'cancelled')
        return outcomeOf(CancelOutcome.ALREADY_CANCELLED, 'cancelled');
      const result = await world.events.create(runId, {
        eventType: 'run_cancelled',
        specVersion: before.specVersion || traits.specVersion,
        ...(cancelReason !== undefined && { eventData: { cancelReason } }),
      });
      return outcomeOf(CancelOutcome.CANCELLED, result?.run?.status ?? 'cancelled');
    } catch (thrown) {
      const error = await explain(world, thrown, about);
      const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? 'INTERNAL';
      if (reason === 'RUN_NOT_FOUND') return outcomeOf(CancelOutcome.NOT_FOUND);
      const now = await readRun(world, about);
      // Some Worlds accept a repeated cancellation, and refuse the one that another overtook.
      if (reason === 'RUN_ALREADY_ENDED' && now?.status === 'cancelled')
        return outcomeOf(CancelOutcome.ALREADY_CANCELLED, 'cancelled');
      if (reason === 'RUN_ALREADY_ENDED' && now !== undefined)
        return outcomeOf(CancelOutcome.NOT_CANCELLABLE, now.status);
      return outcomeOf(CancelOutcome.FAILED, now?.status, reason);
    }
  }

  return {
    async getRun({ runId, resolveData }) {
      return { run: await whole(await getRun(runId, resolveData), resolveData) };
    },

    async batchGetRuns({ runIds, resolveData }) {
      const params = { resolveData: resolveDataOf(resolveData) };
      const runs: Loose[] = await asked(bridged, { kind: 'run' }, () =>
        world.runs.getMany !== undefined
          ? world.runs.getMany(runIds, params)
          : Promise.all(
              runIds.map(async (runId) => {
                try {
                  return await world.runs.get(runId, params);
                } catch (error) {
                  if (await runIsMissing(world, runId)) return null;
                  throw error;
                }
              }),
            ),
      );
      return {
        results: await Promise.all(
          runs.map(async (run) => ({ run: run ? await whole(run, resolveData) : undefined })),
        ),
      };
    },

    async listRuns({ page, workflowName, statuses, attributes, resolveData }) {
      const wanted = statuses.map((status) => runStatuses.nameOf(status) ?? '');
      // The 4.x line takes one state only; a filter that a World does not have is applied to its pages.
      const status = wanted.length <= 1 ? wanted[0] : traits.v5 ? wanted : undefined;
      const pairs = Object.entries(attributes);
      const rest = wanted.length > 1 && !traits.v5;
      const keep = (run: Loose) =>
        (!rest || wanted.includes(run.status)) &&
        pairs.every(([key, value]) => run.attributes?.[key] === value);
      const found = await asked(bridged, { kind: 'run', cursor: page?.cursor ?? '' }, () =>
        filteredPage(
          (pagination) =>
            world.runs.list({
              ...(workflowName !== undefined && { workflowName }),
              ...(status !== undefined && { status }),
              pagination,
              resolveData: resolveDataOf(resolveData),
            }),
          rest || pairs.length > 0 ? keep : undefined,
          paginationOf(page, 'desc'),
        ),
      );
      return {
        runs: await Promise.all((found.data ?? []).map((run) => whole(run, resolveData))),
        page: pageInfoOf(found),
      };
    },

    async waitForRun({ runId, timeout, resolveData }, { signal }) {
      const wanted = timeout === undefined ? MAX_WAIT_MS : durationMs(timeout);
      const end = performance.now() + Math.min(wanted, MAX_WAIT_MS);
      let run: Loose;
      for (;;) {
        const timeoutMs = Math.max(0, Math.round(end - performance.now()));
        run = await (world.runs.waitForTerminalStatus === undefined || timeoutMs === 0
          ? getRun(runId, resolveData)
          : asked(bridged, { kind: 'run', runId }, () =>
              world.runs.waitForTerminalStatus!(runId, {
                timeoutMs,
                resolveData: resolveDataOf(resolveData),
                signal,
              }),
            ));
        if (hasEnded(run) || signal.aborted || performance.now() >= end) break;
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(1, Math.min(POLL_MS, end - performance.now()))),
        );
      }
      return { run: await whole(run, resolveData) };
    },

    async cancelRuns({ runIds, cancelReason }) {
      if (runIds.length === 0 || runIds.length > MAX_BULK_IDS)
        throw invalid('run_ids', `must be 1 to ${MAX_BULK_IDS}`);
      if (new Set(runIds).size < runIds.length) throw invalid('run_ids', 'must not repeat an id');
      if (world.runs.cancelMany === undefined)
        return {
          results: await Promise.all(runIds.map((runId) => cancelOne(runId, cancelReason))),
        };
      const request = { runIds, ...(cancelReason !== undefined && { cancelReason }) };
      const { results } = await asked(bridged, { kind: 'run' }, () =>
        world.runs.cancelMany!(request),
      );
      return {
        results: (results as Loose[]).map(({ runId, outcome, status, code }) => ({
          runId,
          outcome: outcomes[outcome] ?? CancelOutcome.FAILED,
          status:
            runStatuses.valueOf(status ?? (outcome.includes('cancelled') ? 'cancelled' : '')) ?? 0,
          errorReason: outcome === 'failed' ? String(code ?? 'INTERNAL') : '',
        })),
      };
    },

    listAttributeKeys: (request) =>
      asked(bridged, { kind: 'run', cursor: request.page?.cursor ?? '' }, () =>
        attributeKeys(world, request),
      ),
  };
}

const outcomes: Readonly<Record<string, CancelOutcome>> = {
  cancelled: CancelOutcome.CANCELLED,
  already_cancelled: CancelOutcome.ALREADY_CANCELLED,
  not_cancellable: CancelOutcome.NOT_CANCELLABLE,
  not_found: CancelOutcome.NOT_FOUND,
};

/** StepService, by `steps.*` of the World. */
export function stepHandlers(bridged: Bridged): Handlers<typeof StepService> {
  const { world } = bridged;
  return {
    async getStep({ runId, stepId, resolveData }) {
      const step = await asked(bridged, { kind: 'step', runId, id: stepId }, () =>
        world.steps.get(runId, stepId, { resolveData: resolveDataOf(resolveData) }),
      );
      return { step: fromWorldStep(shown(step, resolveData)) };
    },

    async listSteps({ runId, page, resolveData }) {
      const cursor = page?.cursor ?? '';
      const found: LoosePage = await asked(bridged, { kind: 'step', runId, cursor }, () =>
        world.steps.list({
          runId,
          pagination: paginationOf(page, 'asc'),
          resolveData: resolveDataOf(resolveData),
        }),
      );
      if (isEmptyStart(found, cursor) && (await runIsMissing(world, runId))) throw noRun(runId);
      return {
        steps: (found.data ?? []).map((step) => fromWorldStep(shown(step, resolveData))),
        page: pageInfoOf(found),
      };
    },
  };
}

/** HookService, by `hooks.*` of the World, and by `runs.get` for the run behind a hook. */
export function hookHandlers(bridged: Bridged): Handlers<typeof HookService> {
  const { world } = bridged;

  const runOf = ({ runId }: Loose): Promise<Loose> =>
    asked(bridged, { kind: 'run', runId }, () => runIfAny(world, runId));
  const whole = async (hook: Loose) => fromWorldHook(hook, await runOf(hook));

  /** The World finds a hook by its id alone; the same id may stand for hooks of several runs. */
  async function ofRun(runId: string, hookId: string, params: Loose): Promise<Loose> {
    let cursor: string | undefined;
    do {
      const page: LoosePage = await world.hooks.list({
        runId,
        ...params,
        pagination: { ...(cursor && { cursor }), sortOrder: 'asc' },
      });
      const hook = page.data?.find((one) => one.hookId === hookId && one.runId === runId);
      if (hook !== undefined) return hook;
      cursor = page.hasMore ? (page.cursor ?? undefined) : undefined;
    } while (cursor !== undefined);
    throw refusal('HOOK_NOT_FOUND', `run ${runId} has no hook ${hookId}`, { hook_id: hookId });
  }

  return {
    async getHook({ runId, hookId, resolveData }) {
      const params = { resolveData: resolveDataOf(resolveData) };
      const about: About = { kind: 'hook', id: hookId, ...(runId && { runId }) };
      const hook = await asked(bridged, about, async () => {
        const found = await world.hooks.get(hookId, params);
        return runId === '' || found.runId === runId ? found : ofRun(runId, hookId, params);
      });
      return { hook: await whole(hook) };
    },

    async getHookByToken({ token, resolveData }) {
      const hook = await asked(bridged, { kind: 'hook', token }, () =>
        world.hooks.getByToken(token, { resolveData: resolveDataOf(resolveData) }),
      );
      return { hook: await whole(hook) };
    },

    async listHooks({ runId, page, resolveData }) {
      const found: LoosePage = await asked(bridged, { cursor: page?.cursor ?? '' }, () =>
        world.hooks.list({
          ...(runId && { runId }),
          pagination: paginationOf(page, 'asc'),
          resolveData: resolveDataOf(resolveData),
        }),
      );
      return { hooks: await Promise.all((found.data ?? []).map(whole)), page: pageInfoOf(found) };
    },
  };
}
