import type { DescMethodServerStreaming, DescMethodUnary, Message } from '@bufbuild/protobuf';
import { ConnectError, type Interceptor } from '@connectrpc/connect';
import type { CapabilityName } from './check.js';
import { type ExpectationParts, Expectations } from './expectations.js';
import { Consumer, type ConsumerOptions } from './fixtures/consumer.js';
import { RunHandle, type RunHandleOptions } from './fixtures/run-handle.js';
import { StreamReader, type StreamReaderOptions } from './fixtures/stream-reader.js';
import { Departure, NoAnswer } from './outcome.js';
import { show } from './show.js';
import type { OwnedWorld } from './subject/process.js';
import type { WorldFacts } from './subject/world.js';
import { type Api, apiOver } from './wire/api.js';
import { type RawCall, type RawResponse, sendRaw } from './wire/raw.js';
import type { Recorder } from './wire/recorder.js';
import { codeOf, describeRefusal, type Refusal, refusalOf } from './wire/refusal.js';
import { ScopedIds } from './wire/scoped-ids.js';
import type { ClientOptions, Wire } from './wire/transport.js';

/** What a context is made from. */
export interface ContextParts extends ExpectationParts {
  readonly facts: WorldFacts;
  readonly recorder: Recorder;
  readonly wire: Wire;
  /** The World's process, where it is the harness's own and this check may harm it. */
  readonly owned?: OwnedWorld;
  /** Whether short ids travel as they are. */
  readonly plainIds: boolean;
  /** Where the World answers; asked anew for each client, as a restart moves it. */
  readonly url: () => string;
  /** Makes the store refuse the next write of an event type, and undoes it. */
  readonly storeFault?: StoreFault;
  /** A project that the credential does not open. */
  readonly closedProject?: string;
  /** A credential without any permission for KeyService. */
  readonly keylessToken?: string;
}

/** Makes the World's store refuse writes. */
export interface StoreFault {
  /** From now on the store refuses to insert events of this type, such as "step_completed". */
  arm(eventType: string): Promise<void>;
  disarm(): Promise<void>;
}

/** How one client differs from the others. */
export type ClientSettings = Partial<
  Pick<ClientOptions, 'headers' | 'deadlineMs' | 'anonymous' | 'baseUrl' | 'protocol'>
>;

/** A unary call that takes longer than this hangs; the longest lawful ones name their own deadline. */
const DEADLINE_MS = 20_000;

/** What a check works with: clients, fixtures, and words for what it expects. */
export class Context extends Expectations {
  /** The client that most checks need. */
  readonly api: Api;
  readonly #parts: ContextParts;
  readonly #ids: ScopedIds;

  constructor(parts: ContextParts) {
    super(parts);
    this.#parts = parts;
    this.#ids = new ScopedIds(parts.random.text(6));
    this.api = this.client('main');
  }

  /** What the World said of itself when the run began. */
  get facts(): WorldFacts {
    return this.#parts.facts;
  }

  /** The highest spec version that the World serves. */
  get specVersion(): number {
    return this.facts.info.maxSpecVersion;
  }

  /** Where the World answers now. */
  get url(): string {
    return this.#parts.url();
  }

  /** The wire in use: "connect", "grpc", "grpc-web" or "json". */
  get protocol(): string {
    return this.#parts.wire.options.protocol;
  }

  /** The credential of the run, where there is one. */
  get token(): string | undefined {
    return this.#parts.wire.options.token;
  }

