import { ERROR_DOMAIN, errorRules, PROTOCOL_VERSION } from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Exchange } from '../wire/recorder.js';
import { describeRefusal, refusalOf } from '../wire/refusal.js';
import type { Judge, Oracle } from './oracle.js';
import { isNewer } from './parts/answers.js';
import { isOfWorld } from './parts/blame.js';

/** Errors say why in the form that programs read. */
export const errorsComplete: Oracle = {
  id: 'oracle/errors-complete',
  title: 'Every error carries one reason of the registry, with its code and what belongs to it',
  requirements: ['WW-ERR-001', 'WW-ERR-002', 'WW-ERR-003', 'WW-ERR-006', 'WW-ERR-007'],
  capabilities: [],
  judge: (facts) => new ErrorsComplete(facts),
};

/** Reasons that say how long to wait. */
const WITH_A_WAIT: ReadonlySet<string> = new Set(['TOO_EARLY', 'THROTTLED']);

class ErrorsComplete implements Judge {
  seen = 0;

  constructor(private readonly facts: WorldFacts) {}

  ended({ method, error }: Exchange): void {
    if (error === undefined || !isOfWorld(error)) return;
    this.seen += 1;
    const refusal = refusalOf(error);
    const { reason, infos, retryAfterMs, metadata } = refusal;
    const fail = (what: string, expected: string): never => {
      throw new Departure(`an error of ${method.name} ${what}`, expected, describeRefusal(refusal));
    };
    if (infos !== 1)
      fail(
        infos === 0 ? 'gives no reason' : `gives ${infos} reasons`,
        `one google.rpc.ErrorInfo of the domain ${ERROR_DOMAIN}`,
      );
    const rule = errorRules.get(reason);
    if (rule === undefined) {
      if (!isNewer(this.facts, PROTOCOL_VERSION))
        fail('gives a reason that the registry does not have', 'a reason of the registry');
      return;
    }
    if (refusal.code !== rule.code)
      fail('gives a reason with another code than its own', `${rule.code}/${reason}`);
    if (!WITH_A_WAIT.has(reason)) return;
    if (retryAfterMs === undefined || retryAfterMs <= 0)
      fail('does not say how long to wait', 'a google.rpc.RetryInfo with a positive delay');
    const told = metadata.retry_after_ms;
    if (told !== undefined && Math.abs(Number(told) - (retryAfterMs ?? 0)) > 1)
      fail(
        'gives two different waits',
        `retry_after_ms of ${retryAfterMs}, as its google.rpc.RetryInfo says`,
      );
  }
}
