import { createWebhook, getWritable, type RequestWithResponse } from 'workflow';
import { record } from '../ledger.ts';

export interface Announcement {
  token: string;
  url: string;
}

// The token is random, so the run says it on its stream, where whoever started it can read it.
async function announce(announcement: Announcement): Promise<void> {
  'use step';
  const writer = getWritable<Announcement>().getWriter();
  await writer.write(announcement);
  writer.releaseLock();
}

async function digestRequest(request: Request): Promise<{ method: string; body: string }> {
  'use step';
  const body = await request.text();
  record('digestRequest', { method: request.method, body });
  return { method: request.method, body };
}

/** The caller gets the SDK's own answer at once (202). */
export async function webhookDefault(): Promise<{ method: string; body: string }> {
  'use workflow';
  using webhook = createWebhook();
  await announce({ token: webhook.token, url: webhook.url });
  const request = await webhook;
  return await digestRequest(request);
}

async function reply(request: RequestWithResponse): Promise<string> {
  'use step';
  const { question } = (await request.json()) as { question: string };
  record('reply', { question });
  await request.respondWith(
    Response.json({ answer: `${question}: 42` }, { status: 201, headers: { 'x-answer': 'yes' } }),
  );
  return question;
}

/** The caller waits for the answer that a step of the run gives. */
export async function webhookManual(): Promise<string> {
  'use workflow';
  using webhook = createWebhook({ respondWith: 'manual' });
  await announce({ token: webhook.token, url: webhook.url });
  const request = await webhook;
  return await reply(request);
}
