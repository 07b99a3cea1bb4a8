/** The frames of Connect streams, gRPC and gRPC-Web: a byte of flags, four of length, and the data. */
export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array;
}

export function envelope(data: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(data.length, 1);
  return Buffer.concat([head, data]);
}

/** Finds the frames in pieces of bytes as they arrive. */
export class Envelopes {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** Takes a piece, and returns the frames that it completes. */
  add(bytes: Uint8Array): Envelope[] {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    const found: Envelope[] = [];
    for (;;) {
      if (this.#length < 5) return found;
      const size = 5 + this.#head().readUInt32BE(1);
      if (this.#length < size) return found;
      const all = this.#join();
      found.push({ flags: all[0]!, data: all.subarray(5, size) });
      this.#parts = size === all.length ? [] : [all.subarray(size)];
      this.#length -= size;
    }
  }

  /** Whether nothing is left of a frame that was begun. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  #head(): Buffer {
    if (this.#parts[0]!.length < 5) this.#join();
    return Buffer.from(this.#parts[0]!.subarray(0, 5));
  }

  #join(): Buffer {
    const all = Buffer.concat(this.#parts, this.#length);
    this.#parts = [all];
    return all;
  }
}
