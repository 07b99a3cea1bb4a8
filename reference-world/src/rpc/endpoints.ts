import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import type { ConnectError } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import {
  Capability,
  EventService,
  HookService,
  KeyService,
  methodCapabilities,
  QueueService,
  RunService,
  StepService,
  StreamService,
  WaitService,
  WorldService,
} from '@worldwire/proto';
import type { Call, CallContext } from './call.js';
import { refusal, toConnectError } from './errors.js';
import { eventHandlers } from './event.js';
import { hookHandlers } from './hook.js';
import { keyHandlers } from './key.js';
import type { Meter } from './metrics.js';
import { queueHandlers } from './queue.js';
import { runHandlers } from './run.js';
import type { Runtime } from './runtime.js';
import { stepHandlers } from './step.js';
import { streamHandlers } from './stream.js';
import { waitHandlers } from './wait.js';
import { capabilitiesOf, worldHandlers } from './world.js';

/** Live calls that one process keeps open at most. */
const MAX_LIVE_CALLS = 20_000;

type AnyHandler = (request: Message, call: CallContext) => unknown;

/** A method of the World, whatever carries it. */
export interface Endpoint {
  readonly method: DescMethod;
  /** `package.Service/Method`. */
  readonly name: string;
  /** Whether it needs no credential and no project. */
  readonly open: boolean;
  /** Whether a credential that does not open the project is refused by the rule, which leaves an entry of it. */
  readonly audited: boolean;
  /** Answers, or fails with an error that has its reason. Present for unary methods. */
  readonly unary?: (request: Message, call: Call) => Promise<Message>;
  /** Answers as long as there is something to say, or fails alike. Present for live methods. */
  readonly live?: (request: Message, call: Call) => AsyncGenerator<Message>;
}

/** Every method of the World. */
export function endpointsOf(world: Runtime, meter: Meter): Endpoint[] {
  const tables: readonly (readonly [DescService, object])[] = [
    [WorldService, worldHandlers(world)],
    [EventService, eventHandlers(world)],
    [RunService, runHandlers(world)],
    [StepService, stepHandlers(world)],
    [HookService, hookHandlers(world)],
    [WaitService, waitHandlers(world)],
    [QueueService, queueHandlers(world)],
    [StreamService, streamHandlers(world)],
    [KeyService, world.vault === undefined ? {} : keyHandlers(world, world.vault)],
  ];
  const lives = { open: 0 };
  const capabilities = capabilitiesOf(world);
  return tables.flatMap(([service, handlers]) =>
    service.methods.map((method) => {
      const name = `${service.typeName}/${method.name}`;
      const handler =
        refusing(name, capabilities) ?? (handlers as Record<string, AnyHandler>)[method.localName];
      if (handler === undefined) throw new Error(`${name} has no handler`);
      const facts = {
        method,
        name,
        open: service === WorldService,
        audited: service === KeyService && world.vault !== undefined,
      };
      return method.methodKind === 'unary'
        ? { ...facts, unary: unaryOf(world, meter, name, handler) }
        : { ...facts, live: liveOf(world, meter, name, handler, lives) };
    }),
  );
}

/** What answers a method whose capability this World does not declare. */
function refusing(name: string, capabilities: readonly Capability[]): AnyHandler | undefined {
  const capability = methodCapabilities.get(name);
  if (capability === undefined || capabilities.includes(capability)) return undefined;
  return () => {
    throw refusal('CAPABILITY_NOT_DECLARED', `this World does not offer ${name}: see GetWorld`, {
      capability: `CAPABILITY_${Capability[capability]}`,
    });
  };
}

function unaryOf(world: Runtime, meter: Meter, name: string, handler: AnyHandler) {
  return async (request: Message, call: Call): Promise<Message> => {
    const start = performance.now();
    let code = 'ok';
    try {
      return await call.race(handler(request, call) as Promise<Message>);
    } catch (thrown) {
      const error = toConnectError(thrown, world.log);
      code = codeToString(error.code);
      throw error;
    } finally {
      call.end();
      meter.called(name, code, (performance.now() - start) / 1_000);
    }
  };
}

function liveOf(
  world: Runtime,
  meter: Meter,
  name: string,
  handler: AnyHandler,
  lives: { open: number },
) {
  return async function* (request: Message, call: Call): AsyncGenerator<Message> {
    let error: ConnectError | undefined;
    lives.open += 1;
    meter.live(name, 1);
    try {
      if (lives.open > MAX_LIVE_CALLS)
        throw refusal('THROTTLED', 'too many live calls are open', {}, 1_000);
      yield* handler(request, call) as AsyncIterable<Message>;
    } catch (thrown) {
      error = toConnectError(thrown, world.log);
      throw error;
    } finally {
      call.end();
      lives.open -= 1;
      meter.live(name, -1);
      meter.called(name, error === undefined ? 'ok' : codeToString(error.code));
    }
  };
}
