/**
 * For drivers that are written in JavaScript: reads commands, keeps them apart, and writes replies. What is left to a
 * driver is what its client does.
 */
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type Chunk,
  ChunkSchema,
  type Delivery,
  DeliverySchema,
  type Event,
  EventSchema,
  type GetWorldResponse,
  GetWorldResponseSchema,
  services,
} from '@worldwire/proto';
import { msOf } from './fixtures/duration.js';
import {
  type Command,
  CommandSchema,
  type Consume,
  type DescriptionSchema,
  type FailureSchema,
  type OpenPayload,
  type Outcome,
  ReplySchema,
  RunKeysSchema,
  type SealPayload,
  type Start,
} from './report/gen/worldwire/conformance/v1/driver_pb.js';

export { Feature, Wire } from './report/gen/worldwire/conformance/v1/driver_pb.js';

/** What a driver's client does. Of the optional members a driver has those of the features that it offers. */
export interface Actions {
  /** Gets to know the World. */
  connect(): Promise<GetWorldResponse>;
  /** Calls a unary method. */
  call(call: UnaryCall): Promise<Message>;
  /** Lists over pages. */
  list?(call: UnaryCall): AsyncIterable<Message>;
  read?(read: {
    readonly runId: string;
    readonly name: string;
    readonly startIndex: number;
    readonly signal: AbortSignal;
  }): AsyncIterable<MessageInitShape<typeof ChunkSchema>>;
  watch?(watch: {
    readonly runId: string;
    readonly afterPosition: number;
    readonly signal: AbortSignal;
  }): AsyncIterable<Event>;
  openWriter?(stream: { readonly runId: string; readonly name: string }): WriterActions;
  consume?(options: Consume, handler: Handler): { stop(): Promise<void> };
  deriveKeys?(keys: {
    readonly deploymentKey: Uint8Array;
    readonly projectId: string;
    readonly runId: string;
  }): { readonly runKey: Uint8Array; readonly publicKey: Uint8Array };
  seal?(command: SealPayload): Uint8Array;
  open?(command: OpenPayload): Uint8Array;
}

