import { isDeepStrictEqual } from 'node:util';
import {
  type CreateEventResponse,
  type Event,
  type Failure,
  RunStatus,
  StepStatus,
  type Wait,
  WaitStatus,
} from '@worldwire/proto';
import type { Context } from '../../context.js';
import { hookCreated } from '../../fixtures/new-event.js';
import { hooksOf, waitsOf } from '../../fixtures/records.js';
import { gained, type Observation } from './observation.js';
import type { Belongings, Scene } from './scene.js';
import type { Becomes } from './table.js';

/** Why things are not afterwards as an outcome says, or undefined where they are. */
export async function becomes(
  t: Context,
  wanted: Becomes,
  scene: Scene,
  observation: Observation,
): Promise<string | undefined> {
  const { answer } = observation;
  if (!('value' in answer)) return 'it was refused';
  const response = answer.value;
  return (
    runBecomes(wanted, response, observation) ??
    (await stepBecomes(t, wanted, scene, response, observation)) ??
    (await hookBecomes(t, wanted, scene, response)) ??
    (await waitBecomes(t, wanted, scene, response)) ??
    (wanted.released ? await released(t, scene) : undefined) ??
    (wanted.purged ? purged(observation) : undefined) ??
    (wanted.resume ? await usedUp(t, scene, response) : undefined)
  );
}

function runBecomes(
  wanted: Becomes,
  response: CreateEventResponse,
  { runBefore, runAfter, after }: Observation,
): string | undefined {
  if (wanted.run === undefined) return undefined;
  const status = lower(RunStatus[runAfter?.status ?? 0]);
  if (status !== wanted.run) return `the run is ${status}`;
  if (lower(RunStatus[response.run?.status ?? 0]) !== wanted.run)
    return 'the answer carries the run in another state';
  const isEnded = !['pending', 'running'].includes(wanted.run);
  if (isEnded !== (runAfter?.completedAt !== undefined))
    return isEnded ? 'the ended run has no completed_at' : 'the active run has completed_at';
  if (wanted.run === 'running' && runAfter?.startedAt === undefined)
    return 'the running run has no started_at';
  if (wanted.run === 'pending' && runAfter?.startedAt !== undefined)
    return 'the pending run has started_at';
  if (runBefore?.startedAt !== undefined)
    if (!isDeepStrictEqual(runBefore.startedAt, runAfter?.startedAt)) return 'started_at changed';
  if (wanted.purged) return undefined;
  const { output, error } = payloadsOf(after?.at(-1));
  if (isEnded && !isDeepStrictEqual(output, runAfter?.output))
    return 'the output of the run is not that of its ending';
  if (isEnded && !isDeepStrictEqual(error, runAfter?.error))
    return 'the error of the run is not that of its ending';
  return undefined;
}

async function stepBecomes(
  t: Context,
  wanted: Becomes,
  { run, entityId }: Scene,
  response: CreateEventResponse,
  observation: Observation,
): Promise<string | undefined> {
  if (wanted.step === undefined) return undefined;
  const { step: read } = await t.api.steps.getStep({ runId: run.id, stepId: entityId });
  const event = gained(observation)?.at(-1);
  const { output, error } = payloadsOf(event);
  const isEnded = ['completed', 'failed'].includes(wanted.step);
  for (const [where, step] of [
    ['', read],
    [' of the answer', response.step],
  ] as const) {
    const status = lower(StepStatus[step?.status ?? 0]);
    if (status !== wanted.step) return `the step${where} is ${status}`;
    if (step?.stepId !== entityId) return `the step${where} has another id`;
    if (wanted.attempt !== undefined && step.attempt !== wanted.attempt)
      return `the step${where} counts ${step.attempt} tries and not ${wanted.attempt}`;
    if (isEnded !== (step.completedAt !== undefined))
      return `the step${where} ${isEnded ? 'has no' : 'has a'} completed_at`;
    if ((wanted.attempt ?? 0) > 0 !== (step.startedAt !== undefined))
      return `the step${where} ${step.startedAt ? 'has a' : 'has no'} started_at`;
    if (!isDeepStrictEqual(step.output, output))
      return `the output of the step${where} is not that of the event`;
    if (error !== undefined && !isDeepStrictEqual(step.error, error))
      return `the error of the step${where} is not that of the event`;
    const retryAfter =
      event?.data.case === 'stepRetrying' ? event.data.value.retryAfter : undefined;
    if (wanted.delayed && retryAfter === undefined) return 'the event has no retry time';
    // A step keeps the time of its retry until it starts again, whatever ends it before.
    if (!isEnded && !isDeepStrictEqual(step.retryAfter, retryAfter))
      return `the retry time of the step${where} is not that of the event`;
  }
  if (Boolean(wanted.created) !== response.stepCreated)
    return wanted.created
      ? 'the answer does not say step_created'
      : 'the answer says step_created of a step that was there';
  return undefined;
}

