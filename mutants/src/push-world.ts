/**
 * Push for the reference World, which has none: small, kept in memory, and enough to meet what the specification asks of
 * push. It is loaded into the World by patches, so that the checks of push are seen to pass and to fail.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { type Delivery, DeliverySchema } from '@worldwire/proto';

/** What one of these Worlds does wrong. */
export type PushFault =
  | 'unsigned'
  | 'any-answer-acknowledges'
  | 'never-acknowledges'
  | 'any-url'
  | 'secret-listed'
  | 'secret-bare'
  | 'any-deployment'
  | 'bare-body'
  | undefined;

interface Endpoint {
  readonly endpointId: string;
  readonly url: string;
  readonly queuePrefixes: readonly string[];
  readonly deploymentId: string;
  readonly maxInFlight: number;
}

interface CallOf {
  readonly project: string;
}

/** What the reference World lends. */
interface Parts {
  receive(
    world: unknown,
    request: object,
    call: CallOf & { signal: AbortSignal },
  ): AsyncIterable<{ deliveries: Delivery[] }>;
  settle(world: unknown, request: object, call: CallOf): Promise<unknown>;
  refusal(reason: string, message: string, metadata?: Record<string, string>): Error;
  /** Reads a page request against a list. */
  openPage(
    page: object | undefined,
    paging: object,
  ): {
    slice: { after: number | undefined; limit: number };
    info(sliced: { items: readonly { key: number }[]; more: boolean }): object;
  };
  /** Makes the response of a method. */
  response(method: string, fields: object): object;
}

interface Registered extends CallOf {
  /** Its place in the list. */
  readonly key: number;
  readonly endpoint: Endpoint;
  readonly secret: string;
  readonly stop: AbortController;
}

const PAGING = {
  list: 'push-endpoints',
  filters: [],
  defaultLimit: 100,
  maxLimit: 1_000,
  oneOrder: true,
} as const;

/** The handlers of the three methods of push. */
export function pushHandlers(world: unknown, parts: Parts, wrong: PushFault) {
  const registered = new Map<string, Registered>();
  const outcomes = new Map<string, object>();
  let keys = 0;
  return {
    async registerPushEndpoint(
      { endpoint, requestId }: { endpoint?: Endpoint; requestId: string },
      { project }: CallOf,
    ) {
      const url = endpoint?.url ?? '';
      if (endpoint === undefined || (wrong !== 'any-url' && !isAllowed(url)))
        throw parts.refusal('INVALID_ARGUMENT', 'the url must be https, or http on loopback');
      const kept = outcomes.get(requestId);
      if (requestId !== '' && kept !== undefined) return kept;
      const own: Registered = {
        project,
        key: ++keys,
        endpoint: {
          endpointId: `push_${randomUUID()}`,
          url,
          queuePrefixes: [...endpoint.queuePrefixes],
          deploymentId: endpoint.deploymentId,
          maxInFlight: endpoint.maxInFlight,
        },
        secret: `${wrong === 'secret-bare' ? '' : 'whsec_'}${randomBytes(24).toString('base64')}`,
        stop: new AbortController(),
      };
      registered.set(own.endpoint.endpointId, own);
      void deliver(world, parts, own, wrong).catch(() => {});
      const answer = parts.response('RegisterPushEndpoint', {
        endpoint: own.endpoint,
        secret: own.secret,
      });
      if (requestId !== '') outcomes.set(requestId, answer);
      return answer;
    },
    async deletePushEndpoint({ endpointId }: { endpointId: string }, { project }: CallOf) {
      const own = registered.get(endpointId);
      if (own?.project !== project)
        throw parts.refusal('ENDPOINT_NOT_FOUND', 'there is no such endpoint', {
          endpoint_id: endpointId,
        });
      registered.delete(endpointId);
      own.stop.abort();
      return parts.response('DeletePushEndpoint', {});
    },
    async listPushEndpoints({ page }: { page?: object }, { project }: CallOf) {
      const { slice, info } = parts.openPage(page, PAGING);
      const { after = 0, limit } = slice;
      const rest = [...registered.values()].filter(
        (own) => own.project === project && own.key > after,
      );
      const items = rest.slice(0, limit);
      return parts.response('ListPushEndpoints', {
        endpoints: items.map(({ endpoint, secret }) => ({
          ...endpoint,
          url: wrong === 'secret-listed' ? `${endpoint.url}#${secret}` : endpoint.url,
        })),
        page: info({ items, more: rest.length > limit }),
      });
    },
  };
}

function isAllowed(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
    return protocol === 'https:' || (protocol === 'http:' && isLoopback);
  } catch {
    return false;
  }
}

async function deliver(world: unknown, parts: Parts, own: Registered, wrong: PushFault) {
  const { project, endpoint, stop } = own;
  const request = {
    queuePrefixes: endpoint.queuePrefixes,
    deploymentId: wrong === 'any-deployment' ? '' : endpoint.deploymentId,
    maxInFlight: endpoint.maxInFlight || 10,
    consumerId: '',
    environment: '',
    instanceId: '',
  };
  const answers = parts.receive(world, request, { project, signal: stop.signal });
  for await (const { deliveries } of answers)
    for (const delivery of deliveries) {
      const settled = async () => {
        const status = await post(own, delivery, wrong).catch(() => 0);
        const ok = status >= 200 && status <= 299 && wrong !== 'never-acknowledges';
        const action =
          ok || wrong === 'any-answer-acknowledges'
            ? { case: 'ack', value: {} }
            : { case: 'retry', value: { error: `the endpoint answered ${status}` } };
        await parts.settle(
          world,
          { settlements: [{ leaseId: delivery.leaseId, action }] },
          { project },
        );
      };
      void settled().catch(() => {});
    }
}

async function post(
  { endpoint, secret }: Registered,
  delivery: Delivery,
  wrong: PushFault,
): Promise<number> {
  const { messageId } = delivery;
  const body = wrong === 'bare-body' ? delivery.body : toBinary(DeliverySchema, delivery);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
    .update(`${messageId}.${timestamp}.`)
    .update(wrong === 'unsigned' ? 'another body' : body)
    .digest('base64');
  const { status } = await fetch(endpoint.url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/proto',
      'webhook-id': messageId,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body: Buffer.from(body),
  });
  return status;
}
