import { createHook } from 'workflow';
import { record } from '../ledger.ts';

interface Message {
  text: string;
  last?: boolean;
}

async function note(text: string): Promise<string> {
  'use step';
  record('note', { text });
  return text.toUpperCase();
}

/** One hook, several payloads, a step for each of them; `last` ends it. */
export async function collect(token: string, about: string): Promise<string[]> {
  'use workflow';
  using hook = createHook<Message>({ token, metadata: { about } });
  const seen: string[] = [];
  for await (const message of hook) {
    seen.push(await note(message.text));
    if (message.last) break;
  }
  return seen;
}

/** Claims a token; a second run with the same token learns who holds it. */
export async function claim(token: string): Promise<{ heldBy: string | null; got: string | null }> {
  'use workflow';
  using hook = createHook<Message>({ token });
  const conflict = await hook.getConflict();
  if (conflict) return { heldBy: conflict.runId, got: null };
  const message = await hook;
  return { heldBy: null, got: message.text };
}

/** The same without asking first: awaiting a hook whose token is taken throws. */
export async function claimBlindly(token: string): Promise<{ error: string; message: string }> {
  'use workflow';
  using hook = createHook<Message>({ token });
  try {
    const message = await hook;
    return { error: '', message: message.text };
  } catch (error) {
    return { error: (error as Error).name, message: (error as Error).message };
  }
}

/** Lets go of the token while it still runs, so that another run can take it. */
export async function handOver(token: string, until: string): Promise<string> {
  'use workflow';
  using gate = createHook<Message>({ token: until });
  const hook = createHook<Message>({ token });
  const message = await hook;
  hook.dispose();
  await note(message.text);
  await gate;
  return message.text;
}
