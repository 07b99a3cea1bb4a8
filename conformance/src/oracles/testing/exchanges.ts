import { create, type DescMethod, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { Capability, type Event, EventSchema, GetWorldResponseSchema } from '@worldwire/proto';
import type { CapabilityName } from '../../check.js';
import type { Departure } from '../../outcome.js';
import { WorldFacts } from '../../subject/world.js';
import type { Api } from '../../wire/api.js';
import { type Exchange, nextMoment } from '../../wire/recorder.js';
import type { Judge, Oracle } from '../oracle.js';

/** Where and how an exchange took place, where it matters. */
export interface Setting {
  readonly world?: string;
  readonly project?: string;
  /** An exchange that began together with another one. */
  readonly begun?: number;
}

/** A World that has every capability but those named. */
export function worldWithout(...lacking: readonly CapabilityName[]): WorldFacts {
  const capabilities = Object.values(Capability).filter(
    (value): value is Capability =>
      typeof value === 'number' &&
      value !== Capability.UNSPECIFIED &&
      !lacking.includes(Capability[value] as CapabilityName),
  );
  return new WorldFacts(
    create(GetWorldResponseSchema, {
      protocolVersion: '1.0',
      capabilities,
      limits: { maxEventPage: 100 },
    }),
  );
}

/** An oracle at work on exchanges that a test makes. */
export class Trial {
  readonly judge: Judge;

  constructor(oracle: Oracle, facts: WorldFacts = worldWithout()) {
    this.judge = oracle.judge(facts);
  }

  /** Shows a call that was answered; returns the departure that the oracle sees. */
  call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M['input']>,
    response: MessageInitShape<M['output']>,
    setting: Setting = {},
  ): Departure | undefined {
    const exchange = exchangeOf(method, request, setting);
    this.judge.begun?.(exchange);
    exchange.responses.push(create(method.output, response as never));
    exchange.received = 1;
    exchange.ended = nextMoment();
    return departureOf(() => this.judge.ended?.(exchange));
  }

  /** Shows a call that failed. */
  failed<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M['input']>,
    error: ConnectError,
    setting: Setting = {},
  ): Departure | undefined {
    const exchange = exchangeOf(method, request, setting);
    this.judge.begun?.(exchange);
    exchange.error = ConnectError.from(error);
    exchange.ended = nextMoment();
    return departureOf(() => this.judge.ended?.(exchange));
  }

  /** Opens a stream; each call of what it returns shows another message. */
  stream<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M['input']>,
    setting: Setting = {},
  ): (message: MessageInitShape<M['output']>) => Departure | undefined {
    const exchange = exchangeOf(method, request, setting);
    this.judge.begun?.(exchange);
    return (init) => {
      const message = create(method.output, init as never) as Message;
      exchange.responses.push(message);
      exchange.received += 1;
      return departureOf(() => this.judge.message?.(exchange, message));
    };
  }

  /** Lets the oracle look at runs through an API that a test makes. */
  async audit(api: Api, runIds: readonly string[]): Promise<Departure | undefined> {
    try {
      await this.judge.audit?.(api, runIds);
      return undefined;
    } catch (error) {
      return asDeparture(error);
    }
  }
}

/** The same moment for several exchanges, so that none is after the other. */
export function together(): { begun: number } {
  return { begun: nextMoment() };
}

/** A time of the tests. */
export function at(ms: number): Timestamp {
  return timestampFromMs(Date.UTC(2026, 0, 1) + ms);
}

/** An event as a World with positions returns it. */
export function event(
  position: number,
  data: NonNullable<MessageInitShape<typeof EventSchema>['data']>,
  more: MessageInitShape<typeof EventSchema> = {},
): Event {
  return create(EventSchema, {
    eventId: `evnt_${String(position).padStart(26, '0')}`,
    runId: 'run',
    position: BigInt(position),
    specVersion: 7,
    createdAt: at(position),
    data,
    ...more,
  });
}

/** The usual first event. */
export function runCreated(): Event {
  return event(1, {
    case: 'runCreated',
    value: { workflowName: 'w', deploymentId: 'd', input: new Uint8Array([1]) },
  });
}

/** Bytes from a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function exchangeOf<M extends DescMethod>(
  method: M,
  request: MessageInitShape<M['input']>,
  { world = 'shared', project = 'default', begun = nextMoment() }: Setting,
): Exchange {
  return {
    method,
    client: 'main',
    begun,
    beganAt: begun,
    world,
    project,
    request: create(method.input, request as never),
    responses: [],
    received: 0,
  };
}

function departureOf(look: () => void): Departure | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    return asDeparture(error);
  }
}

function asDeparture(error: unknown): Departure {
  if (error instanceof Error && error.name === 'Departure') return error as Departure;
  throw error;
}
