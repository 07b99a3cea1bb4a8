import type { DescMessage, DescMethodUnary } from '@bufbuild/protobuf';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AppendRequestSchema,
  CreateEventRequestSchema,
  EventService,
  StreamService,
} from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { callRaw } from '../../fixtures/connect-raw.js';
import {
  hookCreated,
  hookDisposed,
  runCancelled,
  runCreated,
  stepCreated,
  waitCreated,
} from '../../fixtures/new-event.js';
import { RunHandle } from '../../fixtures/run-handle.js';
import { Stream } from '../streams/support.js';

/** Texts that are alike, and of which no two are the same. */
const alike = (end: string) => [
  `Straße ${end}`,
  `STRASSE ${end}`,
  `strasse ${end}`,
  `é${end}`,
  `e\u0301${end}`,
  `ﬁ${end}`,
  `fi${end}`,
  `a ${end}`,
  `a  ${end}`,
  `a${end}`,
  `a${end} `,
  ` a${end}`,
  `A${end}`,
  `😀${end}`,
  `a%20${end}`,
  `a_${end}`,
  `a%${end}`,
  `a*${end}`,
  `../a${end}`,
];

/** Words that mean something to a language, a store or a format. */
const WORDS = [
  'constructor',
  'toString',
  '__proto__',
  'prototype',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'null',
  'undefined',
  'true',
  'NaN',
  '0',
  '1e3',
  'length',
  'then',
  'NULL',
  'default',
];

/** Puts bytes that are no text in the place of a mark. */
function spoiled<S extends DescMessage>(
  schema: S,
  message: Parameters<typeof create<S>>[1],
  mark: string,
  bytes: readonly number[],
): Uint8Array {
  const body = toBinary(schema, create(schema, message));
  const at = Buffer.from(body).indexOf(mark);
  if (at < 0 || bytes.length !== mark.length) throw new Error('the mark does not fit');
  body.set(bytes, at);
  return body;
}

/** Bytes that are no UTF-8, three each. */
const BROKEN: readonly (readonly number[])[] = [
  [0x61, 0xff, 0x62],
  [0x61, 0x80, 0x62],
  [0x61, 0xc0, 0x80],
  // Half a surrogate pair, spelled out.
  [0xed, 0xa0, 0x80],
  // A character that is cut short.
  [0x61, 0xe2, 0x82],
];
const MARK = '@!@';

