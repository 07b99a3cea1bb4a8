import {
  type Capability,
  CapabilitySchema,
  type GetWorldResponse,
  type WaitForRunRequest,
} from '@worldwire/proto';
import { durationMs } from './duration.js';
import { WorldError } from './error.js';

/** What a long poll may take where the World does not say. */
const DEFAULT_LONG_POLL_MS = 600_000;

/** What the World says of itself: asked for when needed, and kept. */
export class WorldInfo {
  readonly #ask: (patient: boolean) => Promise<GetWorldResponse>;
  #known: GetWorldResponse | undefined;
  #asking: Promise<GetWorldResponse | undefined> | undefined;

  /** `ask` goes on trying for as long as a call may when it is patient, and tries once when it is not. */
  constructor(ask: (patient: boolean) => Promise<GetWorldResponse>) {
    this.#ask = ask;
  }

  /** Throws where the World cannot be reached. */
  async get(): Promise<GetWorldResponse> {
    this.#known ??= await this.#ask(true);
    return this.#known;
  }

  /** After a lost connection another World may answer, or another version of it. */
  forget(): void {
    this.#known = undefined;
  }

  async has(capability: Capability): Promise<boolean> {
    return (await this.get()).capabilities.includes(capability);
  }

  /** Throws where the World is known not to declare the capability. */
  async require(capability: Capability): Promise<void> {
    const world = await this.#peek();
    if (world === undefined || world.capabilities.includes(capability)) return;
    const name = CapabilitySchema.value[capability]?.name ?? String(capability);
    throw new WorldError(`the World does not declare ${name}`, {
      code: 'unimplemented',
      reason: 'CAPABILITY_NOT_DECLARED',
      metadata: { capability: name },
    });
  }

  /** Whether the World is known not to declare the capability. Where it cannot be asked now, it is taken to have it. */
  async lacks(capability: Capability): Promise<boolean> {
    const world = await this.#peek();
    return world !== undefined && !world.capabilities.includes(capability);
  }

  /** How long the World takes for a WaitForRun at most, in milliseconds. */
  async longPollMs({ timeout }: WaitForRunRequest): Promise<number> {
    const maximum = (await this.#peek())?.limits?.maxLongPoll;
    const longest = maximum === undefined ? undefined : durationMs(maximum);
    const wanted = timeout === undefined ? undefined : durationMs(timeout);
    return Math.min(wanted ?? longest ?? DEFAULT_LONG_POLL_MS, longest ?? Number.POSITIVE_INFINITY);
  }

  /** What is known, or can be had with one try; undefined otherwise, for then the call itself will tell. */
  async #peek(): Promise<GetWorldResponse | undefined> {
    if (this.#known !== undefined) return this.#known;
    this.#asking ??= this.#ask(false)
      .then(
        (world) => {
          this.#known = world;
          return world;
        },
        () => undefined,
      )
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }
}
