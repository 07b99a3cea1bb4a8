import type { Message } from '@bufbuild/protobuf';
import {
  type AttributeChange,
  type CreateEventRequest,
  type Event,
  EventSchema,
  type Hook,
  HookSchema,
  ResolveData,
  type Run,
  RunSchema,
  type Step,
  StepSchema,
  StepStatus,
} from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, onAnswers, remembers, scopeOf } from './parts/answers.js';
import { Bounded } from './parts/bounded.js';
import { keyOf } from './parts/digest.js';
import { msOf } from './parts/events.js';
import { type PayloadMember, payloadsOf } from './parts/payloads.js';
import { eachMessage } from './parts/walk.js';

/** Payloads come where they are asked for, and stay in the store where they are not. */
export const payloadsOnDemand: Oracle = {
  id: 'oracle/payloads-on-demand',
  title: 'RESOLVE_DATA_NONE leaves payloads out, and no payload is lost by it',
  requirements: ['WW-PAGE-041', 'WW-PAGE-040', 'WW-PAGE-043'],
  capabilities: [],
  judge: (facts) => new PayloadsOnDemand(facts),
};

/** Methods that show what is; the answers to writes may leave out what they did not touch. */
const READS = /^(Get|List|BatchGet|WaitFor|Watch)/;

/** The attribute by which payloads are removed. */
const RETENTION = '$retention';

class PayloadsOnDemand implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  /** When each payload of a record or an event was shown. */
  readonly #shown = new Bounded<Map<PayloadMember, number>>();
  /** Runs whose payloads may be removed. */
  readonly #passing = new Bounded<true>();

  constructor(private readonly facts: WorldFacts) {
    const parts = onAnswers((answer) => this.#look(answer));
    this.message = parts.message;
    this.ended = (exchange) => {
      // Even a call that failed may have taken effect.
      if (exchange.method.name.startsWith('CreateEvent')) this.#requests(exchange);
      parts.ended(exchange);
    };
  }

  #look(answer: Answer): void {
    const { exchange, message } = answer;
    const { method, request } = exchange;
    const scope = scopeOf(exchange);
    eachMessage(method.output, message, (inner) => {
      if (inner.$typeName === RunSchema.typeName) this.#retained(scope, inner as Run);
    });
    const { resolveData } = request as unknown as { resolveData?: ResolveData };
    if (resolveData === undefined) return;
    if (resolveData === ResolveData.NONE)
      eachMessage(method.output, message, (inner) => this.#none(method.name, inner));
    else if (READS.test(method.name) && remembers(this.facts, exchange))
      eachMessage(method.output, message, (inner) => this.#all(scope, answer, inner));
  }

  #none(method: string, message: Message): void {
    const payloads = payloadsOf(message);
    if (payloads === undefined) return;
    this.seen += 1;
    const [member] = payloads.keys();
    if (member !== undefined)
      throw new Departure(
        `${method} returns a payload although none was asked for`,
        `no ${member}`,
        `${nameOf(message)} with its ${member}`,
      );
  }

  #all(scope: string, { exchange, moment }: Answer, message: Message): void {
    const payloads = payloadsOf(message);
    if (payloads === undefined) return;
    const { runId } = message as Run | Step | Hook | Event;
    if (runId === '' || this.#passing.get(keyOf(scope, runId))) return;
    this.seen += 1;
    const shown = this.#shown.of(keyOf(scope, runId, nameOf(message)), () => new Map());
    for (const [member, first] of shown)
      if (first < exchange.begun && !payloads.has(member))
        throw new Departure(
          `${exchange.method.name} no longer returns a payload that was there`,
          `${nameOf(message)} of ${runId} with its ${member}`,
          `no ${member}`,
        );
    for (const member of payloads.keys()) {
      // The error of a try is gone with the next one.
      if (member === 'error' && isOpen(message)) continue;
      if (!shown.has(member)) shown.set(member, moment);
    }
  }

  /** Keeps in mind which runs ask for the removal of their payloads. */
  #requests(exchange: Exchange): void {
    const { runId } = exchange.request as CreateEventRequest;
    eachMessage(exchange.method.input, exchange.request, (inner) => {
      const { attributes } = inner as { attributes?: Record<string, string> };
      const change = inner as AttributeChange;
      const named =
        (attributes !== undefined && RETENTION in attributes) ||
        (inner.$typeName === 'worldwire.v1.AttributeChange' && change.key === RETENTION);
      if (named) this.#passing.set(keyOf(scopeOf(exchange), runId), true);
    });
  }

  #retained(scope: string, run: Run): void {
    if (run.expiredAt !== undefined || RETENTION in run.attributes)
      this.#passing.set(keyOf(scope, run.runId), true);
  }
}

function isOpen(message: Message): boolean {
  if (message.$typeName !== StepSchema.typeName) return false;
  return (message as Step).status !== StepStatus.FAILED;
}

/** A record or an event by its kind and id. */
function nameOf(message: Message): string {
  switch (message.$typeName) {
    case EventSchema.typeName:
      return `event ${(message as Event).eventId}`;
    case StepSchema.typeName:
      return `step ${(message as Step).stepId}`;
    case HookSchema.typeName: {
      const { hookId, createdAt } = message as Hook;
      // An id may be used again after the disposal of its hook.
      return `hook ${hookId} of ${msOf(createdAt) ?? 0}`;
    }
    default:
      return 'the run';
  }
}
