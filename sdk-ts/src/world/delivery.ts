import { decodeMessage, toTaggedJson } from './codec.js';
import { ATTACH_HEADER } from './routes.js';
import type { Payload, UpstreamDelivery, UpstreamQueueHandler } from './upstream.js';

/** Carries the proof that a message was posted by the process that serves the route. */
export const SECRET_HEADER = 'x-worldwire-delivery';

const QUEUE_NAME = 'x-vqs-queue-name';
const MESSAGE_ID = 'x-vqs-message-id';
const ATTEMPT = 'x-vqs-message-attempt';

/** A message on its way to a handler. */
export interface InboundMessage extends UpstreamDelivery {
  body: Uint8Array;
  contentType: string;
}

/** What a handler wants: the same message again in some seconds, or nothing more. */
export interface HandlerResult {
  timeoutSeconds?: number;
}

/**
 * Runs a handler on a message.
 *
 * @throws what the handler throws; the message is then due again.
 */
export async function runHandler(
  handler: UpstreamQueueHandler,
  { body, contentType, ...meta }: InboundMessage,
): Promise<HandlerResult> {
  const message = decodeMessage(body, contentType);
  const result = (await handler(message, meta)) as Payload;
  // What an invocation returns is an answer and no wish about the queue.
  if ((message as Payload)?.invoke === true) return {};
  const seconds = result?.timeoutSeconds;
  return typeof seconds === 'number' && seconds >= 0 ? { timeoutSeconds: seconds } : {};
}

/**
 * The HTTP form of a handler, as the SDK mounts it on its routes: the body is the message, JSON or CBOR by
 * its content type, and `x-vqs-*` headers say the rest. Answers 200 with `{ok: true}` or
 * `{timeoutSeconds}`, 400 for what is no delivery, 403 where deliveries come by pull only, and 500 where
 * the handler failed.
 *
 * @param accepts Whether to take a message with these headers: anybody who reaches the route could send one.
 */
export function createHttpHandler(
  prefix: string,
  handler: UpstreamQueueHandler,
  accepts: (headers: Headers) => boolean,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { headers } = request;
    if (headers.has(ATTACH_HEADER)) {
      return new Response(null, { status: 204, headers: { [ATTACH_HEADER]: '1' } });
    }
    if (!accepts(headers)) {
      return refuse(
        403,
        'messages are pulled from the World; set WORLDWIRE_DELIVERY=http to post them',
      );
    }
    const queueName = headers.get(QUEUE_NAME);
    const messageId = headers.get(MESSAGE_ID);
    const attempt = Number(headers.get(ATTEMPT));
    if (!queueName || !messageId || !Number.isInteger(attempt) || attempt < 1) {
      return refuse(400, `missing or malformed ${QUEUE_NAME}, ${MESSAGE_ID} or ${ATTEMPT}`);
    }
    if (!queueName.startsWith(prefix)) return refuse(400, `no handler for queue ${queueName}`);
    const body = new Uint8Array(await request.arrayBuffer());
    if (body.length === 0) return refuse(400, 'missing body');
    const contentType = headers.get('content-type') ?? '';
    try {
      const result = await runHandler(handler, {
        queueName,
        messageId,
        attempt,
        body,
        contentType,
      });
      return Response.json(result.timeoutSeconds === undefined ? { ok: true } : result);
    } catch (error) {
      return Response.json(String(error), { status: 500 });
    }
  };
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

/**
 * Posts a message to one of the application's routes.
 *
 * @throws Error with the application's answer where that is no success.
 */
export async function postMessage(
  url: string,
  { body, contentType, queueName, messageId, attempt }: InboundMessage,
  extraHeaders: Record<string, string>,
  signal: AbortSignal,
): Promise<HandlerResult> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...extraHeaders,
      'content-type': 'application/json',
      [QUEUE_NAME]: queueName,
      [MESSAGE_ID]: messageId,
      [ATTEMPT]: String(attempt),
    },
    body: toTaggedJson(decodeMessage(body, contentType)),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as HandlerResult;
}
