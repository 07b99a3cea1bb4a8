import type { JsonValue } from '@bufbuild/protobuf';
import {
  EnvelopeError,
  type EnvelopeFailure,
  type Opened,
  open,
  prefixOf,
  RunKeys,
} from '@worldwire/sdk/envelope';
import { parseSealedChunk } from '@worldwire/sdk/keys';
import type { KeyNames, Keys } from './keys.js';
import { readValue } from './value.js';

/** What a compressed payload may become: more than the largest that a World takes has uncompressed. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What came of an attempt to open a payload. */
export type Outcome =
  | (Partial<Pick<Opened, 'seal' | 'compression'>> & { readonly value: JsonValue })
  | { readonly failure: EnvelopeFailure; readonly message: string };

/** A payload as it is shown: what everyone can see of it and, where it was to be opened, what came of that. */
export class Payload {
  constructor(
    readonly prefix: string | undefined,
    readonly bytes: number,
    readonly names: KeyNames,
    readonly outcome: Outcome | undefined,
  ) {}

  toJSON() {
    const { prefix, bytes, names, outcome } = this;
    if (outcome === undefined || 'value' in outcome) return { prefix, bytes, ...names, ...outcome };
    return { prefix, bytes, ...names, error: outcome };
  }
}

/** Shows payloads, and opens them where there are keys for that. */
export class Payloads {
  readonly #keys: Keys;
  readonly #opens: boolean;
  /** How many could not be opened. */
  failures = 0;

  /** @param opens Whether payloads are opened; without, nothing of their content is shown. */
  constructor(keys: Keys, opens: boolean) {
    this.#keys = keys;
    this.#opens = opens;
  }

  /** A payload that a run wrote or was sent. */
  async show(runId: string, payload: Uint8Array): Promise<Payload> {
    const names = isSealed(payload) ? await this.#keys.names(runId) : {};
    return this.#shown(prefixOf(payload), payload, names, async () => {
      const opened = await this.#open(runId, payload);
      return { ...layersOf(opened), value: readValue(opened.payload) };
    });
  }

  /**
   * A chunk that holds no payload but what the user wrote, and that the World adapter may have sealed whole.
   *
   * @param problem Why it could not be opened, where that is known already.
   */
  async showBytes(chunk: Uint8Array, problem?: EnvelopeError): Promise<Payload> {
    const sealed = parseSealedChunk(chunk);
    const names = sealed ? await this.#keys.names(sealed.runId) : {};
    // Of any other chunk the first bytes are content.
    return this.#shown(sealed && prefixOf(chunk), chunk, names, async () => {
      if (problem !== undefined) throw problem;
      return { value: textOrBytes(await this.unwrap(chunk)) };
    });
  }

  /** A chunk as its writer wrote it, where payloads are opened; else as it is. @throws what the keys and `open` throw. */
  async unwrap(chunk: Uint8Array): Promise<Uint8Array> {
    const sealed = parseSealedChunk(chunk);
    if (sealed === undefined || !this.#opens) return chunk;
    const { payload } = await this.#open(sealed.runId, sealed.envelope);
    const value = readValue(payload) as { $Uint8Array?: unknown };
    if (typeof value?.$Uint8Array !== 'string')
      throw new EnvelopeError('format', 'The sealed chunk does not hold bytes');
    return Buffer.from(value.$Uint8Array, 'base64');
  }

  async #shown(
    prefix: string | undefined,
    bytes: Uint8Array,
    names: KeyNames,
    attempt: () => Promise<Outcome>,
  ): Promise<Payload> {
    const outcome = this.#opens ? await attempt().catch(failureOf) : undefined;
    const payload = new Payload(prefix, bytes.length, names, outcome);
    if (outcome !== undefined && 'failure' in outcome) this.failures++;
    return payload;
  }

  async #open(runId: string, payload: Uint8Array): Promise<Opened> {
    // Nobody is to be asked for a key that is not needed: it would be on record.
    const keys = isSealed(payload) ? await this.#keys.of(runId) : undefined;
    return open(payload, keys ?? new RunKeys({ runId }), { maxBytes: MAX_BYTES });
  }
}

function isSealed(payload: Uint8Array): boolean {
  return /^enc[rp]$/.test(prefixOf(payload) ?? '');
}

function layersOf({ seal, compression }: Opened) {
  return { ...(seal && { seal }), ...(compression && { compression }) };
}

/** Whatever fails but an envelope was on the way to its key. */
function failureOf(error: unknown): Outcome {
  const failure = error instanceof EnvelopeError ? error.failure : 'key';
  return { failure, message: (error as Error).message };
}

function textOrBytes(bytes: Uint8Array): JsonValue {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { $Uint8Array: Buffer.from(bytes).toString('base64') };
  }
}
