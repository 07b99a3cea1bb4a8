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
  const status = () => (world.draining.aborted ? Status.NOT_SERVING : Status.SERVING);
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
      const now = () => (known.has(service) ? status() : Status.SERVICE_UNKNOWN);
      let said = now();
      try {
        const { ring } = attachment.bell;
        world.draining.addEventListener('abort', ring);
        attachment.onEnd(() => world.draining.removeEventListener('abort', ring));
        yield { status: said };
        for (;;) {
          // Here, silence is the sign that all is as it was.
          if (!(await attachment.news())) attachment.sent(undefined);
          if (said === now()) continue;
          said = now();
          yield { status: said };
        }
      } catch (error) {
        if (!world.stopping.aborted) throw error;
        if (said !== now()) yield { status: now() };
      } finally {
        unfollow();
        attachment.end();
      }
    },
  });
}
