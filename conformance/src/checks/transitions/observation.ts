import {
  type CreateEventResponse,
  type Event,
  type Hook,
  ResolveData,
  type Run,
  type Step,
  type Wait,
} from '@worldwire/proto';
import type { Context } from '../../context.js';
import { describeRefusal, type Refusal } from '../../wire/refusal.js';
import type { Scene } from './scene.js';

/** What an event did. */
export interface Observation {
  readonly answer: { readonly value: CreateEventResponse } | { readonly refusal: Refusal };
  /** The log before and after; undefined where there is no run. */
  readonly before: readonly Event[] | undefined;
  readonly after: readonly Event[] | undefined;
  readonly runBefore: Run | undefined;
  readonly runAfter: Run | undefined;
  /** What reads say of the entity, before and after. */
  readonly entityBefore: readonly Reading[];
  readonly entityAfter: readonly Reading[];
}

/** What one read answered. */
export type Reading =
  | { readonly found: Step | Hook | Wait | undefined }
  | { readonly reason: string };

/** Writes the scene's event and sees what it did. */
export async function observe(t: Context, scene: Scene): Promise<Observation> {
  const { run, exists, event } = scene;
  const before = exists ? await t.given('the log', () => run.log()) : undefined;
  const runBefore = exists ? await t.given('the run', () => run.get()) : undefined;
  const entityBefore = exists ? await entityNow(t, scene) : [];
  const answer = await t.outcome(() => run.write(event, { resolveData: ResolveData.ALL }));
  const there = await t.outcome(() => run.get());
  const runAfter = 'value' in there ? there.value : undefined;
  const after = runAfter === undefined ? undefined : await run.log();
  const entityAfter = exists ? await entityNow(t, scene) : [];
  return { answer, before, after, runBefore, runAfter, entityBefore, entityAfter };
}

/** The entity by each read that returns it. */
async function entityNow(t: Context, scene: Scene): Promise<Reading[]> {
  const { run, entityId, token, lapses } = scene;
  const { steps, hooks, waits } = t.api;
  const runId = run.id;
  const readings: Reading[] = [];
  const read = async (look: () => Promise<Step | Hook | Wait | undefined>) => {
    const got = await t.outcome(look);
    readings.push('value' in got ? { found: got.value } : { reason: got.refusal.reason });
  };
  if (scene.table === 'step')
    await read(async () => (await steps.getStep({ runId, stepId: entityId })).step);
  if (scene.table === 'hook') {
    await read(async () => (await hooks.getHook({ runId, hookId: entityId })).hook);
    if (!lapses) await read(async () => (await hooks.getHookByToken({ token })).hook);
  }
  if (scene.table === 'wait' && t.has('WAIT_READS'))
    await read(async () => (await waits.getWait({ runId, waitId: entityId })).wait);
  return readings;
}

/** The events that the log gained; undefined where what stood there before is not its beginning any more. */
export function gained({ before = [], after = [] }: Observation): readonly Event[] | undefined {
  const kept = before.every(({ eventId }, index) => after[index]?.eventId === eventId);
  return kept ? after.slice(before.length) : undefined;
}

/** An observation for a person. */
export function describe(observation: Observation): string {
  const { answer } = observation;
  const added = gained(observation);
  const log =
    added === undefined
      ? 'the log lost events'
      : added.length === 0
        ? 'no event was written'
        : `written: ${added.map(typeOf).join(', ')}`;
  const answered = 'refusal' in answer ? `refused ${describeRefusal(answer.refusal)}` : 'accepted';
  return `${answered}; ${log}`;
}

/** The type of an event in the spelling of the tables, such as "step_created". */
export function typeOf({ data }: Event): string {
  return (data.case ?? 'none').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
