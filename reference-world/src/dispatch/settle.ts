import type { SettleRequest, SettleResponse } from '@worldwire/proto';
import { queueRules } from '../core/index.js';
import { millisOf } from '../core/time.js';
import type { CallContext } from '../rpc/call.js';
import type { Runtime } from '../rpc/runtime.js';

/** Settles deliveries, and gives the consumers that held them their credit back. */
export async function settle(
  world: Runtime,
  request: SettleRequest,
  call: CallContext,
): Promise<SettleResponse> {
  const response = await world.write(queueRules.settle, call.project, request);
  request.settlements.forEach(({ leaseId, action }, index) => {
    const result = response.results[index];
    const extendedTo =
      action.case === 'extend' && result?.settled && result.leaseExpiresAt !== undefined
        ? millisOf(result.leaseExpiresAt)
        : undefined;
    world.consumers.settled(call.project, leaseId, extendedTo);
  });
  return response;
}