async function hookBecomes(
  t: Context,
  wanted: Becomes,
  { run, entityId, token }: Scene,
  response: CreateEventResponse,
): Promise<string | undefined> {
  if (wanted.hook === undefined) return undefined;
  const read = await t.outcome(() => t.api.hooks.getHook({ runId: run.id, hookId: entityId }));
  if (wanted.hook === 'live') {
    if ('refusal' in read) return 'the hook is not there';
  } else {
    if ('value' in read) return 'the hook is there';
    if (read.refusal.reason !== 'HOOK_NOT_FOUND')
      return `the read of the hook is refused with ${read.refusal.reason}`;
  }
  const type = response.event?.data.case;
  if (type === 'hookConflict' && response.hook !== undefined)
    return 'the answer carries a hook though there was a conflict';
  if (type === 'hookCreated') {
    if (response.hook?.hookId !== entityId || response.hook.token !== token)
      return 'the answer does not carry the hook';
    const { hook } = await t.api.hooks.getHookByToken({ token });
    if (hook?.runId !== run.id || hook.hookId !== entityId)
      return 'the token does not lead to the hook';
  }
  if (wanted.takes_over) {
    const { hook } = await t.api.hooks.getHookByToken({ token });
    if (hook?.runId !== run.id) return 'the token leads to another run';
  }
  return undefined;
}

async function waitBecomes(
  t: Context,
  wanted: Becomes,
  { run, entityId }: Scene,
  response: CreateEventResponse,
): Promise<string | undefined> {
  if (wanted.wait === undefined) return undefined;
  const reads: [where: string, wait: Wait | undefined][] = [[' of the answer', response.wait]];
  if (t.has('WAIT_READS')) {
    const { wait } = await t.api.waits.getWait({ runId: run.id, waitId: entityId });
    reads.push(['', wait]);
  }
  for (const [where, wait] of reads) {
    const status = lower(WaitStatus[wait?.status ?? 0]);
    if (status !== wanted.wait) return `the wait${where} is ${status}`;
    if ((wanted.wait === 'completed') !== (wait?.completedAt !== undefined))
      return `the wait${where} is ${status} and its completed_at says otherwise`;
    if (wait?.resumeAt === undefined) return `the wait${where} has no resume_at`;
  }
  return undefined;
}

/** Whether the end of the run took its hook and its wait, and freed the token. */
async function released(
  t: Context,
  { run, belongings }: Scene & { belongings?: Belongings },
): Promise<string | undefined> {
  if (belongings === undefined) return undefined;
  const { hookId, token } = belongings;
  for (const [what, look] of [
    ['by its id', () => t.api.hooks.getHook({ runId: run.id, hookId })],
    ['by its token', () => t.api.hooks.getHookByToken({ token })],
  ] as const) {
    const read = await t.outcome<unknown>(look);
    if ('value' in read) return `a hook of the run is still found ${what}`;
    if (read.refusal.reason !== 'HOOK_NOT_FOUND')
      return `the read of a hook ${what} is refused with ${read.refusal.reason}`;
  }
  if ((await hooksOf(run, t.api)).length > 0) return 'a hook of the run is still listed';
  if (t.has('WAIT_READS') && (await waitsOf(run, t.api)).length > 0)
    return 'a wait of the run is still listed';
  const next = await t.run();
  const taken = await next.write(hookCreated(t.unique('hook'), token));
  if (taken.event?.data.case !== 'hookCreated') return 'a token of the run is not free';
  return undefined;
}

/** Whether the payloads of the run are gone. */
function purged({ runAfter, after = [] }: Observation): string | undefined {
  if (runAfter?.expiredAt === undefined) return 'the run has no expired_at';
  if (runAfter.input ?? runAfter.output ?? runAfter.error) return 'the run still has a payload';
  for (const event of after) {
    const value: object = event.data.value ?? {};
    for (const [name, held] of Object.entries(value))
      if (['input', 'output', 'error', 'payload', 'metadata', 'result'].includes(name) && held)
        return `an event still has ${name}`;
  }
  return undefined;
}

/** Whether the same resume again is answered with the event that it wrote. */
async function usedUp(
  t: Context,
  { run, event }: Scene,
  first: CreateEventResponse,
): Promise<string | undefined> {
  const before = (await run.log()).length;
  const again = await t.outcome(() => run.write(event));
  if ('refusal' in again) return `the same resume again is refused with ${again.refusal.reason}`;
  if (again.value.event?.eventId !== first.event?.eventId)
    return 'the same resume again is answered with another event';
  return (await run.log()).length === before ? undefined : 'the same resume again writes again';
}

/** What an event gives to its record. */
function payloadsOf(event: Event | undefined): { output?: Uint8Array; error?: Failure } {
  switch (event?.data.case) {
    case 'runCompleted':
      return { output: event.data.value.output };
    case 'stepCompleted':
      return { output: event.data.value.result };
    case 'runFailed':
    case 'stepFailed':
    case 'stepRetrying':
      return { error: event.data.value.error };
    default:
      return {};
  }
}

function lower(text: string | undefined): string {
  return (text ?? 'unknown').toLowerCase();
}
