import { idOf, outcomeOf, runOf, stepOf, typesOf, within, write } from './parts.mjs';
import { serving } from './serving.mjs';

export async function waitsAreNotKept({ world, show }) {
  const run = await runOf(world);
  const wait = idOf('wait');
  const time = { resumeAt: new Date() };
  const never = await outcomeOf(() => write(world, run, 'wait_completed', idOf('wait')));
  show('wait_completed of a wait that was never created', never === 'accepted', never);
  const answer = await write(world, run, 'wait_created', wait, time);
  show('the answer to wait_created has no wait', answer.wait === undefined);
  const again = await outcomeOf(() => write(world, run, 'wait_created', wait, time));
  show('a second wait_created', again === 'accepted', again);
  await write(world, run, 'run_completed', undefined, {});
  const late = await outcomeOf(() => write(world, run, 'wait_created', idOf('wait'), time));
  show('wait_created after the end of the run', late === 'accepted', late);
}

export async function aRunIsCreatedTwice({ world, show }) {
  const run = await runOf(world);
  await write(world, run, 'run_completed', undefined, {});
  const eventData = { deploymentId: 'other', workflowName: 'other', input: new Uint8Array([2]) };
  const again = await outcomeOf(() => write(world, run, 'run_created', undefined, eventData));
  const { status, workflowName } = await world.runs.get(run);
  show('run_created of a run that has ended', again === 'accepted', again);
  show('the run is pending again, of another workflow', status === 'pending', workflowName);
}

export async function startsAreRepeated({ world, show }) {
  const run = await runOf(world);
  await write(world, run, 'run_started');
  const types = await typesOf(world, run);
  show('run_started of a running run is logged again', types.length === 3, types);
}

export async function anEndedRunIsAConflict({ world, show }) {
  const run = await runOf(world);
  await write(world, run, 'run_completed', undefined, {});
  const { status } = await write(world, run, 'run_started').catch((error) => error);
  show('run_started of an ended run is refused with 409 and not with 410', status === 409, status);
}

export async function startsDoNotCreate({ world, show }) {
  const eventData = { deploymentId: 'dpl', workflowName: 'wf', input: new Uint8Array([1]) };
  const id = `wrun_${'01ARZ3NDEKTSV4RRFFQ69G5FAV'}`;
  const answer = await outcomeOf(() => write(world, id, 'run_started', undefined, eventData));
  show('run_started with the data of a run that is not there', answer !== 'accepted', answer);
}

export async function hooksAreKeptById({ world, show }) {
  const [one, other] = [await runOf(world), await runOf(world)];
  const hook = idOf('hook');
  await write(world, one, 'hook_created', hook, { token: 'a' });
  await write(world, other, 'hook_created', hook, { token: 'b' });
  const { data } = await world.hooks.list({ runId: one });
  show('a hook is gone when another run has one of its id', data.length === 0, data.length);
  const through = await outcomeOf(() =>
    write(world, one, 'hook_received', hook, { payload: new Uint8Array([1]) }),
  );
  show('a payload is taken for the hook of another run', through === 'accepted', through);
}

export async function aHookIsCreatedTwice({ world, show }) {
  const run = await runOf(world);
  const hook = idOf('hook');
  await write(world, run, 'hook_created', hook, { token: 'a' });
  const { event } = await write(world, run, 'hook_created', hook, { token: 'b' });
  show('hook_created of a live hook', event.eventType === 'hook_created', event.eventType);
  const { hookId, token } = await world.hooks.getByToken('a');
  show('the token a leads to a hook of token b', hookId === hook && token === 'b', token);
}

export async function aHookConflictsWithItself({ world, show }) {
  const run = await runOf(world);
  const hook = idOf('hook');
  await write(world, run, 'hook_created', hook, { token: 'a' });
  const { event } = await write(world, run, 'hook_created', hook, { token: 'a' });
  show('hook_created of a hook that has the token', event.eventType === 'hook_conflict', event);
}

export async function flagsOfHooksAreLost({ world, show }) {
  const run = await runOf(world);
  const hook = idOf('hook');
  const { hook: answer } = await write(world, run, 'hook_created', hook, {
    token: 'a',
    isWebhook: true,
  });
  show('a webhook is returned without isWebhook', answer.isWebhook === undefined);
}

export async function lastPagesHaveNoCursor({ world, show }) {
  const run = await runOf(world);
  const { cursor } = await world.events.list({ runId: run });
  show('the last page of a log', cursor === null, cursor);
}

export async function anyCursorIsTaken({ world, show }) {
  const run = await runOf(world);
  const { data } = await world.events.list({ runId: run, pagination: { cursor: 'of nobody' } });
  show('a cursor that nobody issued gives the first page', data.length === 2, data.length);
}

export async function listsGoById({ world, show }) {
  const run = await runOf(world);
  for (const id of ['step_b', 'step_a']) await write(world, run, 'step_created', id, stepOf);
  const { data } = await world.steps.list({ runId: run, pagination: { sortOrder: 'asc' } });
  const ids = data.map(({ stepId }) => stepId);
  show('steps in the order of their ids', ids[0] === 'step_a', ids);
}

