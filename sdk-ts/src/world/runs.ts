import {
  CancelOutcomeSchema,
  errorRules,
  type Run,
  RunStatusSchema,
  upstreamNames,
} from '@worldwire/proto';
import { durationFromMs } from '../client/duration.js';
import {
  compact,
  fromFailure,
  fromPage,
  nonEmpty,
  nonZero,
  requiredDate,
  toDate,
  toPageRequest,
  toResolveData,
} from './convert.js';
import { translated } from './errors.js';
import { toNewEvent } from './events.js';
import { openErrors } from './sealed-errors.js';
import type { Connect, Session } from './session.js';
import type {
  Reader,
  UpstreamPage,
  UpstreamPagination,
  UpstreamResolveData,
  UpstreamRun,
  UpstreamRunStatus,
} from './upstream.js';

const statuses = upstreamNames(RunStatusSchema);
const outcomes = upstreamNames(CancelOutcomeSchema);

/** A run in the shape that an SDK reads. */
export function fromRun(run: Run, reader: Reader): UpstreamRun {
  return compact({
    runId: run.runId,
    status: runStatusName(run.status),
    deploymentId: run.deploymentId,
    workflowName: run.workflowName,
    specVersion: nonZero(run.specVersion),
    executionContext: run.executionContext,
    input: run.input,
    output: run.output,
    error: fromFailure(run.error, reader, run.errorCode),
    errorCode: run.errorCode,
    attributes: { ...run.attributes },
    encryptionPublicKey: run.encryptionPublicKey,
    expiredAt: toDate(run.expiredAt),
    startedAt: toDate(run.startedAt),
    completedAt: toDate(run.completedAt),
    createdAt: requiredDate(run.createdAt),
    updatedAt: requiredDate(run.updatedAt),
  });
}

/** Runs as an answer has them, in the shape that the application's SDK reads. */
export async function readRuns(session: Session, runs: readonly Run[]): Promise<UpstreamRun[]> {
  for (const run of runs) session.keys.noteRun(run.runId, run);
  await openErrors(session, { runs });
  return runs.map((run) => fromRun(run, session.reader));
}

async function readRun(session: Session, run: Run | undefined): Promise<UpstreamRun> {
  const [read] = await readRuns(session, [run!]);
  return read!;
}

/** The SDK's word for a run's state. */
export function runStatusName(status: number): UpstreamRunStatus {
  return (statuses.nameOf(status) ?? 'pending') as UpstreamRunStatus;
}

/** The number of a run's state in the SDK's word. */
export function runStatusValue(name: string): number {
  const value = statuses.valueOf(name);
  if (value === undefined) throw new Error(`"${name}" is no run status`);
  return value;
}

/** Stands for a writer that is neither the workflow nor one of its steps. */
const OUTSIDE_STEP = 'step_outside';

export interface ReadParams {
  resolveData?: UpstreamResolveData;
}

export interface ListParams extends ReadParams {
  workflowName?: string;
  status?: UpstreamRunStatus | UpstreamRunStatus[];
  pagination?: UpstreamPagination;
}

export interface WaitParams extends ReadParams {
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface CancelRequest {
  runIds: string[];
  cancelReason?: string;
}

export interface AttributeChange {
  key: string;
  value: string | null;
}

/** `world.runs` of both SDK lines. */
export function createRuns(connect: Connect) {
  return {
    get: (id: string, params?: ReadParams): Promise<UpstreamRun> =>
      translated(async () => {
        const session = await connect();
        const { run } = await session.client.runs.getRun({
          runId: id,
          resolveData: toResolveData(params?.resolveData),
        });
        return readRun(session, run);
      }),

    /** One snapshot of several runs, in the order asked for, with null for each that does not exist. */
    getMany: (ids: readonly string[], params?: ReadParams): Promise<(UpstreamRun | null)[]> =>
      translated(async () => {
        const session = await connect();
        const { results } = await session.client.runs.batchGetRuns({
          runIds: [...ids],
          resolveData: toResolveData(params?.resolveData),
        });
        return Promise.all(
          results.map(({ run }) => (run === undefined ? null : readRun(session, run))),
        );
      }),

    list: (params: ListParams = {}): Promise<UpstreamPage<UpstreamRun>> =>
      translated(async () => {
        const session = await connect();
        const wanted = params.status === undefined ? [] : [params.status].flat();
        // As `IN ()` does, an empty list of states matches nothing.
        if (params.status !== undefined && wanted.length === 0) {
          return { data: [], cursor: null, hasMore: false };
        }
        const { runs, page } = await session.client.runs.listRuns({
          page: toPageRequest(params.pagination),
          workflowName: params.workflowName,
          statuses: wanted.map(runStatusValue),
          resolveData: toResolveData(params.resolveData),
        });
        return fromPage(await readRuns(session, runs), page);
      }),

    /** Answers when the run has ended or the time is up, whichever comes first. */
    waitForTerminalStatus: (id: string, params: WaitParams = {}): Promise<UpstreamRun> =>
      translated(async () => {
        const session = await connect();
        const { run } = await session.client.runs.waitForRun(
          {
            runId: id,
            timeout: params.timeoutMs === undefined ? undefined : durationFromMs(params.timeoutMs),
            resolveData: toResolveData(params.resolveData),
          },
          { signal: params.signal },
        );
        return readRun(session, run);
      }),

    /** Cancels up to 500 runs, with one result for each, in order. */
    cancelMany: ({ runIds, cancelReason }: CancelRequest) =>
      translated(async () => {
        const { client } = await connect();
        const response = await client.runs.cancelRuns({ runIds, cancelReason });
        const results = response.results.map((result) => {
          const { runId } = result;
          const outcome = outcomes.nameOf(result.outcome) ?? 'failed';
          if (outcome === 'not_cancellable') {
            return { runId, outcome, status: runStatusName(result.status) };
          }
          if (outcome !== 'failed') return { runId, outcome };
          const code = nonEmpty(result.errorReason) ?? 'UNKNOWN';
          return { runId, outcome, code, retryable: errorRules.get(code)?.retryable ?? true };
        });
        const count = (outcome: string) =>
          results.filter((result) => result.outcome === outcome).length;
        return {
          summary: {
            requested: results.length,
            cancelled: count('cancelled'),
            alreadyCancelled: count('already_cancelled'),
            notCancellable: count('not_cancellable'),
            notFound: count('not_found'),
            failed: count('failed'),
          },
          results,
        };
      }),

    /** Merges attribute changes into a run and answers with all its attributes. */
    experimentalSetAttributes: (
      runId: string,
      changes: AttributeChange[],
      options?: { allowReservedAttributes?: boolean },
    ): Promise<{ attributes: Record<string, string> }> =>
      translated(async () => {
        const { client } = await connect();
        // Written as from a step: a replay looks for the call behind a change by the workflow itself.
        const { run } = await client.events.createEvent({
          runId,
          event: toNewEvent({
            eventType: 'attr_set',
            eventData: {
              changes,
              writer: { type: 'step', stepId: OUTSIDE_STEP, attempt: 1 },
              allowReservedAttributes: options?.allowReservedAttributes,
            },
          }),
        });
        return { attributes: { ...run?.attributes } };
      }),
  };
}
