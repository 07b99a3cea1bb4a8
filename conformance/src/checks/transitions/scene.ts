import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { RunHandle } from '../../fixtures/run-handle.js';
import type { Cell } from './table.js';

const DAY_MS = 86_400_000;

/** Long enough that no clock of any World is beyond it. */
const HOUR_MS = 3_600_000;

/** How far ahead of the World's clock a token's retention ends that is to lapse. */
const SHORT_RETENTION_MS = 1_200;

/** Attributes of a run whose payloads go when it ends. */
const EXPIRING = { attributes: { $retention: '0' }, allowReservedAttributes: true };

/** A run and an entity brought into the state that a cell is about. */
export interface Scene {
  readonly run: RunHandle;
  /** Whether the run exists. */
  readonly exists: boolean;
  /** The id of the step, hook, wait or attribute write. */
  readonly entityId: string;
  /** The event that the cell asks about. */
  readonly event: events.NewEventInit;
  /** The token that the event asks for, where it is hook_created. */
  readonly token: string;
  /** The event of the first resume, where the event repeats one. */
  readonly firstEventId: string;
  /** The table that the cell stands in. */
  readonly table: string;
  /** Whether time alone may change who holds the token. */
  readonly lapses: boolean;
  /** What belongs to the run and goes with it, where the event may end it. */
  readonly belongings?: Belongings;
}

/** A hook and a wait of a run that is about to end. */
export interface Belongings {
  readonly hookId: string;
  readonly token: string;
  readonly waitId: string;
}

/** Sets a scene; `runState` is one of the cell's. */
export async function setScene(t: Context, cell: Cell, runState: string): Promise<Scene> {
  const { table } = cell;
  const lapses = cell.given === 'lapsed token';
  const entityId = t.unique(idPrefixes[table] ?? 'id');
  if (runState === 'absent') {
    const run = RunHandle.of(t, absentRunId());
    const token = await tokenOf(t, cell, run);
    const event = eventOf(t, cell, run, entityId, token);
    return { run, exists: false, entityId, event, token, firstEventId: '', table, lapses };
  }
  const willBePurged = cell.run === 'purged' || cell.run === 'expiring';
  const run = await t.run(willBePurged ? { create: EXPIRING } : {});
  const ends = ['completed', 'failed', 'cancelled'].includes(runState);
  if (runState !== 'pending') await run.given(events.runStarted());
  const ownToken = t.unique('token');
  await enterState(t, cell, run, entityId, ownToken);
  const token = cell.given === 'its own token' ? ownToken : await tokenOf(t, cell, run);
  const firstEventId = await prepare(t, cell, run, entityId);
  if (ends) await run.given(ending(run, runState));
  const belongings = cell.outcomes.some(({ becomes }) => becomes?.released)
    ? await furnish(t, run)
    : undefined;
  const event = eventOf(t, cell, run, entityId, token);
  const scene = { run, exists: true, entityId, event, token, firstEventId, table, lapses };
  return belongings === undefined ? scene : { ...scene, belongings };
}

/** Gives a run what its end takes away. */
async function furnish(t: Context, run: RunHandle): Promise<Belongings> {
  const [hookId, token, waitId] = [t.unique('hook'), t.unique('token'), t.unique('wait')];
  await run.given(events.hookCreated(hookId, token), events.waitCreated(waitId));
  return { hookId, token, waitId };
}

const idPrefixes: Readonly<Record<string, string>> = {
  step: 'step',
  hook: 'hook',
  wait: 'wait',
  attr: 'attr',
};

/** The event that ends a run in a state. */
export function ending(run: RunHandle, state: string): events.NewEventInit {
  if (state === 'completed') return events.runCompleted();
  if (state === 'failed') return events.runFailed(run.failure());
  return events.runCancelled();
}

