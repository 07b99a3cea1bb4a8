import type { DescService } from '@bufbuild/protobuf';
import { EventService } from './gen/worldwire/v1/event_pb.js';
import { HookService } from './gen/worldwire/v1/hook_pb.js';
import { KeyService } from './gen/worldwire/v1/key_pb.js';
import { QueueService } from './gen/worldwire/v1/queue_pb.js';
import { RunService } from './gen/worldwire/v1/run_pb.js';
import { StepService } from './gen/worldwire/v1/step_pb.js';
import { StreamService } from './gen/worldwire/v1/stream_pb.js';
import { WaitService } from './gen/worldwire/v1/wait_pb.js';
import { WorldService } from './gen/worldwire/v1/world_pb.js';

/** Every service of the protocol. */
export const services: readonly DescService[] = [
  WorldService,
  EventService,
  RunService,
  StepService,
  HookService,
  WaitService,
  QueueService,
  StreamService,
  KeyService,
];
