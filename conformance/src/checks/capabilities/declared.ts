import { ConnectError } from '@connectrpc/connect';
import { Capability, fieldCapabilities, methodCapabilities } from '@worldwire/proto';
import { type CapabilityName, type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { describeRefusal, refusalOf } from '../../wire/refusal.js';
import { fieldProbes, methodProbes, type Probe } from './probes.js';

const PACKAGE = 'worldwire.v1.';

/** A method or field that a capability gates. */
interface Gated {
  readonly kind: 'method' | 'field';
  /** Without the package. */
  readonly name: string;
  readonly capability: CapabilityName;
  readonly probe: (t: Context) => Promise<Probe>;
  /** What the probe needs besides: a field of a method that is itself gated. */
  readonly also: readonly CapabilityName[];
}

const OF_GATED_METHOD: Readonly<Record<string, CapabilityName>> = {
  'CreateEventBatchRequest.request_id': 'EVENT_BATCH',
  'EnqueueBatchRequest.request_id': 'QUEUE_BATCH',
  'RegisterPushEndpointRequest.request_id': 'PUSH',
  'EscrowKeyRequest.request_id': 'KEY_SERVICE',
  'WatchEventsRequest.reader': 'WATCH_EVENTS',
};

const gated: readonly Gated[] = [
  ...gates('method', methodCapabilities, methodProbes),
  ...gates('field', fieldCapabilities, fieldProbes),
];

function gates(
  kind: Gated['kind'],
  table: ReadonlyMap<string, Capability>,
  probes: Readonly<Record<string, (t: Context) => Promise<Probe>>>,
): Gated[] {
  return [...table].map(([fullName, value]) => {
    const name = fullName.slice(PACKAGE.length);
    const probe = probes[name];
    if (probe === undefined) throw new Error(`no probe is known for ${name}`);
    const also = OF_GATED_METHOD[name];
    return {
      kind,
      name,
      capability: Capability[value] as CapabilityName,
      probe,
      also: also === undefined ? [] : [also],
    };
  });
}

/** What is declared is there, and what is not declared is refused: a check for each method and field of a capability. */
export const declarationChecks: readonly Check[] = [
  ...gated.map(({ kind, name, capability, probe, also }) =>
    check(
      `capabilities/undeclared-${kind}-${slug(name)}`,
      `Undeclared, ${name} is refused and changes nothing`,
      {
        requirements: [kind === 'method' ? 'WW-CAP-003' : 'WW-CAP-004', 'WW-CAP-005', 'WW-CAP-006'],
        capabilities: also,
        absent: [capability],
      },
      async (t) => {
        const tried = await probe(t);
        const before = await tried.state?.();
        await t.refused(
          `a request that needs ${capability}`,
          tried.with,
          'CAPABILITY_NOT_DECLARED',
          {
            capability: `CAPABILITY_${capability}`,
          },
        );
        t.equal(await tried.state?.(), before, 'what the request would have changed');
        if (tried.without !== undefined)
          await t.accepted('the same request without the field', tried.without);
      },
    ),
  ),
  ...gated.map(({ kind, name, capability, probe, also }) =>
    check(
      `capabilities/declared-${kind}-${slug(name)}`,
      `Declared, ${name} is there`,
      { requirements: ['WW-CAP-001'], capabilities: [capability, ...also] },
      async (t) => {
        const tried = await probe(t);
        try {
          await tried.with();
        } catch (error) {
          if (!(error instanceof ConnectError)) throw error;
          const refusal = refusalOf(error);
          if (
            ['CAPABILITY_NOT_DECLARED', 'METHOD_NOT_FOUND'].includes(refusal.reason) ||
            refusal.code === 'unimplemented'
          )
            t.fail(
              `${capability} is declared and missing`,
              `${name} is served`,
              describeRefusal(refusal),
            );
        }
      },
    ),
  ),
];

/** The names of all gated methods, for checks of what is not declared. */
export const gatedMethods = gated.filter(({ kind }) => kind === 'method');

/** Such as "create-event-batch" of "EventService/CreateEventBatch". */
function slug(name: string): string {
  const [scope = '', member = ''] = name.split(/[/.]/);
  const text = name.includes('/') ? member : `${scope}-${member}`;
  return text
    .replaceAll('_', '-')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase();
}
