import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { ChunkSchema, DeliverySchema, EventSchema, GetWorldResponseSchema } from '@worldwire/proto';
import { durationFromMs } from '../fixtures/duration.js';
import { Departure } from '../outcome.js';
import {
  type Failure,
  type OpenPayloadSchema,
  RunKeysSchema,
} from '../report/gen/worldwire/conformance/v1/driver_pb.js';
import type { CommandInit, Driver, Operation } from './driver.js';

/** More than any list or read of a check has. */
const ALL = 1_000_000_000n;

/** How a command came out: a value, or the error that the client shows. */
export type Came<T> = { readonly value: T } | { readonly failure: Failure };

/** Something that the client was asked to do. */
export class Doing<T> {
  constructor(
    protected readonly driver: Driver,
    protected readonly operation: Operation,
    private readonly what: string,
    private readonly decode: (value: Uint8Array) => T,
  ) {}

  /** Whether it has ended. */
  get ended(): boolean {
    return this.operation.ended;
  }

  /** How it ends, good or not. */
  async came(): Promise<Came<T>> {
    const ending = await this.operation.ending;
    return 'failure' in ending ? ending : { value: this.decode(ending.value) };
  }

  /** Its good end. @throws Departure where the client shows an error. */
  async value(): Promise<T> {
    const came = await this.came();
    if ('value' in came) return came.value;
    throw new Departure(`${this.what} failed`, 'success', inWords(came.failure));
  }

  /** The error with which it ends. @throws Departure where it ends well. */
  async failure(): Promise<Failure> {
    const came = await this.came();
    if ('failure' in came) return came.failure;
    throw new Departure(`${this.what} succeeded`, 'an error', 'success');
  }

  /** Gives it up by the client's own means. */
  cancel(): void {
    this.driver.tell({ case: 'cancel', value: { target: this.operation.id } });
  }
}

/** Something that brings items. */
export class Bringing<D extends DescMessage> extends Doing<void> {
  constructor(
    driver: Driver,
    operation: Operation,
    what: string,
    private readonly schema: D,
  ) {
    super(driver, operation, what, () => undefined);
  }

  /** What it has brought so far. */
  get items(): MessageShape<D>[] {
    return this.operation.items.map((bytes) => fromBinary(this.schema, bytes));
  }

  /** How many items it has brought. */
  get count(): number {
    return this.operation.items.length;
  }

  /** Lets it bring more. */
  grant(credit: number | bigint = ALL): void {
    this.driver.tell({
      case: 'grant',
      value: { target: this.operation.id, credit: BigInt(credit) },
    });
  }

  /** Everything, once it has ended well. */
  async all(): Promise<MessageShape<D>[]> {
    await this.value();
    return this.items;
  }
}

/** A consumer. */
export class Consuming extends Bringing<typeof DeliverySchema> {
  /** Leases of which a handler was told that they are lost. */
  get lost(): readonly string[] {
    return this.operation.lost;
  }

  /** Ends the handler of a delivery. */
  finish(
    leaseId: string,
    outcome: NonNullable<Extract<CommandInit, { case: 'outcome' }>['value']>['outcome'],
  ): void {
    this.driver.tell({
      case: 'outcome',
      value: { target: this.operation.id, leaseId, outcome: outcome! },
    });
  }

  /** Stops it; resolves when it has stopped. */
  async stop(): Promise<void> {
    this.driver.tell({ case: 'stopConsumer', value: { target: this.operation.id } });
    await this.value();
  }
}

/** A writer of a stream. */
export class Writing {
  constructor(
    private readonly driver: Driver,
    private readonly target: bigint,
  ) {}

  /** Writes chunks in one call of the client. */
  write(...chunks: readonly Uint8Array[]): Doing<void> {
    return this.#send('a write', {
      case: 'write',
      value: { target: this.target, chunks: [...chunks] },
    });
  }

  /** Closes the stream. */
  close(): Doing<void> {
    return this.#send('a close', { case: 'closeWriter', value: { target: this.target } });
  }

  #send(what: string, command: CommandInit): Doing<void> {
    return new Doing(this.driver, this.driver.send(command), what, () => undefined);
  }
}

/** The client that is judged, through its driver. */
export class JudgedClient {
  constructor(private readonly driver: Driver) {}