/** A unary call, or the first page of a list. */
export interface UnaryCall {
  /** The name of the service that a client's member has, such as "RunService". */
  readonly service: string;
  readonly method: DescMethodUnary;
  readonly request: Message;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/** A writer of a stream. */
export interface WriterActions {
  write(chunks: readonly Uint8Array[]): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Has the suite decide what becomes of a delivery; `signal` is aborted when the lease is lost. */
export type Handler = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome['outcome']>;

/** A driver. */
export interface DriverProgram {
  readonly description: MessageInitShape<typeof DescriptionSchema>;
  /** Makes the client. */
  start(start: Start): Actions | Promise<Actions>;
  /** An error as the client shows it. */
  failureOf(error: unknown): MessageInitShape<typeof FailureSchema>;
}

type Answer = NonNullable<MessageInitShape<typeof ReplySchema>['reply']>;

const LENGTH_BYTES = 4;

/** Serves commands until the standard input ends, and then ends the process. */
export async function drive(program: DriverProgram): Promise<void> {
  const session = new Session(program);
  for await (const command of commands()) session.take(command);
  process.exit();
}

async function* commands(): AsyncGenerator<Command> {
  let bytes = Buffer.alloc(0);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    // Joined only when a whole command may be there: a large one comes in many parts.
    if (bytes.length >= LENGTH_BYTES && bytes.readUInt32BE() + LENGTH_BYTES > bytes.length + length)
      continue;
    bytes = Buffer.concat([bytes, ...parts.splice(0)]);
    length = 0;
    while (bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + bytes.readUInt32BE();
      if (bytes.length < end) break;
      yield fromBinary(CommandSchema, bytes.subarray(LENGTH_BYTES, end));
      bytes = bytes.subarray(end);
    }
  }
}

function reply(id: bigint, answer: Answer): void {
  const body = toBinary(ReplySchema, create(ReplySchema, { id, reply: answer }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  process.stdout.write(Buffer.concat([length, body]));
}

/** What one command has under way. */
class Running {
  readonly abort = new AbortController();
  readonly handlers = new Map<string, (outcome: Outcome['outcome']) => void>();
  writer: WriterActions | undefined;
  consumer: { stop(): Promise<void> } | undefined;
  #credit = 0n;
  #granted: (() => void) | undefined;

  grant(credit: bigint): void {
    this.#credit += credit;
    this.#granted?.();
  }

  /** Resolves when one more item may be handed out. */
  async spend(): Promise<void> {
    while (this.#credit === 0n && !this.abort.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#granted = resolve;
        this.abort.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    this.#credit -= 1n;
  }
}

class Session {
  #actions: Actions | undefined;
  readonly #running = new Map<bigint, Running>();

  constructor(private readonly program: DriverProgram) {}

  take({ id, command }: Command): void {
    switch (command.case) {
      case 'describe':
        reply(id, { case: 'description', value: this.program.description });
        return;
      case 'grant':
        this.#running.get(command.value.target)?.grant(command.value.credit);
        return;
      case 'cancel':
        this.#running.get(command.value.target)?.abort.abort();
        return;
      case 'outcome': {
        const { target, leaseId, outcome } = command.value;
        this.#running.get(target)?.handlers.get(leaseId)?.(outcome);
        return;
      }
      case 'stopConsumer':
        void this.#running.get(command.value.target)?.consumer?.stop();
        return;
    }
    const running = new Running();
    this.#running.set(id, running);
    this.#carryOut(id, command, running).then(
      (value) => reply(id, { case: 'result', value: { value } }),
      (error: unknown) => reply(id, { case: 'failure', value: this.program.failureOf(error) }),
    );
  }

  get #client(): Actions {
    if (this.#actions === undefined) throw new Error('no client was started');
    return this.#actions;
  }

  async #carryOut(id: bigint, command: Command['command'], running: Running): Promise<Uint8Array> {
    const { signal } = running.abort;
    switch (command.case) {
      case 'start':
        this.#actions = await this.program.start(command.value);
        return new Uint8Array();
      case 'connect':
        return toBinary(GetWorldResponseSchema, await this.#client.connect());
      case 'call': {
        const { method, request, timeout } = command.value;
        const call = unaryCall(method, request, msOf(timeout), signal);
        return toBinary(call.method.output, await this.#client.call(call));
      }
      case 'listItems': {
        const { method, request, credit } = command.value;
        const call = unaryCall(method, request, undefined, signal);
        const items = this.#client.list!(call);
        return this.#bring(id, running, credit, itemOf(call.method.output), items);
      }
      case 'readStream': {
        const { runId, name, startIndex, credit } = command.value;
        const read = { runId, name, startIndex: Number(startIndex), signal };
        return this.#bring(id, running, credit, ChunkSchema, this.#client.read!(read));
      }
      case 'watchEvents': {
        const { runId, afterPosition, credit } = command.value;
        const watch = { runId, afterPosition: Number(afterPosition), signal };
        return this.#bring(id, running, credit, EventSchema, this.#client.watch!(watch));
      }
      case 'openWriter':
        running.writer = this.#client.openWriter!(command.value);
        return new Uint8Array();
      case 'write':
        await this.#writer(command.value.target).write(command.value.chunks);
        return new Uint8Array();
      case 'closeWriter':
        await this.#writer(command.value.target).close();
        return new Uint8Array();
      case 'consume':
        return this.#consume(id, running, command.value);
      case 'deriveKeys':
        return toBinary(
          RunKeysSchema,
          create(RunKeysSchema, this.#client.deriveKeys!(command.value)),
        );
      case 'sealPayload':
        return this.#client.seal!(command.value);
      case 'openPayload':
        return this.#client.open!(command.value);
      default:
        throw new Error(`the driver does not know the command ${command.case}`);
    }
  }

  #writer(target: bigint): WriterActions {
    const writer = this.#running.get(target)?.writer;
    if (writer === undefined) throw new Error('there is no such writer');
    return writer;
  }

  /** Hands out items as there is credit for them; the client is asked for the next one only then. */
  async #bring<D extends DescMessage>(
    id: bigint,
    running: Running,
    credit: bigint,
    schema: D,
    items: AsyncIterable<MessageInitShape<D>>,
  ): Promise<Uint8Array> {
    running.grant(credit);
    await running.spend();
    for await (const item of items) {
      reply(id, { case: 'item', value: { value: toBinary(schema, create(schema, item)) } });
      await running.spend();
    }
    return new Uint8Array();
  }

  #consume(id: bigint, running: Running, options: Consume): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const consumer = this.#client.consume!(options, (delivery, signal) => {
        const { leaseId } = delivery;
        const lost = () => reply(id, { case: 'leaseLost', value: { leaseId } });
        signal.addEventListener('abort', lost, { once: true });
        const outcome = new Promise<Outcome['outcome']>((decide) =>
          running.handlers.set(leaseId, decide),
        );
        const value = toBinary(DeliverySchema, delivery);
        reply(id, { case: 'item', value: { value } });
        return outcome.finally(() => signal.removeEventListener('abort', lost));
      });
      running.consumer = {
        stop: () => consumer.stop().finally(() => resolve(new Uint8Array())),
      };
    });
  }
}

const methods = new Map<string, DescMethod>(
  services.flatMap((service) =>
    service.methods.map((method) => [`${service.typeName}/${method.name}`, method]),
  ),
);

function unaryCall(
  name: string,
  request: Uint8Array,
  timeoutMs: number | undefined,
  signal: AbortSignal,
): UnaryCall {
  const method = methods.get(name);
  if (method === undefined || !isUnary(method)) throw new Error(`there is no unary method ${name}`);
  const service = method.parent.name;
  return { service, method, request: fromBinary(method.input, request), timeoutMs, signal };
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

/** What a list holds: its one repeated message. */
function itemOf(page: DescMessage): DescMessage {
  const field = page.fields.find(({ fieldKind }) => fieldKind === 'list');
  if (field?.fieldKind !== 'list' || field.listKind !== 'message')
    throw new Error(`${page.name} lists no messages`);
  return field.message;
}

/** Chunks as the client of a stock service reads them. */
export async function* chunksOf(
  responses: AsyncIterable<{ readonly chunks: readonly Chunk[] }>,
): AsyncGenerator<Chunk> {
  for await (const { chunks } of responses) yield* chunks;
}

/** Events as the client of a stock service watches them. */
export async function* eventsOf(
  responses: AsyncIterable<{ readonly events: readonly Event[] }>,
): AsyncGenerator<Event> {
  for await (const { events } of responses) yield* events;
}
