import pLimit from 'p-limit';
import {
  type Found,
  inTime,
  judged,
  type RunSettings,
  repeatedly,
  resultOf,
} from '../engine/perform.js';
import { traceOf } from '../engine/trace.js';
import { durationFromMs } from '../fixtures/duration.js';
import { Random } from '../random.js';
import { type Description, Feature } from '../report/gen/worldwire/conformance/v1/driver_pb.js';
import { type CheckResult, Verdict } from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { Recorder } from '../wire/recorder.js';
import type { Protocol } from '../wire/transport.js';
import type { SdkCheck } from './check.js';
import { SdkContext } from './context.js';

/** What a run of the suite drives. */
export interface SdkRunOptions extends RunSettings {
  /** The driver's program and its arguments. */
  readonly command: readonly string[];
  readonly description: Description;
  readonly protocol: Protocol;
}

/** Runs checks of a client and returns what they found. Each has a World and a driver of its own. */
export async function runSdkChecks(
  checks: readonly SdkCheck[],
  options: SdkRunOptions,
): Promise<CheckResult[]> {
  const limit = pLimit(options.concurrency);
  return Promise.all(
    checks.map((check) =>
      limit(async () => {
        options.onStart(check);
        const result = await perform(check, options);
        options.onResult(result);
        return result;
      }),
    ),
  );
}

async function perform(check: SdkCheck, options: SdkRunOptions): Promise<CheckResult> {
  const missing = check.capabilities.find(
    (name) => !options.description.features.includes(Feature[name]),
  );
  if (missing !== undefined)
    return resultOf(check, options, {
      verdict: Verdict.NOT_APPLICABLE,
      message: `the driver does not offer ${missing}`,
      missingCapability: missing,
    });
  return repeatedly(options.repeat, (repetition) => once(check, options, repetition));
}

async function once(
  check: SdkCheck,
  options: SdkRunOptions,
  repetition: number,
): Promise<CheckResult> {
  const recorder = new Recorder([], check.id);
  const context = new SdkContext({
    ...options,
    random: new Random(`${options.seed}/${check.id}/${repetition}`),
    recorder,
  });
  const beganAt = performance.now();
  let found: Found = { verdict: Verdict.PASS };
  try {
    await inTime(check.run(context), check.timeoutMs * Math.max(1, options.timeScale), () =>
      recorder.pending.map(({ method }) => method.name),
    );
  } catch (error) {
    found = judged(check, error);
  }
  const took = performance.now() - beganAt;
  await context.end();
  const result = resultOf(check, options, found);
  result.duration = durationFromMs(took);
  if (![Verdict.PASS, Verdict.NOT_APPLICABLE].includes(found.verdict))
    Object.assign(result, traceOf(recorder.exchanges, recorder.omitted, beganAt));
  return result;
}