/** A run id that no run has, with a time that every World takes. */
function absentRunId(): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let time = Date.now();
  let text = '';
  for (let digits = 0; digits < 10; digits++) {
    text = alphabet[time % 32] + text;
    time = Math.floor(time / 32);
  }
  for (let digits = 0; digits < 16; digits++) text += alphabet[Math.floor(Math.random() * 32)];
  return `wrun_${text}`;
}

/** Brings the entity into the cell's state while the run is active. */
async function enterState(
  t: Context,
  { table, state, given }: Cell,
  run: RunHandle,
  id: string,
  token: string,
): Promise<void> {
  const past = timestampFromMs(Date.now() - 2 * DAY_MS);
  const ahead = timestampFromMs(Date.now() + HOUR_MS);
  const retained = timestampFromMs(Date.now() + DAY_MS);
  const created = events.stepCreated(id);
  const started = events.stepStarted(id);
  const states: Readonly<Record<string, () => events.NewEventInit[]>> = {
    'step/pending': () => [created],
    'step/running': () => [created, started],
    'step/delayed': () => [created, started, events.stepRetrying(id, run.failure(), ahead)],
    'step/due': () => [created, started, events.stepRetrying(id, run.failure(), past)],
    'step/completed': () => [created, started, events.stepCompleted(id)],
    'step/failed': () => [created, started, events.stepFailed(id, run.failure())],
    'hook/live': () => [events.hookCreated(id, token)],
    'hook/retained': () => [events.hookCreated(id, token, { tokenRetentionUntil: retained })],
    'hook/disposed': () => [events.hookCreated(id, token), events.hookDisposed(id)],
    'wait/waiting': () => [events.waitCreated(id)],
    'wait/completed': () => [events.waitCreated(id), events.waitCompleted(id)],
  };
  if (`${table}/${state}` === 'hook/conflicted') {
    const held = t.unique('token');
    const other = await t.startedRun();
    await other.given(events.hookCreated(t.unique('hook'), held));
    await run.given(events.hookCreated(id, held));
    return;
  }
  // A hook that is disposed of after a resume comes into its state with the resume.
  if (given === 'same resume' && state === 'disposed') return;
  await run.given(...(states[`${table}/${state}`]?.() ?? []));
}

/** A token in the situation that the cell names. */
async function tokenOf(t: Context, { event, given }: Cell, run: RunHandle): Promise<string> {
  const token = t.unique('token');
  if (event !== 'hook_created') return token;
  const heldBy = async (holder: RunHandle, tokenRetentionUntil?: number) => {
    const value =
      tokenRetentionUntil === undefined
        ? {}
        : { tokenRetentionUntil: timestampFromMs(tokenRetentionUntil) };
    await holder.given(events.hookCreated(t.unique('hook'), token, value));
    return holder;
  };
  switch (given) {
    case 'held token':
      await heldBy(await t.startedRun());
      break;
    case 'sibling token':
      await heldBy(run);
      break;
    case 'retained token':
      await (await heldBy(await t.startedRun(), Date.now() + DAY_MS)).given(events.runCompleted());
      break;
    case 'released token':
      await (await heldBy(await t.startedRun())).given(events.runCompleted());
      break;
    case 'lapsed token': {
      const until = (await worldTime(t)) + SHORT_RETENTION_MS;
      await (await heldBy(await t.startedRun(), until)).given(events.runCompleted());
      await t.eventually('the end of the retention', async () =>
        (await worldTime(t)) > until ? true : undefined,
      );
      break;
    }
  }
  return token;
}

/** The time at the World, by a commit of its own. */
async function worldTime(t: Context): Promise<number> {
  const { createdAt } = await (await t.run()).get();
  if (createdAt === undefined) t.fail('a run has no time of creation', 'created_at', 'none');
  return timestampMs(createdAt);
}

const RESUME = 'resume-1';
const DIGEST = 'a'.repeat(64);
const ATTRIBUTE_ID = 'attr-written-before';

