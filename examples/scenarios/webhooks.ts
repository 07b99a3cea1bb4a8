import { randomUUID } from 'node:crypto';
import { eventually, holds, same } from './check.ts';
import type { AppClient } from './client.ts';
import { checkLog, count } from './log.ts';
import { both, type Scenario } from './scenario.ts';

async function announcedToken(app: AppClient, runId: string): Promise<string> {
  const [said] = await app.stream<{ token: string; url: string }>(runId, { take: 1 });
  if (said === undefined) throw new Error(`${runId} announced no webhook`);
  const path = `/.well-known/workflow/v1/webhook/${encodeURIComponent(said.token)}`;
  holds('the URL of the webhook', said.url.endsWith(path), said.url);
  await eventually(`hook ${said.token}`, () => app.hook(said.token));
  return said.token;
}

export const webhooks: Scenario[] = [
  {
    name: 'a webhook with the default answer',
    sdk: both,
    async run(app) {
      const runId = await app.start('webhookDefault');
      const token = await announcedToken(app, runId);
      const response = await app.webhook(token, { method: 'PUT', body: 'héllo wörld' });
      same('status', response.status, 202);
      same('request', await app.value(runId), { method: 'PUT', body: 'héllo wörld' });
      const log = await checkLog(app, runId);
      same('hook_received events', count(log, 'hook_received'), 1);
      same('after the end', (await app.webhook(token, { method: 'POST' })).status, 404);
    },
  },
  {
    name: 'a webhook answered by a step',
    sdk: both,
    async run(app) {
      const runId = await app.start('webhookManual');
      const token = await announcedToken(app, runId);
      const response = await app.webhook(token, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ question: 'meaning' }),
      });
      same('status', response.status, 201);
      same('header', response.headers.get('x-answer'), 'yes');
      same('body', await response.json(), { answer: 'meaning: 42' });
      same('returned', await app.value(runId), 'meaning');
      await checkLog(app, runId);
    },
  },
  {
    name: 'a webhook that nobody made',
    sdk: both,
    async run(app) {
      const response = await app.webhook(randomUUID(), { method: 'POST', body: '{}' });
      same('status', response.status, 404);
    },
  },
];
