import { create, type DescMethodUnary } from '@bufbuild/protobuf';
import { Capability, EventService, QueueService, StreamService, services } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import { postJson, refusalIn } from '../../fixtures/connect-raw.js';
import * as events from '../../fixtures/new-event.js';
import { gatedMethods } from './declared.js';

const unaryMethods: ReadonlyMap<string, DescMethodUnary> = new Map(
  services.flatMap((service) =>
    service.methods
      .filter((method): method is DescMethodUnary => method.methodKind === 'unary')
      .map((method) => [`${service.typeName}/${method.name}`, method] as const),
  ),
);

/** What a World says of itself. */
export const worldChecks: readonly Check[] = [
  check(
    'capabilities/world-names-itself',
    'GetWorld names the implementation, its version and the protocol version',
    { requirements: ['WW-CAP-009', 'WW-VER-001'] },
    async (t) => {
      const { implementation, version, protocolVersion } = await t.api.world.getWorld({});
      t.ok(implementation !== '', 'GetWorld names no implementation', 'a name', 'none');
      t.ok(version !== '', 'GetWorld names no version', 'a version', 'none');
      t.ok(
        /^\d+\.\d+$/.test(protocolVersion),
        'the protocol version has another form',
        '<major>.<minor>',
        protocolVersion,
      );
    },
  ),
  check(
    'capabilities/each-named-once',
    'GetWorld names each capability once, and each by a value of its own',
    { requirements: ['WW-CAP-002'] },
    async (t) => {
      const { capabilities } = await t.api.world.getWorld({});
      t.equal(
        capabilities.length,
        new Set(capabilities).size,
        'the number of different capabilities',
      );
      t.ok(
        !capabilities.includes(Capability.UNSPECIFIED),
        'GetWorld declares CAPABILITY_UNSPECIFIED',
        'none of it',
        'it is there',
      );
    },
  ),
  check(
    'capabilities/spec-version-range',
    'GetWorld announces a range of spec versions, and events of each of them are taken',
    { requirements: ['WW-VER-008', 'WW-VER-009', 'WW-VER-010'] },
    async (t) => {
      const { minSpecVersion, maxSpecVersion } = await t.api.world.getWorld({});
      t.ok(
        minSpecVersion > 0 && minSpecVersion <= maxSpecVersion,
        'the announced spec versions are no range',
        '0 < lowest <= highest',
        `${minSpecVersion} to ${maxSpecVersion}`,
      );
      for (let version = minSpecVersion; version <= maxSpecVersion; version++) {
        const { run, event } = await t.accepted(`a run of spec version ${version}`, () =>
          t.api.events.createEvent({ event: { ...events.runCreated(), specVersion: version } }),
        );
        t.equal(run?.specVersion, version, 'the spec version of the run');
        t.equal(event?.specVersion, version, 'the spec version of its first event');
      }
    },
  ),
  check(
    'capabilities/stable-while-it-lives',
    'GetWorld answers the same as long as the process lives, whoever asks',
    { requirements: ['WW-CAP-010'] },
    async (t) => {
      const first = await t.api.world.getWorld({});
      const others = await Promise.all(
        [1, 2, 3, 4].map((each) => t.client(`client ${each}`).world.getWorld({})),
      );
      for (const other of others) t.equal(other, first, 'the answer of GetWorld');
    },
  ),
  check(
    'capabilities/new-instance-after-restart',
    'After a restart GetWorld names another instance_id and the same capabilities',
    { requirements: ['WW-CAP-011'], needs: ['process'] },
    async (t) => {
      const before = await t.api.world.getWorld({});
      await t.process.kill();
      await t.process.start();
      const after = await t.client('after the restart').world.getWorld({});
      t.ok(
        after.instanceId !== before.instanceId,
        'the instance_id stayed over a restart',
        'another one',
        after.instanceId,
      );
      t.equal(after.capabilities, before.capabilities, 'the capabilities');
    },
  ),
  check(
    'capabilities/undeclared-whatever-else',
    'An undeclared method is refused as such also where the request is wrong in other ways',
    { requirements: ['WW-CAP-007'] },
    async (t) => {
      const undeclared = gatedMethods.filter(({ capability }) => !t.has(capability));
      if (undeclared.length === 0) t.notApplicable('the World declares every capability');
      for (const { name } of undeclared) {
        const method = unaryMethods.get(`worldwire.v1.${name}`);
        if (method === undefined) continue;
        await t.refused(
          `an empty request to ${name}`,
          () => t.call(method, create(method.input)),
          'CAPABILITY_NOT_DECLARED',
        );
      }
    },
  ),
  check(
    'capabilities/defaults-are-not-set',
    'Fields of any capability may stand in a request with their default value',
    { requirements: ['WW-CAP-008'] },
    async (t) => {
      const message = { queueName: t.queueName(), body: 'AQ==' };
      for (const [method, request] of [
        [QueueService.method.enqueue, { message, requestId: '' }],
        [
          StreamService.method.append,
          { runId: t.unique('wrun'), name: 'out', chunks: ['AQ=='], writerId: '' },
        ],
        [
          EventService.method.createEvent,
          {
            requestId: '',
            preloadEvents: false,
            event: {
              runCreated: { workflowName: 'conformance', deploymentId: 'dpl', attributes: {} },
            },
          },
        ],
      ] as const) {
        const { status, body } = await postJson(t, method, JSON.stringify(request));
        t.ok(
          status === 200,
          `${method.name} with default values is refused`,
          'HTTP status 200',
          `${status} ${refusalIn(body).reason}`,
        );
      }
    },
  ),
  check(
    'capabilities/no-positions',
    'Where positions are not declared, they are zero',
    { requirements: ['WW-CAP-012'], absent: ['POSITIONS'] },
    async (t) => {
      const run = await t.startedRun();
      t.equal((await run.get()).lastPosition, 0n, 'last_position of the run');
      for (const { position } of await run.log()) t.equal(position, 0n, 'position of an event');
    },
  ),
  check(
    'capabilities/no-projects',
    'Where projects are not declared, any but the default one is refused',
    { requirements: ['WW-SEC-008'], absent: ['PROJECTS'] },
    async (t) => {
      const run = await t.startedRun();
      const other = t.client('another project', { headers: { 'worldwire-project': 'other' } });
      const read = { runId: run.id };
      await t.refused(
        'a read in another project',
        () => other.runs.getRun(read),
        'CAPABILITY_NOT_DECLARED',
        {
          capability: 'CAPABILITY_PROJECTS',
        },
      );
      const named = t.client('the default', { headers: { 'worldwire-project': 'default' } });
      await t.accepted('the same in the default project, by its name', () =>
        named.runs.getRun(read),
      );
    },
  ),
];
