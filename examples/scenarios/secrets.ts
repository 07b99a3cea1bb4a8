import { randomUUID } from 'node:crypto';
import { eventually, holds, same } from './check.ts';
import type { AppClient } from './client.ts';
import { checkLog } from './log.ts';
import { both, type Scenario } from './scenario.ts';

interface Said {
  hook: string;
  webhook: string;
  secret: string;
}

/**
 * Takes a secret through every payload of the application, and checks that it arrives in each.
 *
 * @returns The runs that have it: one that succeeded, and one that failed.
 */
export async function plantSecret(app: AppClient, secret: string): Promise<string[]> {
  const token = `secrets:${randomUUID()}`;
  const runId = await app.start('secrets', [secret, token]);
  const [said] = await app.stream<Said>(runId, { take: 1 });
  if (said === undefined) throw new Error(`${runId} says nothing`);
  same('chunk', said.secret, secret);
  const hook = await eventually(`hook ${token}`, () => app.hook(token));
  same('metadata', hook.metadata, { secret });
  await eventually(`webhook ${said.webhook}`, () => app.hook(said.webhook));
  await app.resume(token, { secret });
  const response = await app.webhook(said.webhook, { method: 'POST', body: secret });
  same('status of the webhook', response.status, 202);
  const [bytes] = await app.stream<{ base64: string }>(runId, { namespace: 'bytes' });
  same('bytes', Buffer.from(bytes?.base64 ?? '', 'base64').toString(), secret);
  same('result', await app.value(runId), [secret, secret, `refused ${secret}`, secret, secret]);
  await checkLog(app, runId);

  const failing = await app.start('secretFailure', [secret]);
  const failure = JSON.stringify(await app.failure(failing));
  holds('the error of the run', failure.includes(`failed with ${secret}`), failure);
  return [runId, failing];
}

export const secrets: Scenario[] = [
  {
    name: 'a secret in every payload',
    sdk: both,
    async run(app) {
      await plantSecret(app, `secret-${randomUUID()}`);
    },
  },
];
