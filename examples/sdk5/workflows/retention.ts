import { createHook } from 'workflow';

/** Keeps its token after it has ended; a second run with it learns who had it. */
export async function retained(token: string): Promise<{ heldBy: string | null }> {
  'use workflow';
  // Not `using`: that would let go of the token at the end.
  const hook = createHook({ token, experimental_minRetention: '1h' });
  const conflict = await hook.getConflict();
  return { heldBy: conflict?.runId ?? null };
}
