import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getStepMetadata, getWorkflowMetadata } from 'workflow';

/**
 * What steps did, told outside the World, so that a test can hold the World's log against it.
 * A file that is only appended to, so that several processes may share it and a kill loses nothing.
 */
export interface LedgerLine {
  runId: string;
  stepId: string;
  attempt: number;
  step: string;
  at: number;
  data: unknown;
}

function file(): string {
  const dir = process.env.EXAMPLE_DATA_DIR || join(process.cwd(), '.example-data');
  mkdirSync(dir, { recursive: true });
  return join(dir, 'ledger.jsonl');
}

/** Call it from within a step. */
export function record(step: string, data: unknown): void {
  const { stepId, attempt } = getStepMetadata();
  const { workflowRunId } = getWorkflowMetadata();
  const line: LedgerLine = { runId: workflowRunId, stepId, attempt, step, at: Date.now(), data };
  appendFileSync(file(), `${JSON.stringify(line)}\n`);
}

export function readLedger(runId?: string): LedgerLine[] {
  let text: string;
  try {
    text = readFileSync(file(), 'utf8');
  } catch {
    return [];
  }
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine);
  return runId === undefined ? lines : lines.filter((line) => line.runId === runId);
}