  /** The World's process; only for checks that need 'process'. */
  get process(): OwnedWorld {
    if (this.#parts.owned === undefined) throw new Error('the check does not declare its need');
    return this.#parts.owned;
  }

  /** Makes the store refuse writes; only for checks that need 'store-fault'. */
  get storeFault(): StoreFault {
    if (this.#parts.storeFault === undefined)
      throw new Error('the check does not declare its need');
    return this.#parts.storeFault;
  }

  /** A project that the credential does not open; only for checks that need 'closed-project'. */
  get closedProject(): string {
    if (this.#parts.closedProject === undefined)
      throw new Error('the check does not declare its need');
    return this.#parts.closedProject;
  }

  /** A credential without any permission for KeyService; only for checks that need 'keyless-token'. */
  get keylessToken(): string {
    if (this.#parts.keylessToken === undefined)
      throw new Error('the check does not declare its need');
    return this.#parts.keylessToken;
  }

  has(capability: CapabilityName): boolean {
    return this.facts.has(capability);
  }

  /** Another client; its name shows in the trace. */
  client(name: string, settings: ClientSettings = {}): Api {
    const { wire, recorder, url } = this.#parts;
    return apiOver(
      wire.transport({
        baseUrl: url(),
        deadlineMs: this.scaled(DEADLINE_MS),
        ...settings,
        interceptors: [...this.#scoping(), recorder.interceptor(name)],
      }),
    );
  }

  #scoping(): Interceptor[] {
    return this.#parts.plainIds ? [] : [this.#ids.interceptor()];
  }

  /** Calls a unary method that is known by its descriptor. */
  async call(
    method: DescMethodUnary,
    request: Message,
    deadlineMs = DEADLINE_MS,
    protocol = this.#parts.wire.options.protocol,
  ): Promise<Message> {
    const { wire, recorder, url } = this.#parts;
    const transport = wire.transport({
      baseUrl: url(),
      deadlineMs: this.scaled(deadlineMs),
      protocol,
      interceptors: [recorder.interceptor('main')],
    });
    const { message } = await transport.unary(method, undefined, undefined, undefined, request);
    return message;
  }

  /** Calls a server-streaming method that is known by its descriptor. */
  async *callStream(
    method: DescMethodServerStreaming,
    request: Message,
    deadlineMs = DEADLINE_MS,
  ): AsyncIterable<Message> {
    const { wire, recorder, url } = this.#parts;
    const transport = wire.transport({
      baseUrl: url(),
      deadlineMs: this.scaled(deadlineMs),
      interceptors: [recorder.interceptor('main')],
    });
    const abort = new AbortController();
    try {
      const input = (async function* () {
        yield request;
      })();
      const response = await transport.stream(method, abort.signal, undefined, undefined, input);
      yield* response.message;
    } finally {
      abort.abort();
    }
  }

  /** Sends bytes as they are, past every client; for malformed requests. No answer at all is a departure. */
  async raw(call: RawCall): Promise<RawResponse> {
    const headers =
      this.token === undefined || call.anonymous
        ? call.headers
        : { authorization: `Bearer ${this.token}`, ...call.headers };
    try {
      return await sendRaw(call.at ?? this.url, { ...call, headers }, this.scaled(DEADLINE_MS));
    } catch (error) {
      const { method = 'POST', path } = call;
      throw new NoAnswer(
        `${method} ${path.slice(0, 200)} has no answer`,
        'an HTTP answer',
        String(error),
      );
    }
  }

  /** A stream of this check alone, for checks whose ids travel as they are; others may say "out". */
  get streamName(): string {
    return this.#ids.toWire('out');
  }

  /** A queue of this check alone, by a name that every World takes. */
  queueName(): string {
    return `__wkf_workflow_${this.unique('q')}`;
  }

  // Fixtures: what fails in them says nothing of the check's requirements.

  /** A run of its own, pending unless told otherwise. */
  async run(options: RunHandleOptions = {}): Promise<RunHandle> {
    return this.given('a run', () => RunHandle.create(this, options));
  }

  /** A run that has been started. */
  async startedRun(options: RunHandleOptions = {}): Promise<RunHandle> {
    return this.run({ ...options, started: true });
  }

  /** An attached consumer, detached at the check's end. */
  async consumer(options: ConsumerOptions): Promise<Consumer> {
    const consumer = new Consumer(this, options);
    this.onEnd(() => consumer.close());
    await this.given('an attached consumer', () => consumer.attached());
    return consumer;
  }

  /** A live reader of a stream, ended at the check's end. */
  reader(options: StreamReaderOptions): StreamReader {
    const reader = new StreamReader(this, options);
    this.onEnd(() => reader.close());
    return reader;
  }

  // Words for expectations.

  /** Expects a refusal with one of the reasons, the code that belongs to it, and the metadata that is named. */
  async refused(
    what: string,
    call: () => Promise<unknown>,
    reasons: string | readonly string[],
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<Refusal> {
    const wanted = typeof reasons === 'string' ? [reasons] : reasons;
    const expected = `a refusal with ${wanted.map((reason) => `${codeOf(reason)}/${reason}`).join(' or ')}`;
    let answer: unknown;
    try {
      answer = await call();
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const refusal = this.#asWritten(refusalOf(error));
      const actual = describeRefusal(refusal);
      if (refusal.infos > 1)
        throw new Departure(`${what}: the refusal gives several reasons`, expected, actual);
      if (!wanted.includes(refusal.reason))
        throw new Departure(`${what}: refused for another reason`, expected, actual);
      if (refusal.code !== codeOf(refusal.reason))
        throw new Departure(`${what}: the reason has another code`, expected, actual);
      for (const [key, value] of Object.entries(metadata))
        if (refusal.metadata[key] !== value)
          throw new Departure(
            `${what}: the refusal's metadata does not name ${key}`,
            `${key}=${value}`,
            actual,
          );
      return refusal;
    }
    throw new Departure(`${what}: was accepted`, expected, `accepted: ${show(answer)}`);
  }

  /** A refusal with the ids that the check wrote. */
  #asWritten(refusal: Refusal): Refusal {
    const metadata = Object.fromEntries(
      Object.entries(refusal.metadata).map(([key, value]) => [key, this.#ids.fromWire(value)]),
    );
    return { ...refusal, metadata };
  }

  /** Expects that a call is accepted: the positive control beside a refusal. */
  async accepted<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      throw new Departure(`${what}: was refused`, 'accepted', describeRefusal(refusalOf(error)));
    }
  }

  /** How a call ended, as a value; for races, where several outcomes are lawful. */
  async outcome<T>(call: () => Promise<T>): Promise<{ value: T } | { refusal: Refusal }> {
    try {
      return { value: await call() };
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return { refusal: this.#asWritten(refusalOf(error)) };
    }
  }
}
