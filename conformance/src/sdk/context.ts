import { type ExpectationParts, Expectations } from '../expectations.js';
import { durationFromMs } from '../fixtures/duration.js';
import { NotTestable } from '../outcome.js';
import {
  type Description,
  type Failure,
  type Feature,
  Wire,
} from '../report/gen/worldwire/conformance/v1/driver_pb.js';
import type { Recorder } from '../wire/recorder.js';
import type { Protocol } from '../wire/transport.js';
import { type Came, type Doing, inWords, JudgedClient } from './client.js';
import { Driver } from './driver.js';
import type { Script } from './script.js';
import { ScriptedWorld } from './scripted-world.js';

/** What a context of a check of clients is made from. */
export interface SdkContextParts extends ExpectationParts {
  readonly command: readonly string[];
  readonly description: Description;
  readonly protocol: Protocol;
  readonly recorder: Recorder;
}

/** How a client is made. */
export interface ClientStart {
  readonly token?: string;
  readonly project?: string;
  /** How long a live read may be silent. */
  readonly silenceMs?: number;
}

const WIRES: Readonly<Record<Protocol, Wire>> = {
  connect: Wire.CONNECT,
  grpc: Wire.GRPC,
  'grpc-web': Wire.GRPC_WEB,
  json: Wire.JSON,
};

/** The protocols that a driver says its client speaks. */
export function protocolsOf({ wires }: Description): Protocol[] {
  const spoken = wires.length === 0 ? [Wire.CONNECT] : wires;
  return (Object.keys(WIRES) as Protocol[]).filter((name) => spoken.includes(WIRES[name]));
}

/** What a check of a client works with: a World that it scripts, and the client that the driver makes. */
export class SdkContext extends Expectations {
  /** The World that the client is given. */
  readonly world: ScriptedWorld;
  readonly #parts: SdkContextParts;

  constructor(parts: SdkContextParts) {
    super(parts);
    this.#parts = parts;
    this.world = new ScriptedWorld(parts.protocol, parts.recorder);
    this.onEnd(() => this.world.stop());
  }

  /** The protocol in use. */
  get protocol(): Protocol {
    return this.#parts.protocol;
  }

  /** Whether the driver offers a feature. */
  offers(feature: Feature): boolean {
    return this.#parts.description.features.includes(feature);
  }

  /** Lets the World do what a script says, and makes a client of it. */
  async client(script: Script = {}, start: ClientStart = {}): Promise<JudgedClient> {
    this.world.play(script);
    await this.world.listen();
    return this.startClient(start);
  }

  /** Makes another client of the World, in a process of its own. */
  async startClient({
    token = '',
    project = '',
    silenceMs,
  }: ClientStart = {}): Promise<JudgedClient> {
    const driver = new Driver(this.#parts.command);
    this.onEnd(() => driver.end());
    const { ending } = driver.send({
      case: 'start',
      value: {
        url: this.world.url,
        wire: WIRES[this.#parts.protocol],
        token,
        project,
        ...(silenceMs === undefined ? {} : { silence: durationFromMs(this.scaled(silenceMs)) }),
      },
    });
    const ended = await ending;
    if ('failure' in ended)
      throw new NotTestable(`the driver made no client: ${inWords(ended.failure)}`);
    return new JudgedClient(driver);
  }

  /** Expects an error with a reason, or where the reason is empty with one of the codes. */
  async refused(
    what: string,
    doing: Doing<unknown>,
    { reason = '', codes = [] }: { reason?: string; codes?: readonly string[] },
  ): Promise<Failure> {
    const expected = reason === '' ? codes.join(' or ') : reason;
    const came: Came<unknown> = await doing.came();
    if (!('failure' in came)) this.fail(`${what}: the client shows no error`, expected, 'success');
    const { failure } = came;
    if (reason !== '')
      this.ok(
        failure.reason === reason,
        `${what}: the client shows another reason`,
        expected,
        inWords(failure),
      );
    if (codes.length > 0)
      this.ok(
        codes.includes(failure.code),
        `${what}: the client shows another code`,
        expected,
        inWords(failure),
      );
    return failure;
  }
}
