import {
  create,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { Capability, methodCapabilities, QueueService, StreamService } from '@worldwire/proto';

/** What the client knows of a method before it calls it. */
export interface MethodPolicy {
  /** Whether a try whose fate is unknown may be followed by another, given the request. */
  repeatable(request: DescMessageShape): boolean;
  /** Whether the request has a `request_id`, which makes every try return the first outcome. */
  readonly takesRequestId: boolean;
  /** What the World must declare for the method to exist. */
  readonly capability: Capability | undefined;
}

type DescMessageShape = MessageShape<DescMessage>;

/**
 * Methods that change something, take no request_id, and still may be repeated: a second close, settlement or wake finds
 * nothing left to do. ReviveMessages and DeletePushEndpoint are not among them: their second outcome differs.
 */
const IDEMPOTENT: ReadonlySet<DescMethod> = new Set<DescMethod>([
  StreamService.method.close,
  QueueService.method.settle,
  QueueService.method.wakeRuns,
]);

const policies = new Map<DescMethod, MethodPolicy>();

export function policyOf(method: DescMethod): MethodPolicy {
  let policy = policies.get(method);
  if (policy === undefined) {
    policy = makePolicy(method);
    policies.set(method, policy);
  }
  return policy;
}

function makePolicy(method: DescMethod): MethodPolicy {
  const field = method.input.field.requestId;
  const takesRequestId = field?.fieldKind === 'scalar' && field.scalar === ScalarType.STRING;
  const always =
    IDEMPOTENT.has(method) ||
    method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ||
    method.idempotency === MethodOptions_IdempotencyLevel.IDEMPOTENT;
  return {
    repeatable:
      method === StreamService.method.append
        ? namesItsWriter
        : takesRequestId
          ? namesItself
          : () => always,
    takesRequestId,
    capability: methodCapabilities.get(`${method.parent.typeName}/${method.name}`),
  };
}

/** An append lands once by its writer and sequence; without them a second one would land again. */
function namesItsWriter(request: DescMessageShape): boolean {
  return 'writerId' in request && request.writerId !== '';
}

/** A request returns its first outcome by its `request_id`; without one it would be carried out again. */
function namesItself(request: DescMessageShape): boolean {
  return 'requestId' in request && request.requestId !== '';
}

/**
 * The request as it goes out on every try: with a random `request_id` where the type has one, the caller gave none, and
 * the World is not known to take none. The caller's own message is not changed.
 */
export async function prepareRequest<I extends DescMessage>(
  schema: I,
  policy: MethodPolicy,
  init: MessageInitShape<I>,
  lacks: (capability: Capability) => Promise<boolean>,
): Promise<MessageShape<I>> {
  const message = create(schema, init);
  if (!policy.takesRequestId || namesItself(message)) return message;
  if (await lacks(Capability.REQUEST_IDS)) return message;
  return { ...message, requestId: newRequestId() };
}

/** Unique, and behind the ids made before it: a store that keeps them in order writes those of one moment together. */
function newRequestId(): string {
  return `${Date.now().toString(16)}-${crypto.randomUUID()}`;
}