export async function namesAreLeftOut({ world, show }) {
  const run = await runOf(world);
  await write(world, run, 'wait_created', idOf('wait'), { resumeAt: new Date() });
  const { data } = await world.events.list({ runId: run, resolveData: 'none' });
  show('resumeAt without payloads', data.at(-1).eventData === undefined);
}

export async function answersCarryPayloads({ world, show }) {
  const run = await runOf(world, { started: false });
  const { run: answer } = await world.events.create(
    run,
    { eventType: 'run_started', specVersion: 2 },
    { resolveData: 'none' },
  );
  show('an answer without payloads has the input', answer.input !== undefined);
}

export async function anySpecVersionIsTaken({ world, show }) {
  const eventData = { deploymentId: 'dpl', workflowName: 'wf', input: new Uint8Array([1]) };
  const { run } = await world.events.create(null, {
    eventType: 'run_created',
    specVersion: 99,
    eventData,
  });
  show('a run of spec version 99', run.specVersion === 99, run.specVersion);
}

export async function anyRunIdIsTaken({ world, show }) {
  const eventData = { deploymentId: 'dpl', workflowName: 'wf', input: new Uint8Array([1]) };
  const old = 'wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const answer = await outcomeOf(() => write(world, old, 'run_created', undefined, eventData));
  show('a run id of the year 2016', answer === 'accepted', answer);
}

export async function streamsAreKeptByName({ world, show }) {
  await world.writeToStream('out', 'wrun_1', new Uint8Array([1]));
  await world.writeToStream('out', 'wrun_2', new Uint8Array([2]));
  await world.closeStream('out', 'wrun_2');
  const reader = (await world.readFromStream('out')).getReader();
  const { value } = await reader.read();
  show('a stream of one run holds the chunk of another', value[0] === 1, [...value]);
}

export async function closedStreamsGoOn({ world, show }) {
  await world.closeStream('out', 'wrun_1');
  await world.writeToStream('out', 'wrun_1', new Uint8Array([7]));
  const reader = (await world.readFromStream('out', 1)).getReader();
  const { value } = await within(500, reader.read());
  show('a chunk behind the end is read from there', value?.[0] === 7, value && [...value]);
}

export async function oneReaderStopsTheOthers({ world, show }) {
  const [one, other] = [await world.readFromStream('out'), await world.readFromStream('out')];
  await one.cancel();
  await world.writeToStream('out', 'wrun_1', new Uint8Array([1]));
  const got = await within(500, other.getReader().read());
  show('a reader gets nothing once another was cancelled', got === 'nothing', got);
}

export async function negativeStartsFail({ world, show }) {
  await world.writeToStream('out', 'wrun_1', new Uint8Array([1]));
  const answer = await outcomeOf(() => world.readFromStream('out', -1));
  show('a read of the last chunk', answer.startsWith('TypeError'), answer);
}

export async function aKeyOutlivesItsMessage({ world, show }) {
  const opts = { idempotencyKey: 'k' };
  const server = await serving(() => new Response('{"ok":true}'));
  await world.start();
  const first = await world.queue('__wkf_workflow_x', { runId: 'r' }, opts);
  await server.called;
  await new Promise((resolve) => setTimeout(resolve, 200));
  const second = await world.queue('__wkf_workflow_x', { runId: 'r' }, opts);
  show('a key is taken after its message was handled', second.messageId === first.messageId);
  server.close();
}

export async function delaysAreIgnored({ world, show }) {
  const server = await serving(() => new Response('{"ok":true}'));
  await world.start();
  await world.queue('__wkf_workflow_x', { runId: 'r' }, { delaySeconds: 60 });
  const got = await within(2_000, server.called);
  show('a message with a delay of a minute comes at once', got !== 'nothing');
  server.close();
}

export async function retriesHoldTheQueue({ world, show }) {
  const paths = [];
  const server = await serving(({ name }) => {
    paths.push(name);
    return new Response('{"timeoutSeconds":60}', { status: 503 });
  });
  await world.start();
  for (let i = 0; i < 20; i++) await world.queue('__wkf_workflow_later', { runId: `r${i}` });
  await server.called;
  await world.queue('__wkf_workflow_now', { runId: 'r' });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  show('20 messages that wait stop every other', !paths.includes('__wkf_workflow_now'));
  server.close();
}

export async function aFailingMessageIsLost({ world, show }) {
  let calls = 0;
  const server = await serving(() => {
    calls += 1;
    return new Response('no', { status: 500 });
  });
  await world.start();
  await world.queue('__wkf_workflow_x', { runId: 'r' });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  show('a message that fails is given up after three tries within 3 s', calls === 3, calls);
  server.close();
}

export async function runsAreNotWoken({ world, show }) {
  const server = await serving(() => new Response('{"ok":true}'));
  await runOf(world);
  await world.start();
  const got = await within(2_000, server.called);
  show('start() sends nothing for an active run', got === 'nothing');
  server.close();
}

export { startsBeyondTheEndAreIgnored } from './streams.mjs';
