/** Generated requests: any method, in any protocol that it has, with what a generator puts into it. */
import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { services } from '@worldwire/proto';
import { envelope } from '../envelopes.js';
import {
  judgeConnectStream,
  judgeGrpc,
  judgeGrpcWeb,
  judgeUnary,
  type Outcome,
} from './answers.js';
import { corruptBinary, randomBinary } from './binary.js';
import { corruptJson, randomJson } from './json.js';
import type { Random } from './random.js';
import type { Outgoing, Reply, Wire } from './transport.js';
import type { Known } from './values.js';

const methods: readonly DescMethod[] = services.flatMap((service) => service.methods);

const protocols = ['proto', 'json', 'get-proto', 'get-json', 'grpc-web', 'grpc'] as const;
type Protocol = (typeof protocols)[number];

/** What waits by itself is told not to wait for long. */
const PATIENCE_MS = 400;

export interface Attack {
  /** For a person who looks for it. */
  readonly label: string;
  /** Whether nothing may be changed by it whatever the answer is. */
  readonly readsOnly: boolean;
  /** Sends it, and throws where the answer is not lawful. */
  send(wire: Wire): Promise<Outcome>;
}

/** Makes a request. One that is corrupt has to be refused; another may be. */
export function randomAttack(
  random: Random,
  known: Known,
  project: string,
  corrupt: boolean,
): Attack {
  const method = random.pick(methods);
  const readsOnly = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const live = method.methodKind !== 'unary';
  const possible = protocols.filter((one) => !one.startsWith('get-') || (readsOnly && !live));
  const protocol = random.pick(possible);
  const json = protocol.endsWith('json');
  const message = json
    ? jsonMessage(method, random, known, corrupt)
    : binaryMessage(method, random, known, corrupt);
  const outgoing = pack(method, protocol, message, live);
  outgoing.headers['worldwire-project'] = project;
  if (live || method.name === 'WaitForRun') {
    if (protocol === 'grpc' || protocol === 'grpc-web') {
      outgoing.headers['grpc-timeout'] = `${PATIENCE_MS}m`;
    } else outgoing.headers['connect-timeout-ms'] = String(PATIENCE_MS);
  }
  const shown = json ? Buffer.from(message).toString() : Buffer.from(message).toString('hex');
  return {
    label: `${method.parent.name}/${method.name} ${protocol} ${shown.slice(0, 2_000)}`,
    readsOnly,
    async send(wire) {
      const reply = await (protocol === 'grpc' ? wire.http2(outgoing) : wire.http1(outgoing));
      return judge(method, protocol, reply);
    },
  };
}

function jsonMessage(
  { input }: DescMethod,
  random: Random,
  known: Known,
  corrupt: boolean,
): Uint8Array {
  const json = randomJson(input, random, known);
  return corrupt ? corruptJson(json, random) : Buffer.from(json);
}

function binaryMessage(
  { input }: DescMethod,
  random: Random,
  known: Known,
  corrupt: boolean,
): Uint8Array {
  const bytes = randomBinary(input, random, known);
  return corrupt ? corruptBinary(bytes, input, random) : bytes;
}

function pack(
  method: DescMethod,
  protocol: Protocol,
  message: Uint8Array,
  live: boolean,
): Outgoing {
  const path = `/${method.parent.typeName}/${method.name}`;
  switch (protocol) {
    case 'proto':
    case 'json':
      return live
        ? {
            path,
            headers: { 'content-type': `application/connect+${protocol}` },
            body: envelope(message),
            live,
          }
        : { path, headers: { 'content-type': `application/${protocol}` }, body: message };
    case 'get-proto':
    case 'get-json': {
      const query = new URLSearchParams({
        connect: 'v1',
        encoding: protocol.slice(4),
        base64: '1',
        message: Buffer.from(message).toString('base64url'),
      });
      // A request line is bounded by HTTP, and what is longer is another matter.
      if (message.length > 8_000) return pack(method, protocol.slice(4) as Protocol, message, live);
      return { path: `${path}?${query}`, method: 'GET', headers: {} };
    }
    case 'grpc-web':
      return {
        path,
        headers: { 'content-type': 'application/grpc-web+proto' },
        body: envelope(message),
        live,
      };
    case 'grpc':
      return {
        path,
        headers: { 'content-type': 'application/grpc+proto', te: 'trailers' },
        body: envelope(message),
        live,
      };
  }
}

function judge({ output, methodKind }: DescMethod, protocol: Protocol, reply: Reply): Outcome {
  if (protocol === 'grpc') return judgeGrpc(reply, output);
  if (protocol === 'grpc-web') return judgeGrpcWeb(reply, output);
  const json = protocol.endsWith('json');
  return methodKind === 'unary'
    ? judgeUnary(reply, output, json)
    : judgeConnectStream(reply, output, json);
}
