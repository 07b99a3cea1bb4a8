import { ConnectError } from '@connectrpc/connect';
import pLimit from 'p-limit';
import type { Check } from '../check.js';
import { Context, type StoreFault } from '../context.js';
import { durationFromMs } from '../fixtures/duration.js';
import { oracles as everyOracle } from '../oracles/index.js';
import { Oracles } from '../oracles/oracle.js';
import { Random } from '../random.js';
import { type CheckResult, Verdict } from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { isMandatory } from '../requirements.js';
import { isPrivate, OwnedWorld, type StartCommand } from '../subject/process.js';
import type { WorldFacts } from '../subject/world.js';
import { apiOver } from '../wire/api.js';
import { Recorder } from '../wire/recorder.js';
import type { Wire } from '../wire/transport.js';
import { type Found, inTime, judged, type RunSettings, repeatedly, resultOf } from './perform.js';
import { touchedRuns } from './touched-runs.js';
import { traceOf } from './trace.js';

/** What a run of the suite works on. */
export interface RunOptions extends RunSettings {
  readonly facts: WorldFacts;
  readonly wire: Wire;
  /** The World that most checks share. */
  readonly url: () => string;
  /** Its process, where the harness started it. */
  readonly shared?: OwnedWorld;
  readonly start?: StartCommand;
  readonly storeFault?: StoreFault;
  /** A project that the credential does not open. */
  readonly closedProject?: string;
  /** A credential without any permission for KeyService. */
  readonly keylessToken?: string;
}

/** Worlds of a check's own at one time: each is a process with a store. */
const PRIVATE_WORLDS = 2;

/** How long an oracle's own read may take. */
const AUDIT_DEADLINE_MS = 20_000;

/** Runs checks against a World and returns what they found, with one result for each oracle. */
export async function runChecks(
  checks: readonly Check[],
  options: RunOptions,
): Promise<CheckResult[]> {
  const oracles = new Oracles(everyOracle, options.facts);
  const results: CheckResult[] = [];
  const perform = async (check: Check, owned?: OwnedWorld) => {
    options.onStart(check);
    const result = await repeated(check, options, oracles, owned);
    results.push(result);
    options.onResult(result);
  };
  // Checks that harm a World come last, unless each can have one of its own.
  const private_ = options.start !== undefined && isPrivate(options.start);
  const harmful = (check: Check) => check.needs.includes('process');
  const alone = (check: Check) =>
    applies(check, options) === undefined &&
    (check.needs.includes('store-fault') || (harmful(check) && !private_));
  const many = pLimit(options.concurrency);
  const few = pLimit(PRIVATE_WORLDS);
  await Promise.all(
    checks
      .filter((check) => !alone(check))
      .map((check) =>
        harmful(check) && options.start !== undefined
          ? few(() => perform(check))
          : many(() => perform(check)),
      ),
  );
  for (const check of checks.filter(alone)) {
    // A check that did not come to its end may have left the World dead, or on its way back.
    await options.shared?.revive().catch(() => undefined);
    await perform(check, options.shared);
  }
  for (const result of oracleResults(oracles, options)) {
    results.push(result);
    options.onResult(result);
  }
  return results;
}

/** Why a check does not apply, or undefined where it does. */
function applies(
  check: Check,
  { facts, start, storeFault, closedProject, keylessToken, wire }: RunOptions,
): { message: string; missingCapability?: string } | undefined {
  const missing = check.capabilities.find((name) => !facts.has(name));
  if (missing !== undefined)
    return { message: `the World does not declare ${missing}`, missingCapability: missing };
  const declared = check.absent.find((name) => facts.has(name));
  if (declared !== undefined) return { message: `the World declares ${declared}` };
  if (check.needs.includes('process') && start === undefined)
    return { message: 'the World is attached: only with --start can its process be killed' };
  if (check.needs.includes('token') && wire.options.token === undefined)
    return { message: 'no credential was given with --token' };
  if (check.needs.includes('closed-project') && closedProject === undefined)
    return { message: 'no project was named with --closed-project' };
  if (check.needs.includes('keyless-token') && keylessToken === undefined)
    return { message: 'no second credential was given with --keyless-token' };
  if (check.needs.includes('store-fault') && storeFault === undefined)
    return { message: 'no command was given with --store-fault' };
  return undefined;
}