/** That texts stay what they are. */
export const exactnessChecks: readonly Check[] = [
  check(
    'identifiers/names-exact',
    'Names and tokens come back as they were written, and are told apart however alike',
    { requirements: ['WW-ID-008', 'WW-ID-009'] },
    async (t) => {
      const texts = alike(t.random.text(12));
      const run = await t.startedRun();
      const runs = new Map<string, string>();
      for (const [at, text] of texts.entries()) {
        const named = await t.accepted(`a workflow of the name ${JSON.stringify(text)}`, () =>
          RunHandle.create(t, { create: { workflowName: text } }),
        );
        runs.set(text, named.id);
        t.equal((await named.get()).workflowName, text, 'the name of the workflow');
        const stepId = `step_${at}`;
        await t.accepted(`a step of the name ${JSON.stringify(text)}`, () =>
          run.write(stepCreated(stepId, { stepName: text })),
        );
        const { step } = await t.api.steps.getStep({ runId: run.id, stepId });
        t.equal(step?.stepName, text, 'the name of the step');
        const { event } = await t.accepted(`a hook of the token ${JSON.stringify(text)}`, () =>
          run.write(hookCreated(`hook_${at}_${run.id}`, text)),
        );
        t.equal(event?.data.case, 'hookCreated', `what a hook of the token ${text} meets`);
      }
      for (const [at, text] of texts.entries()) {
        const { hook } = await t.api.hooks.getHookByToken({ token: text });
        t.equal(
          [hook?.hookId, hook?.token],
          [`hook_${at}_${run.id}`, text],
          'the hook that has the token',
        );
        const { runs: found } = await t.api.runs.listRuns({ workflowName: text });
        t.equal(
          found.map(({ runId, workflowName }) => [runId, workflowName]),
          [[runs.get(text), text]],
          `the runs of the workflow ${text}`,
        );
      }
    },
  ),
  check(
    'identifiers/case-of-ids',
    'Ids that differ in case alone are two',
    { requirements: ['WW-ID-009'] },
    async (t) => {
      const run = await t.startedRun();
      const [upper, lower] = [`X${t.random.text(12)}`, ''];
      const ids = [upper, upper.toLowerCase() + lower];
      for (const id of ids) {
        await t.accepted('a step', () => run.write(stepCreated(`step${id}`)));
        await t.accepted('a hook', () => run.write(hookCreated(`hook${id}`, `token${id}`)));
        await t.accepted('a wait', () => run.write(waitCreated(`wait${id}`)));
        await new Stream(t, run.id, `s${id}`).append([id], { close: true });
      }
      for (const id of ids) {
        const { step } = await t.api.steps.getStep({ runId: run.id, stepId: `step${id}` });
        t.equal(step?.stepId, `step${id}`, 'the step');
        const { hook } = await t.api.hooks.getHookByToken({ token: `token${id}` });
        t.equal(hook?.hookId, `hook${id}`, 'the hook');
        const stream = new Stream(t, run.id, `s${id}`);
        stream.holds(await stream.whole(), [id], 'the stream');
        const { events } = await t.api.events.listEventsByCorrelation({
          runId: run.id,
          correlationId: `wait${id}`,
        });
        t.equal(
          events.map(({ correlationId }) => correlationId),
          [`wait${id}`],
          'the wait’s events',
        );
      }
    },
  ),
  check(
    'identifiers/words-of-languages',
    'Ids, names and tokens that mean something to a programming language are as good as any',
    { requirements: ['WW-ID-010'] },
    async (t) => {
      const run = await t.startedRun();
      for (const word of WORDS) {
        const hookId = `hook_${word}_${run.id}`;
        for (const call of [
          () => t.api.steps.getStep({ runId: run.id, stepId: word }),
          () => t.api.hooks.getHook({ runId: run.id, hookId: word }),
        ])
          await t.refused(`a read of ${word}, which is not there`, call, [
            'STEP_NOT_FOUND',
            'HOOK_NOT_FOUND',
          ]);
        await t.refused(
          `a run of the id ${word}z, which is not there`,
          () => t.api.runs.getRun({ runId: `${word}_${run.id}` }),
          'RUN_NOT_FOUND',
        );
        await t.accepted(`a step of the id ${word}`, () =>
          run.write(stepCreated(word, { stepName: word })),
        );
        const { step } = await t.api.steps.getStep({ runId: run.id, stepId: word });
        t.equal([step?.stepId, step?.stepName], [word, word], 'the step');
        // Another run may hold the token: that is as lawful as having it.
        const { event } = await t.accepted(`a hook of the token ${word}`, () =>
          run.write(hookCreated(hookId, word)),
        );
        const created = event?.data;
        if (created?.case !== 'hookCreated' && created?.case !== 'hookConflict')
          return t.fail(
            'a hook meets something else',
            'hookCreated or hookConflict',
            created?.case,
          );
        t.equal(created.value.token, word, 'the token');
        if (created.case === 'hookCreated') {
          const { hook } = await t.api.hooks.getHookByToken({ token: word });
          t.equal([hook?.token, hook?.runId], [word, run.id], 'the hook of the token');
          await run.write(hookDisposed(hookId));
        }
        await t.accepted(`a wait of the id ${word}`, () => run.write(waitCreated(`${word}_w`)));
        const stream = new Stream(t, run.id, word);
        if (t.has('STREAM_INSPECTION'))
          t.equal(
            await stream.info(),
            { tail: -1, done: false },
            `the stream ${word} before it is`,
          );
        const writer = t.has('STREAM_WRITERS') ? { writerId: word } : {};
        await t.accepted(`a stream and a writer of the name ${word}`, () =>
          stream.append([word], { ...writer, close: true }),
        );
        stream.holds(await stream.whole(), [word], `the stream ${word}`);
      }
      const { steps } = await t.api.steps.listSteps({ runId: run.id, page: { limit: 100 } });
      t.equal(steps.map(({ stepId }) => stepId).slice(0, 5), WORDS.slice(0, 5), 'the steps');
    },
  ),
  check(
    'identifiers/nul-in-names',
    'A token or a name with a NUL character is refused, or kept exactly, and leaves nothing half-written',
    { requirements: ['WW-ID-007'] },
    async (t) => {
      const run = await t.startedRun();
      const end = t.random.text(12);
      const taken = async (what: string, call: () => Promise<unknown>) => {
        const outcome = await t.outcome(call);
        if ('refusal' in outcome)
          t.equal(outcome.refusal.reason, 'INVALID_ID', `the reason of the refusal of ${what}`);
        return 'value' in outcome;
      };
      for (const text of [`${end}\0`, `a\0${end}`, `\0${end}`]) {
        const before = (await run.log()).length;
        const hookId = t.unique('hook');
        if (await taken('a token', () => run.write(hookCreated(hookId, text)))) {
          const { hook } = await t.api.hooks.getHookByToken({ token: text });
          t.equal(hook?.token, text, 'the token of the hook');
          await run.write(hookDisposed(hookId));
        } else t.equal((await run.log()).length, before, 'the length of the log');
        const stepId = t.unique('step');
        if (await taken('a step name', () => run.write(stepCreated(stepId, { stepName: text })))) {
          const { step } = await t.api.steps.getStep({ runId: run.id, stepId });
          t.equal(step?.stepName, text, 'the name of the step');
        } else {
          await t.refused(
            'a read of the refused step',
            () => t.api.steps.getStep({ runId: run.id, stepId }),
            'STEP_NOT_FOUND',
          );
          await t.accepted('the step with a name without NUL', () =>
            run.write(stepCreated(stepId)),
          );
        }
        const created = await t.outcome(() =>
          RunHandle.create(t, { create: { workflowName: text } }),
        );
        if ('refusal' in created)
          t.equal(created.refusal.reason, 'INVALID_ID', 'the reason of the refusal of a workflow');
        else t.equal((await created.value.get()).workflowName, text, 'the name of the workflow');
      }
      // The token up to the NUL character is free.
      const { event } = await t.accepted('a hook of the token before the NUL', () =>
        run.write(hookCreated(t.unique('hook'), end)),
      );
      t.equal(event?.data.case, 'hookCreated', 'what the hook meets');
    },
  ),
  check(
    'identifiers/broken-text',
    'Text that is no valid UTF-8, or half a surrogate pair, is refused and nothing is kept',
    { requirements: ['WW-ID-011'] },
    async (t) => {
      const run = await t.startedRun();
      const stream = new Stream(t, run.id);
      const { createEvent } = EventService.method;
      const events = {
        'a correlation id': stepCreated(MARK),
        'a step name': stepCreated(t.unique('step'), { stepName: MARK }),
        'a token': hookCreated(t.unique('hook'), MARK),
        'a cancel reason': runCancelled(MARK),
      };
      for (const [what, event] of Object.entries(events))
        for (const bytes of BROKEN) {
          const body = spoiled(CreateEventRequestSchema, { runId: run.id, event }, MARK, bytes);
          await notTaken(t, `${what} that is no UTF-8`, createEvent, body);
        }
      for (const bytes of BROKEN) {
        const named = { event: runCreated({ workflowName: MARK }) };
        const body = spoiled(CreateEventRequestSchema, named, MARK, bytes);
        await notTaken(t, 'a workflow name that is no UTF-8', createEvent, body);
        const appended = { ...streamOf(stream), name: MARK, chunks: [new Uint8Array(1)] };
        const append = spoiled(AppendRequestSchema, appended, MARK, bytes);
        await notTaken(t, 'a stream name that is no UTF-8', StreamService.method.append, append);
      }
      for (const half of ['\\ud800', '\\udc00', 'a\\ud83d', '\\ude00\\ud83d']) {
        const step = `{"runId":"${run.id}","event":{"correlationId":"${t.unique('step')}","stepCreated":{"stepName":"${half}"}}}`;
        await notTaken(t, 'a step name with half a pair', createEvent, step);
        const hook = `{"runId":"${run.id}","event":{"correlationId":"${t.unique('hook')}","hookCreated":{"token":"${half}"}}}`;
        await notTaken(t, 'a token with half a pair', createEvent, hook);
      }
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      const whole = `{"runId":"${run.id}","event":{"correlationId":"${t.unique('step')}","stepCreated":{"stepName":"\\ud83d\\ude00"}}}`;
      await t.accepted('a step name with a whole pair', () => callRaw(t, createEvent, whole));
      const { steps } = await t.api.steps.listSteps({ runId: run.id });
      t.equal(
        steps.map(({ stepName }) => stepName),
        ['😀'],
        'the name of the step',
      );
      if (!t.has('STREAM_INSPECTION')) return;
      const { names } = await t.api.streams.listStreams({ runId: run.id });
      t.equal(names, [], 'the streams of the run');
    },
  ),
];

function streamOf({ runId, name }: Stream) {
  return { runId, name };
}

/** Expects a refusal of any reason: by the codec or by the rules. */
async function notTaken(
  t: Context,
  what: string,
  method: DescMethodUnary,
  body: string | Uint8Array,
): Promise<void> {
  const outcome = await t.outcome(() => callRaw(t, method, body));
  if ('value' in outcome) t.fail(`${what}: was accepted`, 'a refusal', outcome.value);
  t.ok(
    outcome.refusal.code === 'invalid_argument',
    `${what}: refused with another code`,
    'invalid_argument',
    outcome.refusal.code,
  );
}
