import { create } from '@bufbuild/protobuf';
import { type ReceiveRequest, type ReceiveResponse, ReceiveResponseSchema } from '@worldwire/proto';
import { checkText } from '../core/identifiers.js';
import { queueRules } from '../core/index.js';
import type { CallContext } from '../rpc/call.js';
import type { Runtime } from '../rpc/runtime.js';
import { Attachment } from './attachment.js';
import { Consumer } from './consumer.js';

/** Hands out messages under leases for as long as the caller reads. */
export async function* receive(
  world: Runtime,
  request: ReceiveRequest,
  call: CallContext,
): AsyncGenerator<ReceiveResponse> {
  checkText('instance_id', request.instanceId, world.limits.maxNameLength);
  await world.write(queueRules.attach, call.project, request);
  const attachment = new Attachment(world, call);
  const consumer = new Consumer(call.project, request, attachment.bell, world.owner);
  attachment.onEnd(world.consumers.attach(consumer));
  try {
    attachment.check();
    yield attachment.sent(create(ReceiveResponseSchema));
    for (;;) {
      world.consumers.wants(consumer);
      const news = await attachment.news();
      const deliveries = consumer.takeBatch();
      if (deliveries.length > 0 || !news)
        yield attachment.sent(create(ReceiveResponseSchema, { deliveries }));
    }
  } finally {
    attachment.end();
  }
}
