import type { Slice, Sliced } from '../../store/operations.js';

/** Cuts a slice out of a list whose keys grow, as an index scan would. */
export function sliceOf<T>(
  items: readonly { readonly key: number; readonly value: T }[],
  { after, descending, limit }: Slice,
): Sliced<T> {
  const ordered = [...items].sort((a, b) => (descending ? b.key - a.key : a.key - b.key));
  const rest = ordered.filter(
    ({ key }) => after === undefined || (descending ? key < after : key > after),
  );
  return { items: rest.slice(0, limit), more: rest.length > limit };
}
