import { holds, same } from './check.ts';
import type { AppClient, LogEntry } from './client.ts';

/** Of each of these, a log holds at most one for one correlation id. */
const ONCE: Record<string, string> = {
  step_created: 'step created',
  step_completed: 'step ended',
  step_failed: 'step ended',
  hook_created: 'hook created',
  hook_conflict: 'hook created',
  hook_disposed: 'hook disposed',
  wait_created: 'wait created',
  wait_completed: 'wait ended',
  run_created: 'run created',
  run_completed: 'run ended',
  run_failed: 'run ended',
  run_cancelled: 'run ended',
};

const NUMBERED = /^evnt_(\d{26})$/;

function findDuplicates(log: LogEntry[]): string[] {
  const seen = new Map<string, number>();
  for (const { eventType, correlationId } of log) {
    const once = ONCE[eventType];
    if (once === undefined) continue;
    const key = `${once} ${correlationId ?? ''}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return [...seen].filter(([, times]) => times > 1).map(([key, times]) => `${key}: ${times} times`);
}

/** A World that numbers its events must leave no hole and use no number twice. */
function findHole(log: LogEntry[]): string | undefined {
  const numbers = log.map(({ eventId }) => NUMBERED.exec(eventId)?.[1]);
  if (numbers.some((number) => number === undefined)) return undefined;
  const hole = numbers.findIndex((number, i) => Number(number) !== i + 1);
  return hole === -1 ? undefined : `event ${hole + 1} has the number ${Number(numbers[hole])}`;
}

function findDisorder(log: LogEntry[]): string | undefined {
  const at = log.findIndex(({ eventId }, i) => i > 0 && eventId <= (log[i - 1]?.eventId ?? ''));
  return at === -1 ? undefined : `${log[at]?.eventId} comes after ${log[at - 1]?.eventId}`;
}

function findEnd(log: LogEntry[]): string | undefined {
  const ended = log.some(({ eventType }) => ONCE[eventType] === 'run ended');
  return ended ? undefined : 'the run has ended, its log has not';
}

/** What must hold of the log of any run that has ended, whatever happened on the way. */
export async function checkLog(app: AppClient, runId: string): Promise<LogEntry[]> {
  const log = await app.events(runId);
  const flaws = [...findDuplicates(log), findDisorder(log), findHole(log), findEnd(log)];
  for (const flaw of flaws) if (flaw !== undefined) app.onFlaw(`log of ${runId}: ${flaw}`);
  return log;
}

/** How many entities have an event of this type. */
export function count(log: LogEntry[], eventType: string): number {
  const entries = log.filter((entry) => entry.eventType === eventType);
  if (!(eventType in ONCE)) return entries.length;
  return new Set(entries.map(({ correlationId }) => correlationId)).size;
}

/** Every step that the log says completed did run, as its own ledger tells. */
export async function checkLedger(app: AppClient, runId: string, steps: number): Promise<void> {
  const log = await checkLog(app, runId);
  same(`completed steps in the log of ${runId}`, count(log, 'step_completed'), steps);
  const ran = new Set((await app.ledger(runId)).map(({ stepId }) => stepId));
  const completed = log.filter(({ eventType }) => eventType === 'step_completed');
  const missing = completed.filter(({ correlationId }) => !ran.has(correlationId ?? ''));
  holds(`steps of ${runId} that completed without running`, missing.length === 0, missing);
}
