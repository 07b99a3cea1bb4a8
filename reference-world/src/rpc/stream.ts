import type { StreamService } from '@worldwire/proto';
import { streamRules } from '../core/index.js';
import { readStream } from '../dispatch/read-stream.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** StreamService. */
export function streamHandlers(world: Runtime): Handlers<typeof StreamService> {
  return {
    append: world.writes(streamRules.append),
    close: world.writes(streamRules.close),
    read: (request, call) => readStream(world, request, call),
    listChunks: world.reads(streamRules.listChunks),
    getStreamInfo: world.reads(streamRules.getStreamInfo),
    listStreams: world.reads(streamRules.listStreams),
  };
}
