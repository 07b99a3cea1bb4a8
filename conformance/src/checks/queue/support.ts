import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Delivery, EnqueueResponse, NewMessageSchema } from '@worldwire/proto';
import type { Context } from '../../context.js';
import type { Action, Consumer, ConsumerOptions, Received } from '../../fixtures/consumer.js';
import type { Api } from '../../wire/api.js';

/** A message without its queue. */
export type MessageInit = Omit<
  MessageInitShape<typeof NewMessageSchema>,
  '$typeName' | 'queueName'
>;

/** What rounding and the clock of another process may take off a wait. */
export const CLOCK_MS = 25;

/** How long a check listens for what must not come. A World that is at fault only later goes undetected, no more. */
export const QUIET_MS = 250;

/** A lease that ends within no check. */
export const LONG_LEASE = { seconds: 3_600n } as const;

/** The shortest lease. */
export const SHORT_LEASE = { seconds: 1n } as const;

/** Sends a message, as what a check stands on. */
export function send(
  t: Context,
  queueName: string,
  message: MessageInit = {},
  api: Api = t.api,
): Promise<EnqueueResponse> {
  return t.given('an accepted message', () =>
    api.queue.enqueue({ message: { contentType: 'application/json', ...message, queueName } }),
  );
}

/** A queue of its own with an attached consumer. */
export async function attend(
  t: Context,
  options: Omit<ConsumerOptions, 'queuePrefixes'> = {},
): Promise<{ queue: string; consumer: Consumer }> {
  const queue = t.queueName();
  const consumer = await t.consumer({ ...options, queuePrefixes: [queue] });
  return { queue, consumer };
}

/** The next delivery, as what a check stands on. */
export function delivered(t: Context, consumer: Consumer, what = 'a delivery'): Promise<Received> {
  return t.given(what, () => consumer.next(what));
}

/**
 * Acknowledges a message under a short lease. Where the machine was too slow and the lease is lost, the message comes
 * again; where it does not, the World has lost it.
 */
export async function acknowledge(consumer: Consumer, delivery: Delivery): Promise<void> {
  let last = delivery;
  while (!(await consumer.ack(last)).settled)
    ({ delivery: last } = await consumer.next(
      'a message whose lease was lost before it was settled',
    ));
}

/** Acknowledges everything that a consumer was ever given, so that nothing of the check stays behind. */
export async function acknowledgeAll(t: Context, ...consumers: readonly Consumer[]): Promise<void> {
  const ack: Action = { case: 'ack', value: {} };
  const settlements = consumers.flatMap(({ received }) =>
    received.map(({ delivery: { leaseId } }) => ({ leaseId, action: ack })),
  );
  for (let at = 0; at < settlements.length; at += 1_000)
    await t.api.queue.settle({ settlements: settlements.slice(at, at + 1_000) });
}

/**
 * Expects that nothing waits at a consumer and nothing comes beside a last message, which shows that the queue still
 * delivers. The consumer must have credit.
 */
export async function nothingElse(
  t: Context,
  consumer: Consumer,
  queueName: string,
  why: string,
  quietMs: number = QUIET_MS,
): Promise<void> {
  const from = consumer.received.length - consumer.waiting;
  const { messageId } = await send(t, queueName, { body: utf8('the last one') });
  const isLast = ({ delivery }: Received) => delivery.messageId === messageId;
  const last = await t.given('the delivery of a last message', () =>
    t.eventually('the delivery of a last message', () => consumer.received.find(isLast)),
  );
  await t.sleep(quietMs);
  const others = consumer.received.slice(from).filter((received) => !isLast(received));
  await consumer.ack(last.delivery);
  t.ok(
    others.length === 0,
    why,
    'no further delivery',
    others.map(({ delivery }) => delivery),
  );
}

/** Expects that a delivery came no sooner than so long after a moment by `performance.now()`. */
export function notBefore(
  t: Context,
  what: string,
  { at }: Received,
  since: number,
  ms: number,
): void {
  t.ok(
    at - since >= ms - CLOCK_MS,
    `${what} came too soon`,
    `no sooner than ${ms} ms after`,
    `${Math.round(at - since)} ms after`,
  );
}

/** Milliseconds of a timestamp; NaN where there is none. */
export function millisOf(time: Timestamp | undefined): number {
  return time === undefined ? Number.NaN : Number(time.seconds) * 1_000 + time.nanos / 1e6;
}

/** Bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The body of a delivery as a text. */
export function textOf({ body }: Pick<Delivery, 'body'>): string {
  return new TextDecoder().decode(body);
}
