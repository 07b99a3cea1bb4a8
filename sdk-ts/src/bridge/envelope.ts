/**
 * How an opaque message travels through a World's queue, which takes JavaScript values of its own schema only: as a
 * workflow message whose trace carrier, a record of strings that every version keeps, holds the message's parts.
 */
import type { NewMessage } from '@worldwire/proto';
import { text } from './payloads.js';
import { resolveQueuePrefix } from './queue-names.js';
import type { Loose } from './upstream-world.js';

const MARK = 'worldwire';
const VERSION = '1';

/** A message as it comes back. */
export interface Opened {
  readonly queueName: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly headers: Record<string, string>;
  readonly deploymentId: string;
  readonly idempotencyKey: string | undefined;
  readonly enqueuedAt: number;
  /** The run that a wake of the World's own is for: it was not sent by a client. */
  readonly wakes: string | undefined;
}

/** Packs a message. Its run id is that of the run that it wakes; for others it is one of its own. */
export function sealMessage(message: NewMessage): Loose {
  return {
    runId: message.runId || `wrun_message_${crypto.randomUUID()}`,
    traceCarrier: {
      [MARK]: VERSION,
      queue: message.queueName,
      body: Buffer.from(message.body).toString('base64'),
      contentType: message.contentType,
      headers: JSON.stringify(message.headers),
      deployment: message.deploymentId,
      at: String(Date.now()),
      ...(message.idempotencyKey !== undefined && { key: message.idempotencyKey }),
    },
  };
}

/** Unpacks what came through a queue; what no client packed is the World's own, and becomes JSON. */
export function openMessage(message: Loose, queueName: string): Opened {
  const carrier = message?.traceCarrier;
  if (carrier?.[MARK] !== VERSION)
    return {
      queueName,
      body: Uint8Array.from(Buffer.from(JSON.stringify(message) ?? 'null')),
      contentType: 'application/json',
      headers: {},
      deploymentId: '',
      idempotencyKey: undefined,
      enqueuedAt: Date.now(),
      wakes: queueName.startsWith(resolveQueuePrefix()) ? text(message?.runId) : undefined,
    };
  return {
    queueName: carrier.queue,
    body: Uint8Array.from(Buffer.from(carrier.body, 'base64')),
    contentType: carrier.contentType,
    headers: JSON.parse(carrier.headers),
    deploymentId: carrier.deployment,
    idempotencyKey: text(carrier.key),
    enqueuedAt: Number(carrier.at),
    wakes: undefined,
  };
}
