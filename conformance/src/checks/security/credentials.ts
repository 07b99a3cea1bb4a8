import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';

/** Who may call. */
export const credentialChecks: readonly Check[] = [
  check(
    'security/credential-wanted',
    'A call without a valid credential is refused, and has no effect',
    { requirements: ['WW-SEC-001', 'WW-SEC-004'], needs: ['token'] },
    async (t) => {
      const run = await t.startedRun();
      const before = await run.log();
      const absent = `${run.id.slice(0, -6)}${t.random.text(6)}`;
      const strangers = [
        t.client('no credential', { anonymous: true }),
        t.client('a wrong token', {
          anonymous: true,
          headers: { authorization: `Bearer wrong-${t.random.text(12)}` },
        }),
        t.client('another scheme', {
          anonymous: true,
          headers: { authorization: `Basic ${t.token}` },
        }),
        t.client('an empty token', { anonymous: true, headers: { authorization: 'Bearer ' } }),
        t.client('a longer token', {
          anonymous: true,
          headers: { authorization: `Bearer ${t.token}x` },
        }),
      ];
      const told = new Set<string>();
      for (const api of strangers) {
        for (const call of [
          () => api.runs.getRun({ runId: run.id }),
          () => api.runs.getRun({ runId: absent }),
          () => api.runs.getRun({ runId: '' }),
          () => run.write(events.stepCreated('step_1'), { api }),
          () => api.queue.enqueue({ message: { queueName: t.queueName() } }),
          () => api.streams.append({ runId: run.id, name: 'out', chunks: [new Uint8Array([1])] }),
        ]) {
          const { code, reason, metadata } = await t.refused(
            'a stranger’s call',
            call,
            'UNAUTHENTICATED',
          );
          told.add(JSON.stringify([code, reason, metadata]));
        }
      }
      t.equal(told.size, 1, 'the number of different refusals');
      t.equal(await run.log(), before, 'the log after the refusals');
      await t.accepted('the same with the credential', () =>
        run.write(events.stepCreated('step_1')),
      );
    },
  ),
  check(
    'security/streams-want-it-too',
    'A stream without a valid credential is refused before its first response',
    { requirements: ['WW-SEC-005'], needs: ['token'] },
    async (t) => {
      const api = t.client('no credential', { anonymous: true });
      const read = async (messages: AsyncIterable<unknown>) => {
        for await (const _message of messages)
          t.fail('a stranger is sent a response', 'none', 'one');
      };
      const stream = { runId: 'wrun_1', name: 'out' };
      await t.refused('a stranger’s Read', () => read(api.streams.read(stream)), 'UNAUTHENTICATED');
      await t.refused(
        'a stranger’s Receive',
        () => read(api.queue.receive({ queuePrefixes: [t.queueName()] })),
        'UNAUTHENTICATED',
      );
      const consumer = await t.consumer({ queuePrefixes: [t.queueName()] });
      t.equal(consumer.ended, undefined, 'the end of a stream with the credential');
    },
  ),
  check(
    'security/world-without-credential',
    'GetWorld answers without a credential, and with a wrong one',
    { requirements: ['WW-SEC-003'] },
    async (t) => {
      const known = await t.api.world.getWorld({});
      for (const api of [
        t.client('no credential', { anonymous: true }),
        t.client('a wrong token', {
          anonymous: true,
          headers: { authorization: 'Bearer nonsense' },
        }),
      ])
        t.equal(await t.accepted('GetWorld', () => api.world.getWorld({})), known, 'the answer');
    },
  ),
  check(
    'security/closed-project',
    'A call for a project that the credential does not open is refused, whatever it is about',
    { requirements: ['WW-SEC-002'], needs: ['closed-project'] },
    async (t) => {
      const run = await t.startedRun();
      const api = t.client('the closed project', {
        headers: { 'worldwire-project': t.closedProject },
      });
      for (const call of [
        () => api.runs.getRun({ runId: run.id }),
        () => api.runs.listRuns({}),
        () => api.queue.enqueue({ message: { queueName: t.queueName() } }),
      ])
        await t.refused('a call for the closed project', call, 'PERMISSION_DENIED', {
          project: t.closedProject,
        });
      await t.accepted('the same in the open project', () => run.get());
    },
  ),
];
