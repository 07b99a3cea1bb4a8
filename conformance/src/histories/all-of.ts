/** Waits for the end of all, and then fails as the first that failed: nobody goes on behind the caller's back. */
export async function allOf(parts: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(parts))
    if (end.status === 'rejected') throw end.reason;
}
