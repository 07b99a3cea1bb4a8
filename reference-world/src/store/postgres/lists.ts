/** The text of lists. */

/** A list in one order: `{>}` and `{ASC}` in the text become what the order needs. */
export function inOrder(text: string, descending: boolean): string {
  return text
    .replaceAll('{>}', descending ? '<' : '>')
    .replaceAll('{ASC}', descending ? 'DESC' : 'ASC');
}

/**
 * A list by `key` whose rows carry payloads, in which the payloads stay behind from where they exceed `maxBytes`: the
 * parameter behind those of the list. Every row has its `size` in bytes.
 */
export function bounded(
  list: string,
  columns: readonly string[],
  payloads: readonly string[],
  maxBytes: string,
): string {
  const kept = payloads.map(
    (name) => `CASE WHEN total <= ${maxBytes}::bigint OR total = size THEN ${name} END AS ${name}`,
  );
  return `SELECT ${[...columns, 'size', ...kept].join(', ')}
    FROM (SELECT *, sum(size) OVER (ORDER BY key {ASC} ROWS UNBOUNDED PRECEDING) AS total FROM (${list}) listed) summed
    WHERE ${maxBytes}::bigint >= 0 ORDER BY key {ASC}`;
}

/** Bytes of columns that may be null, without reading them. */
export function sizeOf(columns: readonly string[]): string {
  return columns.length === 0
    ? '0'
    : columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ');
}

/** Unlimited, as far as payloads go. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;
