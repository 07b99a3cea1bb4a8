import { isDeepStrictEqual } from 'node:util';
import { ConnectError } from '@connectrpc/connect';
import type { Context } from '../../context.js';
import { Departure } from '../../outcome.js';
import { codeOf } from '../../wire/refusal.js';
import { becomes } from './becomes.js';
import { gained, type Observation, typeOf } from './observation.js';
import type { Scene } from './scene.js';
import type { Outcome } from './table.js';

/** How far two spellings of the time that is left may be apart: one of them may be in whole seconds. */
const ROUNDING_MS = 1_000;

/** Why an observation is not an outcome, or undefined where it is. */
export async function mismatch(
  t: Context,
  outcome: Outcome,
  scene: Scene,
  observation: Observation,
): Promise<string | undefined> {
  const { answer } = observation;
  const added = gained(observation);
  if (added === undefined) return 'the log no longer begins with what it held';
  if (outcome.refuse !== undefined) return refused(outcome.refuse, scene, observation);
  if (!('value' in answer)) return `it was refused with ${answer.refusal.reason}`;
  const response = answer.value;
  if (outcome.nothing !== undefined) {
    if (added.length > 0) return 'it wrote an event';
    if (response.event !== undefined) return 'the answer carries an event though none was written';
    if (response.run?.runId !== scene.run.id) return 'the answer does not carry the run';
    if (response.run.status !== observation.runAfter?.status)
      return 'the answer carries the run in another state';
    return changed(scene, observation);
  }
  if (outcome.repeat !== undefined) {
    if (added.length > 0) return 'it wrote an event again';
    if (response.event?.eventId !== scene.firstEventId)
      return 'the answer does not carry the event of the first time';
    return changed(scene, observation);
  }
  const wanted = outcome.append ?? [];
  if (!isDeepStrictEqual(added.map(typeOf), wanted))
    return `the log gained ${added.map(typeOf).join(', ') || 'nothing'}`;
  if (response.event?.eventId !== added.at(-1)?.eventId)
    return 'the answer does not carry the event that was written';
  if (['step', 'hook', 'wait'].includes(scene.table))
    if (added.some(({ correlationId }) => correlationId !== scene.entityId))
      return 'what was written is about another entity';
  return becomes(t, outcome.becomes ?? {}, scene, observation);
}

function refused(reason: string, scene: Scene, observation: Observation): string | undefined {
  const { answer } = observation;
  if (!('refusal' in answer)) return 'it was accepted';
  const { refusal } = answer;
  if (refusal.reason !== reason) return `the reason is ${refusal.reason || 'missing'}`;
  if (refusal.code !== codeOf(refusal.reason)) return `the code is ${refusal.code}`;
  if (gained(observation)?.length !== 0) return 'the refused event left something in the log';
  if (!scene.exists && observation.runAfter !== undefined) return 'the refused event left a run';
  if (reason === 'TOO_EARLY') {
    const { retryAfterMs = 0, metadata } = refusal;
    if (!(retryAfterMs > 0)) return 'the refusal does not say in RetryInfo how long to wait';
    if (!(Math.abs(Number(metadata.retry_after_ms) - retryAfterMs) <= ROUNDING_MS))
      return 'RetryInfo and the metadata retry_after_ms differ';
  }
  return changed(scene, observation);
}

/** What an event changed that was to change nothing. */
function changed(scene: Scene, observation: Observation): string | undefined {
  const { runBefore, runAfter, entityBefore, entityAfter } = observation;
  if (scene.exists && !isDeepStrictEqual(runBefore, runAfter)) return 'it changed the run';
  if (!isDeepStrictEqual(entityBefore, entityAfter)) return `it changed the ${scene.table}`;
  return undefined;
}

/** What an outcome wants, for a person. */
export function describeOutcome({
  refuse,
  nothing,
  repeat,
  append,
  becomes: wanted,
}: Outcome): string {
  if (refuse !== undefined) return `refused with ${refuse}, and nothing changed`;
  if (nothing !== undefined) return 'accepted without an event';
  if (repeat !== undefined)
    return 'accepted with the event of the first time, and no other written';
  const state = Object.entries(wanted ?? {})
    .map(([key, value]) => (value === true ? key.replaceAll('_', ' ') : `${key} ${value}`))
    .join(', ');
  return `${append?.join(' and ')} written${state === '' ? '' : `; then ${state}`}`;
}

/** Judges an observation by all outcomes that are lawful. */
export async function judge(
  t: Context,
  outcomes: readonly Outcome[],
  scene: Scene,
  observation: Observation,
  what: string,
  actual: string,
): Promise<void> {
  const mismatches: string[] = [];
  for (const outcome of outcomes) {
    const why = await reading(() => mismatch(t, outcome, scene, observation));
    if (why === undefined) return;
    mismatches.push(why);
  }
  throw new Departure(
    `${what}: ${mismatches[0]}`,
    outcomes.map(describeOutcome).join(', or '),
    actual,
  );
}

/** A read of what should be there, and is not, is no lawful outcome. */
async function reading(look: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ConnectError) return `what follows cannot be read: ${error.rawMessage}`;
    throw error;
  }
}
