import { type Step, StepStatusSchema, upstreamNames } from '@worldwire/proto';
import {
  compact,
  fromFailure,
  fromPage,
  nonZero,
  requiredDate,
  toDate,
  toPageRequest,
  toResolveData,
} from './convert.js';
import { translated, worldError } from './errors.js';
import { openErrors } from './sealed-errors.js';
import type { Connect } from './session.js';
import type {
  Reader,
  UpstreamPage,
  UpstreamPagination,
  UpstreamResolveData,
  UpstreamRunStatus,
  UpstreamStep,
} from './upstream.js';

const statuses = upstreamNames(StepStatusSchema);

/** A step in the shape that an SDK reads. */
export function fromStep(step: Step, reader: Reader): UpstreamStep {
  return compact({
    runId: step.runId,
    stepId: step.stepId,
    stepName: step.stepName,
    status: stepStatusName(step.status),
    input: step.input,
    output: step.output,
    error: fromFailure(step.error, reader),
    attempt: step.attempt,
    startedAt: toDate(step.startedAt),
    completedAt: toDate(step.completedAt),
    createdAt: requiredDate(step.createdAt),
    updatedAt: requiredDate(step.updatedAt),
    retryAfter: toDate(step.retryAfter),
    specVersion: nonZero(step.specVersion),
  });
}

/** The SDK's word for a step's state. */
export function stepStatusName(status: number): UpstreamRunStatus {
  return (statuses.nameOf(status) ?? 'pending') as UpstreamRunStatus;
}

/** `world.steps` of both SDK lines. */
export function createSteps(connect: Connect) {
  return {
    get: (
      runId: string | undefined,
      stepId: string,
      params?: { resolveData?: UpstreamResolveData },
    ): Promise<UpstreamStep> =>
      translated(async () => {
        // SDK 4 allows it by type, but a step id is unique within its run only.
        if (runId === undefined) {
          throw worldError(`step ${stepId} cannot be found without its run's id`, { status: 400 });
        }
        const session = await connect();
        const { step } = await session.client.steps.getStep({
          runId,
          stepId,
          resolveData: toResolveData(params?.resolveData),
        });
        await openErrors(session, { steps: [step] });
        return fromStep(step!, session.reader);
      }),

    list: (params: {
      runId: string;
      pagination?: UpstreamPagination;
      resolveData?: UpstreamResolveData;
    }): Promise<UpstreamPage<UpstreamStep>> =>
      translated(async () => {
        const session = await connect();
        const { steps, page } = await session.client.steps.listSteps({
          runId: params.runId,
          page: toPageRequest(params.pagination),
          resolveData: toResolveData(params.resolveData),
        });
        await openErrors(session, { steps });
        return fromPage(
          steps.map((step) => fromStep(step, session.reader)),
          page,
        );
      }),
  };
}
