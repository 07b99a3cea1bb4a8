import { type Check, check } from '../../check.js';
import { hookCreated, runCreated, stepCreated, waitCreated } from '../../fixtures/new-event.js';
import { RunHandle } from '../../fixtures/run-handle.js';
import { Stream } from '../streams/support.js';
import { idFields } from './fields.js';

/** Texts with what a path, a shell or a store may read as more than an id. */
const paths = (id: string) => [
  `../../${id}`,
  `../${id}`,
  `${id}/../x`,
  `/${id}`,
  `${id}/x`,
  `..\\${id}`,
  `${id}\\x`,
  `${id}..x`,
];

const NOTHING_THERE = [
  'RUN_NOT_FOUND',
  'STEP_NOT_FOUND',
  'EVENT_NOT_FOUND',
  'HOOK_NOT_FOUND',
  'WAIT_NOT_FOUND',
];

/** An empty id may as well be called an id that holds too little. */
const EMPTY = ['INVALID_ARGUMENT', 'INVALID_ID'];

/** What ids may hold. */
export const characterChecks: readonly Check[] = [
  check(
    'identifiers/plain-ids',
    'Ids of letters, digits, underscores and hyphens are taken and found as they are',
    { requirements: ['WW-ID-001', 'WW-ID-008', 'WW-ID-009'] },
    async (t) => {
      const run = await t.startedRun();
      const end = t.random.text(12);
      const ids = [`A${end}`, `a${end}`, `0${end}`, `_${end}`, `a-b_c-${end}`, `a--__${end}-`];
      ids.push(`${end}_`, `${end}-1`, `aB${end}`, `ab${end}`);
      for (const id of ids) {
        await t.accepted(`a step of the id ${id}`, () => run.write(stepCreated(`s${id}`)));
        await t.accepted(`a step of the id ${id}`, () => run.write(stepCreated(id)));
        await t.accepted(`a hook of the id ${id}`, () =>
          run.write(hookCreated(`${id}h`, `t-${id}`)),
        );
        await t.accepted(`a wait of the id ${id}`, () => run.write(waitCreated(`${id}w`)));
        const stream = new Stream(t, run.id, id);
        await t.accepted(`a stream of the name ${id}`, () => stream.append([id]));
        await stream.close();
        if (t.has('STREAM_WRITERS'))
          await t.accepted(`a writer of the id ${id}`, () =>
            new Stream(t, run.id).append(['a'], { writerId: id }),
          );
      }
      for (const id of ids) {
        const { step } = await t.api.steps.getStep({ runId: run.id, stepId: id });
        t.equal(step?.stepId, id, 'the id of the step');
        const { hook } = await t.api.hooks.getHook({ runId: run.id, hookId: `${id}h` });
        t.equal([hook?.hookId, hook?.token], [`${id}h`, `t-${id}`], 'the id and token of the hook');
        const { events } = await t.api.events.listEventsByCorrelation({
          runId: run.id,
          correlationId: id,
        });
        t.equal(
          events.map(({ correlationId }) => correlationId),
          [id],
          'the events of the step',
        );
        const stream = new Stream(t, run.id, id);
        stream.holds(await stream.whole(), [id], `the stream ${id}`);
      }
    },
  ),
  check(
    'identifiers/nul',
    'An id with a NUL character is refused wherever it stands, and leaves nothing',
    { requirements: ['WW-ID-003'] },
    async (t) => {
      const run = await t.startedRun();
      const end = t.random.text(12);
      for (const { what, send } of idFields(t, run))
        for (const id of [`${end}\0`, `a\0${end}`, `\0${end}`])
          await t.refused(`${what} with a NUL character`, () => send(id), 'INVALID_ID');
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await t.accepted('the id up to the NUL character', () => run.write(stepCreated(end)));
      if (!t.has('STREAM_INSPECTION')) return;
      const { names } = await t.api.streams.listStreams({ runId: run.id });
      t.equal(names, [], 'the streams of the run');
    },
  ),
  check(
    'identifiers/path-characters',
    'An id that looks like a path is refused, or is an opaque key like any other',
    { requirements: ['WW-ID-004'] },
    async (t) => {
      const run = await t.startedRun();
      const end = t.random.text(12);
      const taken = (what: string, call: () => Promise<unknown>) =>
        decided(what, call, 'INVALID_ID');
      const decided = async (what: string, call: () => Promise<unknown>, reason: string) => {
        const outcome = await t.outcome(call);
        if (!('refusal' in outcome)) return true;
        t.equal(outcome.refusal.reason, reason, `the reason of the refusal of ${what}`);
        return false;
      };
      for (const id of paths(end)) {
        if (await taken(`the step ${id}`, () => run.write(stepCreated(id)))) {
          const { step } = await t.api.steps.getStep({ runId: run.id, stepId: id });
          t.equal(step?.stepId, id, 'the id of the step');
        }
        if (await taken(`the hook ${id}`, () => run.write(hookCreated(id, t.unique('token'))))) {
          const { hook } = await t.api.hooks.getHook({ runId: run.id, hookId: id });
          t.equal(hook?.hookId, id, 'the id of the hook');
        }
        if (await taken(`the wait ${id}`, () => run.write(waitCreated(id)))) {
          const last = (await run.log()).at(-1);
          t.equal(last?.correlationId, id, 'the id of the wait in the log');
        }
        const stream = new Stream(t, run.id, id);
        if (await taken(`the stream ${id}`, () => stream.append([id], { close: true })))
          stream.holds(await stream.whole(), [id], `the stream ${id}`);
        const other = RunHandle.of(t, id);
        if (await taken(`the run ${id}`, () => other.write(runCreated()))) {
          t.equal((await other.get()).runId, id, 'the id of the run');
          t.equal(await other.types(), ['runCreated'], 'the log of the run');
        }
      }
      // What such an id might lead to: the same records under another spelling.
      const step = t.unique('step');
      await run.given(stepCreated(step));
      for (const id of [
        `x/../${step}`,
        `./${step}`,
        `../${run.id}/${step}`,
        `${step}/`,
        `${step}/.`,
      ])
        await t.refused(
          `a read of the step ${id}`,
          () => t.api.steps.getStep({ runId: run.id, stepId: id }),
          ['INVALID_ID', 'STEP_NOT_FOUND'],
        );
      for (const id of [`x/../${run.id}`, `./${run.id}`, `../runs/${run.id}`, `${run.id}/.`])
        await t.refused(`a read of the run ${id}`, () => t.api.runs.getRun({ runId: id }), [
          'INVALID_ID',
          'RUN_NOT_FOUND',
        ]);
      // Reads of what nobody wrote: a refusal, nothing found, or nothing in it.
      for (const field of idFields(t, run).filter(({ writes }) => !writes)) {
        const outcome = await t.outcome(() => field.send(`../../../../etc/${end}`));
        if ('refusal' in outcome)
          t.ok(
            ['INVALID_ID', ...NOTHING_THERE].includes(outcome.refusal.reason),
            `${field.what}: refused for another reason`,
            ['INVALID_ID', ...NOTHING_THERE],
            outcome.refusal.reason,
          );
      }
    },
  ),
  check(
    'identifiers/strict-ids',
    'Ids with slashes, double dots, spaces, control characters or characters beyond ASCII are refused',
    { requirements: ['WW-ID-005'] },
    async (t) => {
      const run = await t.startedRun();
      const end = t.random.text(12);
      const bad = [
        `a/${end}`,
        `a\\${end}`,
        `a..${end}`,
        `a ${end}`,
        ` ${end}`,
        `${end} `,
        `a\n${end}`,
        `a\u007f${end}`,
        `ä${end}`,
        `a\u0308${end}`,
        `а${end}`,
        `😀${end}`,
        `a\u200b${end}`,
      ];
      for (const { what, send } of idFields(t, run))
        for (const id of bad)
          await t.refused(`${what} ${JSON.stringify(id)}`, () => send(id), 'INVALID_ID');
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
    },
  ),
  check(
    'identifiers/required',
    'A request that leaves a required id or name empty is refused',
    { requirements: ['WW-ID-006'] },
    async (t) => {
      const run = await t.startedRun();
      const optional = [
        'the run id of run_created',
        'the writer id of an append',
        'the run id of a read of a stream',
      ];
      for (const { what, send } of idFields(t, run)) {
        if (optional.includes(what)) continue;
        await t.refused(`${what}, empty`, () => send(''), EMPTY);
      }
      const { api } = t;
      const names: Record<string, () => Promise<unknown>> = {
        'the workflow name': () =>
          api.events.createEvent({ event: runCreated({ workflowName: '' }) }),
        'the deployment': () => api.events.createEvent({ event: runCreated({ deploymentId: '' }) }),
        'the step name': () => run.write(stepCreated(t.unique('step'), { stepName: '' })),
        'the token': () => run.write(hookCreated(t.unique('hook'), '')),
        'the token of a read': () => api.hooks.getHookByToken({ token: '' }),
        'the queue name': () =>
          api.queue.enqueue({ message: { queueName: '', body: new Uint8Array(1) } }),
      };
      for (const [what, send] of Object.entries(names))
        await t.refused(`${what}, empty`, send, EMPTY);
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
    },
  ),
];
