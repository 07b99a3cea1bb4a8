import type { Mutant } from '../mutant.js';
import { keyed } from './keyed.js';
import { DECLARES_NOTHING, REFUSES_GATED } from './modest.js';

/** Worlds that declare what they lack, or lack the words for what they do not declare. */
export const capabilityMutants: readonly Mutant[] = [
  {
    name: 'refuses-nothing-undeclared',
    says: 'declares no capability and serves all of them',
    patches: [
      DECLARES_NOTHING,
      // What is not declared for good is served as well, by an empty answer.
      {
        file: 'rpc/endpoints.js',
        find: `    return () => {
        throw refusal('CAPABILITY_NOT_DECLARED'`,
        replace: `    return () => {
        return {};
        throw refusal('CAPABILITY_NOT_DECLARED'`,
      },
    ],
    kills: [
      ...['AppendRequest.writer_id', 'StepStarted.input'].map(slug),
      'capabilities/undeclared-field-cancel-runs-request-request-id',
      'capabilities/undeclared-field-create-event-request-*',
      'capabilities/undeclared-field-enqueue-request-request-id',
      'capabilities/undeclared-field-list-runs-request-*',
      'capabilities/undeclared-field-new-event-*',
      'capabilities/undeclared-field-run-created-*',
      'capabilities/undeclared-field-hook-created-*',
      'capabilities/undeclared-method-*',
      'capabilities/undeclared-whatever-else',
      'capabilities/no-positions',
      'capabilities/no-projects',
    ],
  },
  {
    name: 'keeps-no-request-ids-of-batches',
    says: 'declares batches and no request ids, and takes request ids with batches',
    patches: [
      {
        file: 'rpc/world.js',
        find: '    Capability.REQUEST_IDS,\n',
        replace: '    Capability.PUSH,\n',
      },
      {
        file: 'rpc/endpoints.js',
        find: 'const handler = refusing(name, capabilities) ?? handlers[method.localName];',
        replace: 'const handler = handlers[method.localName] ?? (() => ({}));',
      },
    ],
    kills: [
      'capabilities/undeclared-field-create-event-batch-request-request-id',
      'capabilities/undeclared-field-enqueue-batch-request-request-id',
      'capabilities/undeclared-field-register-push-endpoint-request-request-id',
      'capabilities/undeclared-field-escrow-key-request-request-id',
    ],
    ...keyed,
  },
  {
    name: 'declares-what-it-lacks',
    says: 'declares every capability and refuses their methods and fields',
    patches: [
      {
        file: 'rpc/world.js',
        find: 'capabilities: [...capabilities],',
        replace: 'capabilities: [...capabilities, Capability.PUSH, Capability.KEY_SERVICE],',
      },
      ...REFUSES_GATED,
    ],
    kills: ['capabilities/declared-*'],
  },
  {
    name: 'takes-defaults-for-set',
    says: 'refuses a request for a field of a capability that holds its default value',
    patches: [
      DECLARES_NOTHING,
      ...REFUSES_GATED,
      {
        file: 'rpc/endpoints.js',
        find: '            const capability = gatedField(methods.get(name).input, request);',
        replace:
          "            const capability = 'requestId' in request || 'writerId' in request ? 9 : gatedField(methods.get(name).input, request);",
      },
    ],
    kills: ['capabilities/defaults-are-not-set'],
  },
  {
    name: 'no-version',
    says: 'GetWorld names no version, and its protocol version in another form',
    patches: [{ file: 'rpc/world.js', find: '        version,', replace: "        version: ''," }],
    kills: ['capabilities/world-names-itself'],
  },
  {
    name: 'declares-twice',
    says: 'GetWorld declares a capability twice',
    patches: [
      {
        file: 'rpc/world.js',
        find: 'capabilities: [...capabilities],',
        replace: 'capabilities: [...capabilities, capabilities[0]],',
      },
    ],
    kills: ['capabilities/each-named-once'],
  },
  {
    name: 'announces-old-spec-versions',
    says: 'GetWorld announces spec versions that the World refuses',
    patches: [
      {
        file: 'rpc/world.js',
        find: 'minSpecVersion: limits.minSpecVersion,',
        replace: 'minSpecVersion: 1,',
      },
    ],
    kills: ['capabilities/spec-version-range'],
  },
  {
    name: 'another-self-for-everyone',
    says: 'GetWorld names another instance_id at each call',
    patches: [
      {
        file: 'rpc/world.js',
        find: '        instanceId,\n    });',
        replace: '        instanceId: instanceId + Math.random(),\n    });',
      },
    ],
    kills: ['capabilities/stable-while-it-lives'],
  },
  {
    name: 'same-self-after-restart',
    says: 'GetWorld names the same instance_id after a restart',
    patches: [
      {
        file: 'rpc/world.js',
        find: '        instanceId,\n    });',
        replace: "        instanceId: 'the-one-and-only',\n    });",
      },
    ],
    kills: ['capabilities/new-instance-after-restart'],
  },
];

function slug(field: string): string {
  return `capabilities/undeclared-field-${field
    .replace(/[._]/g, '-')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase()}`;
}
