import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { Attachment } from '../dispatch/attachment.js';
import { Call } from './call.js';
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from './gen/grpc/health/v1/health_pb.js';
import type { Runtime } from './runtime.js';

/** grpc.health.v1: the server as a whole (the empty name) and each of its services, all alike. */
export function healthRoutes(
  router: ConnectRouter,
  world: Runtime,
  names: readonly string[],
): ConnectRouter {
  const known = new Set(['', ...names]);
  const status = () => (world.stopping.aborted ? Status.NOT_SERVING : Status.SERVING);
  return router.service(Health, {
    check({ service }) {
      if (!known.has(service)) throw new ConnectError('unknown service', Code.NotFound);
      return { status: status() };
    },
    list: () => ({
      statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])),
    }),
    async *watch({ service }, context) {
      const call = new Call('');
      const unfollow = call.follow(context.signal);
      const attachment = new Attachment(world, call);
      try {
        yield { status: known.has(service) ? status() : Status.SERVICE_UNKNOWN };
        for (;;) await attachment.news();
      } catch (error) {
        if (!world.stopping.aborted) throw error;
        yield { status: Status.NOT_SERVING };
      } finally {
        unfollow();
        attachment.end();
      }
    },
  });
}