/** Writes what the event of the cell repeats or collides with; returns the id of that event. */
async function prepare(t: Context, cell: Cell, run: RunHandle, entityId: string): Promise<string> {
  const resumed = { resumeId: RESUME, resumePayloadDigest: DIGEST };
  if (cell.given === 'again') {
    await run.given(attributeWrite(ATTRIBUTE_ID));
    return '';
  }
  if (cell.given === 'other hook') {
    const other = t.unique('hook');
    await run.given(events.hookCreated(other, t.unique('token')));
    await run.given({ ...events.hookReceived(other), ...resumed });
    return '';
  }
  if (cell.given !== 'same resume' && cell.given !== 'other digest') return '';
  const disposed = cell.state === 'disposed';
  if (disposed) await run.given(events.hookCreated(entityId, t.unique('token')));
  const [response] = await run.given({ ...events.hookReceived(entityId), ...resumed });
  if (disposed) await run.given(events.hookDisposed(entityId));
  return response?.event?.eventId ?? '';
}

function attributeWrite(correlationId: string): events.NewEventInit {
  return events.attrSet(correlationId, {
    changes: [{ key: 'colour', value: 'blue' }],
    writer: { writer: { case: 'workflow', value: {} } },
  });
}

/** The event that a cell asks about. */
function eventOf(
  t: Context,
  { event, given }: Cell,
  run: RunHandle,
  id: string,
  token: string,
): events.NewEventInit {
  const ahead = timestampFromMs(Date.now() + HOUR_MS);
  const makers: Readonly<Record<string, () => events.NewEventInit>> = {
    run_created: () => events.runCreated(),
    run_started: () => events.runStarted(given === 'create' ? events.createsRun() : undefined),
    run_completed: () => events.runCompleted(),
    run_failed: () => events.runFailed(run.failure()),
    run_cancelled: () => events.runCancelled('no longer wanted'),
    step_created: () => events.stepCreated(id),
    step_started: () => (given === 'input' ? events.stepStartedLazily(id) : events.stepStarted(id)),
    step_completed: () => events.stepCompleted(id),
    step_failed: () => events.stepFailed(id, run.failure()),
    step_retrying: () => events.stepRetrying(id, run.failure(), ahead),
    hook_created: () => events.hookCreated(id, token, longRetention(t, given)),
    hook_received: () => ({ ...events.hookReceived(id), ...resumeOf(given) }),
    hook_disposed: () => events.hookDisposed(id),
    wait_created: () => events.waitCreated(id),
    wait_completed: () => events.waitCompleted(id),
    attr_set: () => attributes(given, id),
  };
  const make = makers[event];
  if (make === undefined) throw new Error(`no way is known to write ${event}`);
  return make();
}

function longRetention(t: Context, given: string) {
  if (given !== 'long retention') return {};
  const { maxHookRetentionDays } = t.facts.limits;
  if (maxHookRetentionDays === 0)
    t.notApplicable('the World announces no limit of token retention');
  return { tokenRetentionUntil: timestampFromMs(Date.now() + (maxHookRetentionDays + 2) * DAY_MS) };
}

function resumeOf(given: string): { resumeId?: string; resumePayloadDigest?: string } {
  switch (given) {
    case 'new resume':
    case 'same resume':
    case 'other hook':
      return { resumeId: RESUME, resumePayloadDigest: DIGEST };
    case 'other digest':
      return { resumeId: RESUME, resumePayloadDigest: 'b'.repeat(64) };
    default:
      return {};
  }
}

function attributes(given: string, id: string): events.NewEventInit {
  switch (given) {
    case 'again':
      return attributeWrite(ATTRIBUTE_ID);
    case 'by step':
      return events.attrSet(id, {
        changes: [{ key: 'colour', value: 'blue' }],
        writer: { writer: { case: 'step', value: { stepId: 'step_writer', attempt: 1 } } },
      });
    case '$key':
      return events.attrSet(id, {
        changes: [{ key: '$colour', value: 'blue' }],
        writer: { writer: { case: 'workflow', value: {} } },
      });
    default:
      return attributeWrite(id);
  }
}
