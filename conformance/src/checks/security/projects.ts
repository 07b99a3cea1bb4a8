import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import type { Api } from '../../wire/api.js';

/** Projects see nothing of each other. */
export const projectChecks: readonly Check[] = [
  check(
    'security/default-project',
    'A call without a project, with an empty one and with "default" are about the same project',
    { requirements: ['WW-SEC-007'] },
    async (t) => {
      const run = await t.startedRun();
      for (const name of ['', 'default']) {
        const api = t.client(`project "${name}"`, { headers: { 'worldwire-project': name } });
        t.equal((await run.get(api)).runId, run.id, 'the run that is read');
      }
    },
  ),
  check(
    'security/project-names',
    'A project name that is no id is refused, and one that nobody has used is an empty project',
    { requirements: ['WW-SEC-009', 'WW-SEC-010'], capabilities: ['PROJECTS'] },
    async (t) => {
      const other = await anotherProject(t);
      for (const name of ['../default', 'a b', 'a/b', 'x'.repeat(2_000)])
        await t.refused(
          `a call for the project ${name.slice(0, 20)}`,
          () => inProject(t, name).runs.listRuns({}),
          'INVALID_ID',
        );
      const { runs } = await other.runs.listRuns({});
      t.equal(runs.length, 0, 'the runs of a project that nobody has used');
    },
  ),
  check(
    'security/records-of-another-project',
    'Nothing of a run can be read or changed from another project, and the answer is that of an absent one',
    { requirements: ['WW-SEC-011', 'WW-SEC-015'], capabilities: ['PROJECTS'] },
    async (t) => {
      const run = await t.startedRun();
      const token = t.unique('token');
      await run.given(
        events.stepCreated('step_1'),
        events.hookCreated('hook_1', token),
        events.waitCreated('wait_1'),
      );
      const before = await run.log();
      const other = await anotherProject(t);
      const absent = `${run.id.slice(0, -6)}${t.random.text(6)}`;
      const calls = readsAndWrites(t, other, token);
      for (const call of calls) {
        const here = await t.outcome(() => call(run.id));
        const nowhere = await t.outcome(() => call(absent));
        t.ok(
          'refusal' in here && 'refusal' in nowhere,
          'a call from another project is answered',
          'a refusal',
          JSON.stringify(Object.keys(here)),
        );
        if ('refusal' in here && 'refusal' in nowhere)
          t.equal(
            [here.refusal.code, here.refusal.reason],
            [nowhere.refusal.code, nowhere.refusal.reason],
            'the refusal, against that of an absent run',
          );
      }
      t.equal(await run.log(), before, 'the log');
    },
  ),
  check(
    'security/same-ids-apart',
    'One run id, token, stream, idempotency key and request id in two projects are two',
    { requirements: ['WW-SEC-012', 'WW-SEC-014'], capabilities: ['PROJECTS'] },
    async (t) => {
      const run = await t.startedRun();
      const token = t.unique('token');
      await run.given(events.hookCreated('hook_1', token));
      const other = await anotherProject(t);
      const create = () =>
        other.events.createEvent({
          runId: run.id,
          event: events.runCreated({ workflowName: 'other' }),
        });
      await t.accepted('the run id in another project', create);
      const hooked = await other.events.createEvent({
        runId: run.id,
        event: events.hookCreated('hook_1', token),
      });
      t.equal(hooked.event?.data.case, 'hookCreated', 'what asks for the token in another project');
      t.equal((await run.get()).workflowName, 'conformance', 'the workflow of the first run');
      const queueName = t.queueName();
      const message = { queueName, idempotencyKey: 'key', body: new Uint8Array([1]) };
      const [first, second] = [
        await t.api.queue.enqueue({ message }),
        await other.queue.enqueue({ message }),
      ];
      t.ok(
        first.messageId !== second.messageId && !second.deduplicated,
        'an idempotency key is shared by projects',
        'two messages',
        'one',
      );
      const stream = { runId: run.id, name: 'out' };
      await t.api.streams.append({ ...stream, chunks: [new TextEncoder().encode('mine')] });
      await other.streams.append({
        ...stream,
        chunks: [new TextEncoder().encode('theirs')],
        close: true,
      });
      const reader = t.reader({ ...stream, api: other });
      t.equal((await reader.toEnd()).length, 1, 'the chunks of the stream in the other project');
      t.equal(reader.texts, ['theirs'], 'the stream of the other project');
      if (t.has('LATEST_DEPLOYMENT')) {
        const environment = t.unique('env');
        await t.consumer({ queuePrefixes: [t.queueName()], environment });
        await t.refused(
          'the latest deployment of the other project',
          () => other.queue.getLatestDeployment({ environment }),
          'DEPLOYMENT_NOT_FOUND',
        );
      }
      if (!t.has('REQUEST_IDS')) return;
      const requestId = t.unique('request');
      await run.write(events.stepCreated('step_1'), { requestId });
      const again = await other.events.createEvent({
        runId: run.id,
        event: events.stepCreated('step_1'),
        requestId,
      });
      t.equal(again.step?.runId, run.id, 'the step of the other project');
      const theirs = await other.steps.listSteps({ runId: run.id });
      t.equal(theirs.steps.length, 1, 'the steps of the run in the other project');
    },
  ),
  check(
    'security/queues-apart',
    'A message of one project reaches no consumer of another, and cannot be settled from there',
    { requirements: ['WW-SEC-013'], capabilities: ['PROJECTS'] },
    async (t) => {
      const queueName = t.queueName();
      const other = await anotherProject(t);
      const stranger = await t.consumer({ queuePrefixes: [queueName], api: other });
      const consumer = await t.consumer({ queuePrefixes: [queueName] });
      await t.api.queue.enqueue({ message: { queueName, body: new Uint8Array([1]) } });
      const { delivery } = await consumer.next('the message in its own project');
      t.equal((await stranger.ack(delivery)).settled, false, 'whether a stranger settles it');
      // The other queue works, and what it brings is its own.
      await other.queue.enqueue({ message: { queueName, body: new Uint8Array([2]) } });
      const theirs = await stranger.next('the message of the other project');
      t.equal([...theirs.delivery.body], [2], 'the body of what the stranger receives');
      t.equal((await consumer.ack(delivery)).settled, true, 'whether the owner settles it');
      await stranger.ack(theirs.delivery);
      t.equal(stranger.received.length, 1, 'the deliveries in the other project');
    },
  ),
  check(
    'security/lists-apart',
    'Lists, counts and keys of a project hold its own things only',
    { requirements: ['WW-SEC-016'], capabilities: ['PROJECTS'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const other = await anotherProject(t);
      const { run: theirs } = await t.given('a run of the other project', () =>
        other.events.createEvent({ event: events.runCreated() }),
      );
      const { runs } = await other.runs.listRuns({});
      t.equal(
        runs.map(({ runId }) => runId),
        [theirs?.runId],
        'the runs of the other project',
      );
      t.equal((await other.hooks.listHooks({})).hooks.length, 0, 'its hooks');
      if (t.has('QUEUE_ADMIN')) {
        await t.api.queue.enqueue({ message: { queueName: t.queueName() } });
        t.equal((await other.queue.listQueues({})).queues.length, 0, 'its queues');
      }
      if (t.has('ATTRIBUTES')) {
        await t.run({ create: { attributes: { colour: 'blue' } } });
        t.equal(
          (await other.runs.listAttributeKeys({})).attributes.length,
          0,
          'its attribute keys',
        );
      }
    },
  ),
];

/** A project that nobody has used. */
async function anotherProject(t: Context): Promise<Api> {
  const api = inProject(t, t.unique('project'));
  const probe = await t.outcome(() => api.runs.listRuns({}));
  if ('refusal' in probe && probe.refusal.reason === 'PERMISSION_DENIED')
    t.notApplicable('the credential opens no further project');
  return api;
}

function inProject(t: Context, name: string): Api {
  return t.client(`project ${name.slice(0, 20)}`, { headers: { 'worldwire-project': name } });
}

/** Calls about a run, by its id. */
function readsAndWrites(
  t: Context,
  api: Api,
  token: string,
): ((runId: string) => Promise<unknown>)[] {
  const write = (event: events.NewEventInit) => (runId: string) =>
    api.events.createEvent({ runId, event });
  const calls: ((runId: string) => Promise<unknown>)[] = [
    (runId) => api.runs.getRun({ runId }),
    (runId) => api.events.listEvents({ runId }),
    (runId) => api.steps.getStep({ runId, stepId: 'step_1' }),
    (runId) => api.steps.listSteps({ runId }),
    (runId) => api.hooks.getHook({ runId, hookId: 'hook_1' }),
    () => api.hooks.getHookByToken({ token }),
    write(events.stepStarted('step_1')),
    write(events.hookReceived('hook_1')),
    write(events.runCompleted()),
  ];
  if (t.has('WAIT_READS')) calls.push((runId) => api.waits.getWait({ runId, waitId: 'wait_1' }));
  return calls;
}
