/** Parameters of statements that write many rows. */

/**
 * Byte strings of many rows as three parameters: all of them in one, where each begins, and how many bytes it has (none
 * for NULL). `substring($1::bytea FROM start FOR length)` is one of them. An array of them would go as text.
 */
export function packed(
  values: readonly (Uint8Array | null | undefined)[],
): readonly [bytes: Uint8Array, starts: readonly number[], lengths: readonly (number | null)[]] {
  const starts: number[] = [];
  const lengths: (number | null)[] = [];
  const parts: Uint8Array[] = [];
  let next = 1;
  for (const value of values) {
    starts.push(next);
    lengths.push(value?.length ?? null);
    if (value) parts.push(value);
    next += value?.length ?? 0;
  }
  return [Buffer.concat(parts, next - 1), starts, lengths];
}

/** The most bytes that one statement takes; PostgreSQL takes 1 GiB. */
const PART_BYTES = 16 * 1024 * 1024;

/** Rows in parts that one statement takes each. */
export function inParts<R>(rows: readonly R[], bytesOf: (row: R) => number): R[][] {
  const parts: R[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = bytesOf(row);
    if (parts.length === 0 || bytes + size > PART_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(row);
    bytes += size;
  }
  return parts;
}
