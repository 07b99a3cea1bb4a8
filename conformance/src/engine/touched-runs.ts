import type { Message } from '@bufbuild/protobuf';
import type { Exchange } from '../wire/recorder.js';

/** How many runs of one check are looked at again; a race of hundreds of runs is judged by a sample. */
const SAMPLE = 6;

/** Runs of the default project that were written to by the check, the last ones first. */
export function touchedRuns(exchanges: readonly Exchange[]): string[] {
  const runs = new Set<string>();
  for (const { method, project, request, responses, error } of exchanges.toReversed()) {
    if (project !== 'default' || error !== undefined) continue;
    if (!method.name.startsWith('CreateEvent')) continue;
    const id =
      textOf(request, 'runId') || textOf((responses[0] as { run?: Message })?.run, 'runId');
    if (id !== '') runs.add(id);
    if (runs.size === SAMPLE) break;
  }
  return [...runs];
}

function textOf(message: Message | undefined, field: string): string {
  const value = (message as unknown as Record<string, unknown> | undefined)?.[field];
  return typeof value === 'string' ? value : '';
}
