import { createHook, createWebhook, FatalError, getStepMetadata, getWritable } from 'workflow';

interface Door {
  hook: string;
  webhook: string;
}

async function echo(secret: string): Promise<{ secret: string }> {
  'use step';
  const { attempt } = getStepMetadata();
  if (attempt === 1) throw new Error(`first try with ${secret}`);
  return { secret };
}

async function refuseSecret(secret: string): Promise<never> {
  'use step';
  throw new FatalError(`refused ${secret}`);
}

async function say(chunk: unknown): Promise<void> {
  'use step';
  const writer = getWritable<unknown>().getWriter();
  await writer.write(chunk);
  writer.releaseLock();
}

async function sayBytes(secret: string): Promise<void> {
  'use step';
  const writer = getWritable<Uint8Array>({ namespace: 'bytes' }).getWriter();
  await writer.write(new TextEncoder().encode(secret));
  await writer.close();
}

async function readBody(request: Request): Promise<string> {
  'use step';
  return await request.text();
}

async function closeStream(): Promise<void> {
  'use step';
  await getWritable<unknown>().close();
}

/**
 * Puts a secret into every payload that there is: arguments, results, errors of tries and of steps, metadata of a hook,
 * chunks of values and of bytes. The caller sends it through the hook and the webhook that the stream names.
 */
export async function secrets(secret: string, token: string): Promise<string[]> {
  'use workflow';
  const seen = [secret, (await echo(secret)).secret];
  try {
    await refuseSecret(secret);
  } catch (error) {
    seen.push((error as Error).message);
  }
  await sayBytes(secret);
  using hook = createHook<{ secret: string }>({ token, metadata: { secret } });
  using webhook = createWebhook();
  const door: Door = { hook: token, webhook: webhook.token };
  await say({ ...door, secret });
  seen.push((await hook).secret);
  seen.push(await readBody(await webhook));
  await closeStream();
  return seen;
}

/** Ends with an error that has the secret in it. */
export async function secretFailure(secret: string): Promise<void> {
  'use workflow';
  throw new Error(`failed with ${secret}`);
}
