import { type Client, createClient, type Transport } from '@connectrpc/connect';
import {
  EventService,
  HookService,
  KeyService,
  QueueService,
  RunService,
  StepService,
  StreamService,
  WaitService,
  WorldService,
} from '@worldwire/proto';

/** Typed clients of every service over one transport. */
export interface Api {
  readonly world: Client<typeof WorldService>;
  readonly events: Client<typeof EventService>;
  readonly runs: Client<typeof RunService>;
  readonly steps: Client<typeof StepService>;
  readonly hooks: Client<typeof HookService>;
  readonly waits: Client<typeof WaitService>;
  readonly queue: Client<typeof QueueService>;
  readonly streams: Client<typeof StreamService>;
  readonly keys: Client<typeof KeyService>;
}

/** Makes them. */
export function apiOver(transport: Transport): Api {
  return {
    world: createClient(WorldService, transport),
    events: createClient(EventService, transport),
    runs: createClient(RunService, transport),
    steps: createClient(StepService, transport),
    hooks: createClient(HookService, transport),
    waits: createClient(WaitService, transport),
    queue: createClient(QueueService, transport),
    streams: createClient(StreamService, transport),
    keys: createClient(KeyService, transport),
  };
}
