import { create } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import { durationFromMs } from '../fixtures/duration.js';
import { Departure, NotApplicable, NotTestable } from '../outcome.js';
import {
  type CheckResult,
  CheckResultSchema,
  Verdict,
} from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { chapterOf, isMandatory } from '../requirements.js';
import { describeRefusal, refusalOf } from '../wire/refusal.js';

/** What a result says of a check, whoever is judged. */
export interface Performed {
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly string[];
  readonly capabilities: readonly string[];
}

/** What a run of checks is told, whoever is judged. */
export interface RunSettings {
  readonly seed: bigint;
  readonly repeat: number;
  readonly timeScale: number;
  readonly effort: number;
  /** How many checks run at once. */
  readonly concurrency: number;
  /** The command that runs a check alone. */
  readonly reproduce: (checkId: string) => string;
  /** Told of each check as it begins. */
  readonly onStart: (check: Pick<Performed, 'id' | 'requirements'>) => void;
  /** Told of each result as it comes. */
  readonly onResult: (result: CheckResult) => void;
}

/** What one performance of a check found. */
export interface Found {
  verdict: Verdict;
  message?: string;
  expected?: string;
  actual?: string;
  missingCapability?: string;
}

/** From best to worst, for checks that are repeated. */
const SEVERITY: readonly Verdict[] = [
  Verdict.NOT_APPLICABLE,
  Verdict.PASS,
  Verdict.WARN,
  Verdict.NOT_TESTABLE,
  Verdict.FAIL,
  Verdict.HARNESS_ERROR,
];

/** Performs a check so often, and gives the worst of what it found. */
export async function repeatedly(
  times: number,
  perform: (repetition: number) => Promise<CheckResult>,
): Promise<CheckResult> {
  const runs: CheckResult[] = [];
  for (let repetition = 0; repetition < times; repetition++) runs.push(await perform(repetition));
  const worst = runs.reduce((a, b) =>
    SEVERITY.indexOf(b.verdict) > SEVERITY.indexOf(a.verdict) ? b : a,
  );
  if (runs.length > 1) worst.repetitions = runs.map(({ verdict }) => verdict);
  worst.duration = durationFromMs(
    runs.reduce(
      (sum, { duration }) =>
        sum + Number(duration?.seconds ?? 0n) * 1000 + (duration?.nanos ?? 0) / 1e6,
      0,
    ),
  );
  return worst;
}

/** Waits for a check's end, and fails it where it does not come; `pending` names what it still waits for. */
export async function inTime(
  running: Promise<void>,
  limitMs: number,
  pending: () => readonly string[],
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const waiting = pending().join(', ');
      reject(
        new Departure(
          'the check did not come to its end',
          `within ${limitMs} ms`,
          waiting === '' ? 'no call is under way' : `still waiting for ${waiting}`,
        ),
      );
    }, limitMs);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What an error says about who is judged. */
export function judged(check: Pick<Performed, 'requirements'>, error: unknown): Found {
  const broken = isMandatory(check) ? Verdict.FAIL : Verdict.WARN;
  if (error instanceof Departure) {
    const { message, expected, actual } = error;
    return { verdict: broken, message, expected, actual };
  }
  if (error instanceof NotTestable)
    return { verdict: Verdict.NOT_TESTABLE, message: `Not testable: ${error.message}` };
  if (error instanceof NotApplicable)
    return { verdict: Verdict.NOT_APPLICABLE, message: error.message };
  if (error instanceof ConnectError)
    return {
      verdict: broken,
      message: 'a call that the check needs was refused',
      expected: 'accepted',
      actual: describeRefusal(refusalOf(error)),
    };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { verdict: Verdict.HARNESS_ERROR, message };
}

/** A result of what was found; `reproduce` is the command that runs a check alone. */
export function resultOf(
  check: Performed,
  { reproduce }: { readonly reproduce: (checkId: string) => string },
  found: Found,
): CheckResult {
  return create(CheckResultSchema, {
    id: check.id,
    title: check.title,
    chapter: chapterOf(check),
    requirements: [...check.requirements],
    capabilities: [...check.capabilities],
    message: '',
    expected: '',
    actual: '',
    missingCapability: '',
    ...found,
    reproduce: reproduce(check.id),
  });
}
