import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CreateEventRequestSchema } from '@worldwire/proto';

/** A request to create a run. */
export function creation(runId = 'wrun_1', input = new Uint8Array()) {
  return {
    runId,
    event: {
      specVersion: 5,
      data: {
        case: 'runCreated',
        value: { workflowName: 'order', deploymentId: 'dpl_1', input },
      },
    },
  } as const satisfies MessageInitShape<typeof CreateEventRequestSchema>;
}

/** An answer to it. */
export function created(runId = 'wrun_1') {
  return {
    event: { runId, eventId: 'evnt_1', position: 1n },
    run: { runId, workflowName: 'order' },
  };
}

/** The deadline that a call carries, in milliseconds; undefined where it has none. */
export function deadlineOf(header: Headers): number | undefined {
  const connect = header.get('connect-timeout-ms');
  if (connect !== null) return Number(connect);
  const grpc = /^(\d+)([HMSmun])$/.exec(header.get('grpc-timeout') ?? '');
  if (grpc === null) return undefined;
  return Number(grpc[1]) * UNITS[grpc[2] as keyof typeof UNITS];
}

/** Milliseconds of gRPC's units. */
const UNITS = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;

/** What timers may be early by, and clocks apart. */
export const EARLY_MS = 20;

/** Bytes that no text has. */
export const ODD_BYTES = Uint8Array.from({ length: 512 }, (_, at) => (at * 7) % 256);
