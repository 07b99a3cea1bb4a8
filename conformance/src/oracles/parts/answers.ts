import type { Message } from '@bufbuild/protobuf';
import type { WorldFacts } from '../../subject/world.js';
import { type Exchange, nextMoment } from '../../wire/recorder.js';
import type { Judge } from '../oracle.js';
import { keyOf } from './digest.js';

/** A message with which a World answered: the response of a call, or one of a stream. */
export interface Answer {
  readonly exchange: Exchange;
  readonly message: Message;
  /** When it was there, in the order of all exchanges. */
  readonly moment: number;
}

/**
 * The parts of a judge that looks at every answer, but for those in the terms of a reader, which may leave out what the
 * reader does not know. An exchange that failed shows nothing but its error.
 */
export function onAnswers(
  look: (answer: Answer) => void,
): Required<Pick<Judge, 'ended' | 'message'>> {
  return {
    ended(exchange) {
      const [message] = exchange.responses;
      if (exchange.method.methodKind !== 'unary' || exchange.error !== undefined) return;
      if (hasReader(exchange)) return;
      if (message !== undefined)
        look({ exchange, message, moment: exchange.ended ?? nextMoment() });
    },
    message(exchange, message) {
      if (hasReader(exchange)) return;
      look({ exchange, message, moment: nextMoment() });
    },
  };
}

function hasReader({ request }: Exchange): boolean {
  return (request as { readonly reader?: unknown } | undefined)?.reader !== undefined;
}

/** Where a run id, a message id or a stream name means one thing. */
export function scopeOf({ world, project }: Pick<Exchange, 'world' | 'project'>): string {
  return keyOf(world, project);
}

/** The scope of what audits read. */
export const AUDITED = { world: 'shared', project: 'default' } as const;

/** Whether what was seen before still holds: a World that is not durable forgets when its process is killed. */
export function remembers(facts: WorldFacts, exchange: Exchange): boolean {
  return facts.has('DURABILITY') || exchange.world === AUDITED.world;
}

/** Whether the World may speak of more than these definitions know. */
export function isNewer({ info: { protocolVersion } }: WorldFacts, ours: string): boolean {
  const [major = 0, minor = 0] = protocolVersion.split('.').map(Number);
  const [ourMajor = 0, ourMinor = 0] = ours.split('.').map(Number);
  // What cannot be compared may be anything.
  if (Number.isNaN(major) || Number.isNaN(minor)) return true;
  return major > ourMajor || (major === ourMajor && minor > ourMinor);
}
