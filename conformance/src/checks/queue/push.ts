import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromBinary, fromJsonString } from '@bufbuild/protobuf';
import { type Delivery, DeliverySchema, type PushEndpoint } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { show } from '../../show.js';
import { QUIET_MS, send } from './support.js';

/** How far the clock of a post may be from this machine's: what Standard Webhooks allow. */
const CLOCKS_APART_S = 300;

/** Deliveries that are posted to an endpoint. */
export const pushChecks: readonly Check[] = [
  check(
    'queue/push-secret',
    'An endpoint’s secret is given when it is registered, and not again',
    { requirements: ['WW-QUEUE-098'], capabilities: ['PUSH'] },
    async (t) => {
      const wanted = {
        url: `https://${t.unique('host').replace('_', '-').toLowerCase()}.invalid/hook`,
        queuePrefixes: [t.queueName()],
        deploymentId: t.unique('dpl'),
        maxInFlight: 3,
      };
      const { endpoint, secret } = await register(t, wanted);
      t.ok(
        /^whsec_[A-Za-z0-9+/]{8,}={0,2}$/.test(secret),
        'the secret is not in the form of Standard Webhooks',
        'whsec_ and base64',
        secret,
      );
      const listed = (await endpoints(t)).filter(
        ({ endpointId }) => endpointId === endpoint.endpointId,
      );
      t.equal(listed, [endpoint], 'the registered endpoint in the list');
      const { url, queuePrefixes, deploymentId, maxInFlight } = endpoint;
      t.equal({ url, queuePrefixes, deploymentId, maxInFlight }, wanted, 'the endpoint');
      t.ok(!show(listed).includes(secret.slice(6)), 'the secret is listed', 'no secret', listed);
    },
  ),
  check(
    'queue/push-urls',
    'An endpoint is https, or http on loopback',
    { requirements: ['WW-QUEUE-097'], capabilities: ['PUSH'] },
    async (t) => {
      const at = (url: string) =>
        t.api.queue.registerPushEndpoint({ endpoint: { url, queuePrefixes: [t.queueName()] } });
      for (const url of [
        'https://endpoint.invalid/a',
        'http://127.0.0.1:9/a',
        'http://localhost:9/',
      ]) {
        const { endpoint } = await t.accepted(url, () => at(url));
        await t.api.queue.deletePushEndpoint({ endpointId: endpoint?.endpointId ?? '' });
      }
      for (const url of [
        ...['', 'endpoint', '/path', 'ftp://127.0.0.1/a', 'file:///etc/hosts', 'javascript:1'],
        ...[
          'http://endpoint.invalid/a',
          'http://127.0.0.1.endpoint.invalid/',
          'http://localhost.invalid/',
        ],
      ])
        await t.refused(`the url ${JSON.stringify(url)}`, () => at(url), 'INVALID_ARGUMENT');
    },
  ),
  check(
    'queue/push-delivers',
    'An endpoint is posted the messages of its prefixes and deployment, signed and once',
    {
      requirements: [
        'WW-QUEUE-094',
        'WW-QUEUE-095',
        'WW-QUEUE-101',
        'WW-QUEUE-041',
        'WW-QUEUE-042',
      ],
      capabilities: ['PUSH'],
      // Only a World of the harness's own is known to reach this machine's loopback.
      needs: ['process'],
    },
    async (t) => {
      const queue = t.queueName();
      const deploymentId = t.unique('dpl');
      const receiver = await receive(t, () => 204);
      const { secret } = await register(t, {
        url: receiver.url,
        queuePrefixes: [queue],
        deploymentId,
      });
      await send(t, `${t.queueName()}`);
      await send(t, queue, { deploymentId: t.unique('dpl') });
      const sent = [
        await send(t, queue, { body: Buffer.from('first') }),
        await send(t, `${queue}_more`, { deploymentId, body: Buffer.from('second') }),
      ];
      await t.eventually('two posts', () => (receiver.posts.length >= 2 ? true : undefined));
      await t.sleep(2_000);
      t.equal(receiver.posts.length, 2, 'the number of posts');
      t.equal(
        receiver.posts
          .map((post) => deliveryIn(t, post))
          .map(({ messageId, queueName, attempt, body }) => ({
            ...{ messageId, queueName, attempt },
            body: Buffer.from(body).toString(),
          }))
          .sort((a, b) => a.body.localeCompare(b.body)),
        [
          { messageId: sent[0]!.messageId, queueName: queue, attempt: 1, body: 'first' },
          { messageId: sent[1]!.messageId, queueName: `${queue}_more`, attempt: 1, body: 'second' },
        ],
        'the deliveries in the posts',
      );
      for (const { headers, body } of receiver.posts) {
        const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map(
          (name) => `${headers[`webhook-${name}`] ?? ''}`,
        );
        t.ok(id !== '', 'a post has no webhook-id', 'an id', headers);
        t.ok(
          Math.abs(Number(timestamp) - Date.now() / 1000) < CLOCKS_APART_S,
          'webhook-timestamp is not the time of the post',
          'seconds since 1970',
          timestamp,
        );
        const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
        const digest = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
        const expected = `v1,${digest.digest('base64')}`;
        t.ok(
          signature?.split(' ').includes(expected),
          'webhook-signature does not sign the post with the secret',
          expected,
          signature,
        );
      }
    },
  ),
  check(
    'queue/push-again',
    'A message whose post was not answered with success is posted again, until it is',
    {
      requirements: ['WW-QUEUE-096', 'WW-QUEUE-094', 'WW-QUEUE-101'],
      capabilities: ['PUSH'],
      needs: ['process'],
    },
    async (t) => {
      const receivers = await Promise.all(
        [500, 404, 302].map(async (first) => {
          const receiver = await receive(t, (nth) => (nth === 0 ? first : 299));
          const queue = t.queueName();
          await register(t, { url: receiver.url, queuePrefixes: [queue] });
          await send(t, queue);
          return receiver;
        }),
      );
      for (const { posts } of receivers)
        await t.eventually('another post', () => (posts.length >= 2 ? true : undefined));
      await t.sleep(2_200);
      t.equal(
        receivers.map(({ posts }) => posts.length),
        [2, 2, 2],
        'the number of posts',
      );
      for (const { posts } of receivers) {
        const [first, second] = posts.map((post) => deliveryIn(t, post));
        t.equal(second!.messageId, first!.messageId, 'the message of the second post');
        t.equal([first!.attempt, second!.attempt], [1, 2], 'the attempts of the posts');
      }
      await t.sleep(QUIET_MS);
    },
  ),
];

interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a post holds, by its content type. */
function deliveryIn(t: Context, { headers, body }: Post): Delivery {
  const type = `${headers['content-type'] ?? ''}`.split(';')[0]!.trim();
  try {
    if (type === 'application/json') return fromJsonString(DeliverySchema, body.toString());
    if (type === 'application/proto') return fromBinary(DeliverySchema, body);
  } catch (error) {
    t.fail('the body of a post is no Delivery', type, `${error}`);
  }
  return t.fail(
    'a post has another content type',
    'application/proto or application/json',
    headers['content-type'],
  );
}

/** An endpoint that answers each post with the status for its number. */
async function receive(
  t: Context,
  statusOf: (nth: number) => number,
): Promise<{ url: string; posts: Post[] }> {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const status = statusOf(posts.length);
      posts.push({ headers: request.headers, body: Buffer.concat(parts) });
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, posts };
}

/** Registers an endpoint, which is deleted at the check's end. */
async function register(
  t: Context,
  wanted: { url: string; queuePrefixes: string[]; deploymentId?: string; maxInFlight?: number },
): Promise<{ endpoint: PushEndpoint; secret: string }> {
  const { endpoint, secret } = await t.accepted('RegisterPushEndpoint', () =>
    t.api.queue.registerPushEndpoint({ endpoint: wanted }),
  );
  if (endpoint === undefined || endpoint.endpointId === '')
    return t.fail('the answer names no endpoint', 'an endpoint with an id', endpoint);
  t.onEnd(async () => {
    await t.outcome(() => t.api.queue.deletePushEndpoint({ endpointId: endpoint.endpointId }));
  });
  return { endpoint, secret };
}

/** Every endpoint. */
async function endpoints(t: Context): Promise<PushEndpoint[]> {
  const found: PushEndpoint[] = [];
  for (let cursor = ''; ; ) {
    const answer = await t.api.queue.listPushEndpoints({ page: { cursor } });
    found.push(...answer.endpoints);
    if (!answer.page?.hasMore) return found;
    cursor = answer.page.cursor;
  }
}