  /** Gets to know the World. */
  connect(): Doing<MessageShape<typeof GetWorldResponseSchema>> {
    return this.#do('getting to know the World', { case: 'connect', value: {} }, (value) =>
      fromBinary(GetWorldResponseSchema, value),
    );
  }

  /** Calls a unary method. */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    { timeoutMs }: { readonly timeoutMs?: number } = {},
  ): Doing<MessageShape<O>> {
    const timeout = timeoutMs === undefined ? {} : { timeout: durationFromMs(timeoutMs) };
    return this.#do(
      `a call of ${method.name}`,
      {
        case: 'call',
        value: { method: nameOf(method), request: bytesOf(method, request), ...timeout },
      },
      (value) => fromBinary(method.output, value),
    );
  }

  /** Lists over all pages; `item` is what the list holds. */
  list<I extends DescMessage, D extends DescMessage>(
    method: DescMethodUnary<I, DescMessage>,
    item: D,
    request: MessageInitShape<I>,
    credit: number | bigint = ALL,
  ): Bringing<D> {
    return this.#bring(`a list by ${method.name}`, item, {
      case: 'listItems',
      value: {
        method: nameOf(method),
        request: bytesOf(method, request),
        credit: BigInt(credit),
      },
    });
  }

  /** Reads a stream. */
  read(
    name: string,
    { startIndex = 0, credit = ALL }: { startIndex?: number; credit?: number | bigint } = {},
  ): Bringing<typeof ChunkSchema> {
    return this.#bring('a read', ChunkSchema, {
      case: 'readStream',
      value: { runId: 'wrun_1', name, startIndex: BigInt(startIndex), credit: BigInt(credit) },
    });
  }

  /** Watches a log. */
  watch(
    runId: string,
    { afterPosition = 0, credit = ALL }: { afterPosition?: number; credit?: number | bigint } = {},
  ): Bringing<typeof EventSchema> {
    return this.#bring('a watch', EventSchema, {
      case: 'watchEvents',
      value: { runId, afterPosition: BigInt(afterPosition), credit: BigInt(credit) },
    });
  }

  /** Makes a writer. */
  async writer(name: string): Promise<Writing> {
    const operation = this.driver.send({ case: 'openWriter', value: { runId: 'wrun_1', name } });
    await new Doing(this.driver, operation, 'a writer', () => undefined).value();
    return new Writing(this.driver, operation.id);
  }

  /** Begins to receive. */
  consume({
    maxInFlight = 10,
    leaseMs = 30_000,
    graceMs = 10_000,
  }: {
    maxInFlight?: number;
    leaseMs?: number;
    graceMs?: number;
  } = {}): Consuming {
    const operation = this.driver.send({
      case: 'consume',
      value: {
        queuePrefixes: ['__wkf_'],
        deploymentId: 'dpl_1',
        maxInFlight,
        lease: durationFromMs(leaseMs),
        grace: durationFromMs(graceMs),
      },
    });
    return new Consuming(this.driver, operation, 'a consumer', DeliverySchema);
  }

  /** Derives the keys of a run. */
  deriveKeys(deploymentKey: Uint8Array, projectId: string, runId: string) {
    return this.#do(
      'a derivation',
      { case: 'deriveKeys', value: { deploymentKey, projectId, runId } },
      (value) => fromBinary(RunKeysSchema, value),
    );
  }

  /** Seals a payload with a run's key. */
  seal(payload: Uint8Array, runKey: Uint8Array): Doing<Uint8Array> {
    const key = { case: 'runKey', value: runKey } as const;
    return this.#do('a seal', { case: 'sealPayload', value: { payload, key } }, (value) => value);
  }

  /** Seals a payload to a run's public key. */
  sealTo(payload: Uint8Array, publicKey: Uint8Array): Doing<Uint8Array> {
    const key = { case: 'publicKey', value: publicKey } as const;
    return this.#do('a seal', { case: 'sealPayload', value: { payload, key } }, (value) => value);
  }

  /** Opens a payload. */
  open(request: MessageInitShape<typeof OpenPayloadSchema>): Doing<Uint8Array> {
    return this.#do(
      'an opening',
      { case: 'openPayload', value: request } as CommandInit,
      (value) => value,
    );
  }

  #do<T>(what: string, command: CommandInit, decode: (value: Uint8Array) => T): Doing<T> {
    return new Doing(this.driver, this.driver.send(command), what, decode);
  }

  #bring<D extends DescMessage>(what: string, item: D, command: CommandInit): Bringing<D> {
    return new Bringing(this.driver, this.driver.send(command), what, item);
  }
}

/** An error as the client shows it, in one line. */
export function inWords({ code, reason, message }: Failure): string {
  return `${code}/${reason === '' ? '(no reason)' : reason}: ${message}`;
}

function nameOf(method: DescMethodUnary): string {
  return `${method.parent.typeName}/${method.name}`;
}

function bytesOf<I extends DescMessage>(
  method: DescMethodUnary<I>,
  request: MessageInitShape<I>,
): Uint8Array {
  return toBinary(method.input, create(method.input, request));
}