async function repeated(
  check: Check,
  options: RunOptions,
  oracles: Oracles,
  owned: OwnedWorld | undefined,
): Promise<CheckResult> {
  const without = applies(check, options);
  if (without !== undefined)
    return resultOf(check, options, { verdict: Verdict.NOT_APPLICABLE, ...without });
  return repeatedly(options.repeat, (repetition) =>
    once(check, options, oracles, owned, repetition),
  );
}

async function once(
  check: Check,
  options: RunOptions,
  oracles: Oracles,
  given: OwnedWorld | undefined,
  repetition: number,
): Promise<CheckResult> {
  const ofItsOwn = given === undefined && check.needs.includes('process');
  const recorder = new Recorder(
    [oracles.observer(check.id)],
    ofItsOwn ? `${check.id}/${repetition}` : 'shared',
  );
  let owned = given;
  let context: Context | undefined;
  let beganAt = performance.now();
  let found: Found;
  try {
    if (ofItsOwn && options.start !== undefined) {
      owned = new OwnedWorld(options.start);
      await owned.start();
    }
    beganAt = performance.now();
    context = new Context({
      facts: options.facts,
      random: new Random(`${options.seed}/${check.id}/${repetition}`),
      recorder,
      wire: options.wire,
      timeScale: options.timeScale,
      effort: options.effort,
      plainIds: check.plainIds,
      url: owned === undefined ? options.url : () => owned!.url,
      ...(owned === undefined ? {} : { owned }),
      ...(options.storeFault === undefined ? {} : { storeFault: options.storeFault }),
      ...(options.closedProject === undefined ? {} : { closedProject: options.closedProject }),
      ...(options.keylessToken === undefined ? {} : { keylessToken: options.keylessToken }),
    });
    // Slower waits and more rounds take longer; fewer are no reason to hurry.
    const longer = Math.max(1, options.timeScale) * Math.max(1, options.effort);
    await inTime(check.run(context), check.timeoutMs * longer, () =>
      recorder.pending.map(({ method }) => method.name),
    );
    found = { verdict: Verdict.PASS };
  } catch (error) {
    found = judged(check, error);
  }
  const took = performance.now() - beganAt;
  try {
    await context?.end();
    if (owned === undefined) {
      const transport = options.wire.transport({
        baseUrl: options.url(),
        interceptors: [],
        deadlineMs: AUDIT_DEADLINE_MS * options.timeScale,
      });
      await oracles.audit(check.id, apiOver(transport), touchedRuns(recorder.exchanges));
    }
    if (given === undefined) await owned?.dispose();
  } catch (error) {
    if (found.verdict === Verdict.PASS && !(error instanceof ConnectError))
      found = judged(check, error);
  }
  const result = resultOf(check, options, found);
  result.duration = durationFromMs(took);
  if (![Verdict.PASS, Verdict.NOT_APPLICABLE].includes(found.verdict))
    Object.assign(result, traceOf(recorder.exchanges, recorder.omitted, beganAt));
  return result;
}

function oracleResults({ judges }: Oracles, options: RunOptions): CheckResult[] {
  return judges.map(({ oracle, judge, findings, count }) => {
    const [first] = findings;
    if (first === undefined)
      return resultOf(
        oracle,
        options,
        judge.seen > 0
          ? { verdict: Verdict.PASS }
          : { verdict: Verdict.NOT_APPLICABLE, message: 'nothing of the kind was seen' },
      );
    const result = resultOf(oracle, options, {
      verdict: isMandatory(oracle) ? Verdict.FAIL : Verdict.WARN,
      message: `${first.message} (during ${first.during}${count > 1 ? `, and ${count - 1} more` : ''})`,
      expected: first.expected,
      actual: first.actual,
    });
    if (first.exchange !== undefined)
      Object.assign(result, traceOf([first.exchange], 0, first.exchange.beganAt));
    return result;
  });
}
