/** What readers and other writers see of a write that is not one commit. */
import { idOf, outcomeOf, runOf, stepOf, typesOf, write } from './parts.mjs';

const ROUNDS = 60;
const isEnding = (type) => /^run_(completed|failed|cancelled)$/.test(type);
const resumeAt = () => ({ resumeAt: new Date() });
const output = { output: new Uint8Array([1]) };
const creates = { deploymentId: 'dpl', workflowName: 'wf', input: new Uint8Array([1]) };

/** Runs a round until one shows the fault. */
async function first(round) {
  for (let count = 0; count < ROUNDS; count++) {
    const seen = await round(count);
    if (seen !== undefined) return seen;
  }
  return undefined;
}

/** Reads until some work is done; resolves with the first answer that is one. */
async function during(work, read) {
  let done = false;
  const all = work().finally(() => {
    done = true;
  });
  let seen;
  while (!done && seen === undefined) seen = await read();
  await all;
  return seen;
}

export async function theEndIsNotOneCommit({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    return during(
      () => write(world, run, 'run_completed', undefined, output),
      async () => {
        const { status } = await world.runs.get(run);
        const types = await typesOf(world, run);
        return (status === 'completed') !== types.some(isEnding) && status === 'completed'
          ? types
          : undefined;
      },
    );
  });
  show('a completed run whose log has no end', seen !== undefined, seen);
}

export async function eventsLandBehindTheEnd({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const hook = idOf('hook');
    await write(world, run, 'hook_created', hook, { token: idOf('token') });
    const waits = Array.from({ length: 4 }, () => idOf('wait'));
    for (const wait of waits) await write(world, run, 'wait_created', wait, resumeAt());
    const others = waits.flatMap((wait) => [
      () => write(world, run, 'wait_completed', wait),
      () => write(world, run, 'wait_created', idOf('wait'), resumeAt()),
      () => write(world, run, 'hook_created', idOf('hook'), { token: idOf('token') }),
      () => write(world, run, 'step_created', idOf('step'), stepOf),
      () => write(world, run, 'hook_received', hook, { payload: new Uint8Array([1]) }),
    ]);
    const end = () => write(world, run, 'run_completed', undefined, output);
    await Promise.all([...others.slice(0, 6), end, ...others.slice(6)].map(outcomeOf));
    const types = await typesOf(world, run);
    const at = types.findIndex(isEnding);
    return at >= 0 && at < types.length - 1 ? types.slice(at) : undefined;
  });
  show('events behind the end of a run', seen !== undefined, seen);
}

export async function creationsOfAStartAreSeenAlone({ world, show }) {
  const seen = await first(async () => {
    const run = unused();
    return during(
      () => write(world, run, 'run_started', undefined, creates),
      async () => {
        const types = await typesOf(world, run).catch(() => []);
        return types.length === 1 ? types : undefined;
      },
    );
  });
  show('half of what one run_started writes', seen !== undefined, seen);
}

export async function startsStandBeforeTheirCreation({ world, show }) {
  const seen = await first(async () => {
    const run = unused();
    await write(world, run, 'run_started', undefined, creates);
    const types = await typesOf(world, run);
    return types[0] === 'run_created' ? undefined : types;
  });
  show('a log that does not begin with run_created', seen !== undefined, seen);
}

export async function attemptsAreLost({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const step = idOf('step');
    await write(world, run, 'step_created', step, stepOf);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => write(world, run, 'step_started', step)),
    );
    const attempts = answers.map((answer) => answer.step.attempt).sort();
    return new Set(attempts).size < attempts.length ? attempts : undefined;
  });
  show('attempts of six starts of one step', seen !== undefined, seen);
}

export async function stepsStartBehindTheirEnd({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const step = idOf('step');
    await write(world, run, 'step_created', step, stepOf);
    const start = () => write(world, run, 'step_started', step);
    const end = () => write(world, run, 'step_completed', step, { result: new Uint8Array([1]) });
    await Promise.all([start, start, end, start, start].map(outcomeOf));
    const types = await typesOf(world, run);
    const { status } = await world.steps.get(run, step);
    const behind = types.at(-1) !== 'step_completed' && types.includes('step_completed');
    return behind || (types.includes('step_completed') && status !== 'completed')
      ? [status, ...types.slice(2)]
      : undefined;
  });
  show('a step that starts behind its end', seen !== undefined, seen);
}

export async function readersMissWhatIsWritten({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const known = [];
    let cursor;
    const take = async () => {
      const page = await world.events.list({
        runId: run,
        pagination: { sortOrder: 'asc', limit: 100, ...(cursor && { cursor }) },
      });
      known.push(...page.data.map(({ eventId }) => eventId));
      cursor = page.cursor ?? cursor;
    };
    await during(
      () =>
        Promise.all(
          Array.from({ length: 6 }, async () => {
            for (let i = 0; i < 8; i++)
              await write(world, run, 'step_created', idOf('step'), stepOf);
          }),
        ),
      take,
    );
    await take();
    const { data } = await world.events.list({
      runId: run,
      pagination: { sortOrder: 'asc', limit: 1000 },
    });
    const missed = data.filter(({ eventId }) => !known.includes(eventId)).length;
    return missed > 0 ? missed : undefined;
  });
  show('events that a reader missed who went on from cursor to cursor', seen !== undefined, seen);
}

export async function runsAreCreatedTwice({ world, show }) {
  const run = await runOf(world);
  const answer = await outcomeOf(() => write(world, run, 'run_created', undefined, creates));
  const types = await typesOf(world, run);
  show('run_created of a run that is there', answer === 'accepted', [answer, ...types]);
}

export async function stepsOfAnotherRunAreLost({ world, show }) {
  const [one, other] = [await runOf(world), await runOf(world)];
  const step = idOf('step');
  await write(world, one, 'step_created', step, stepOf);
  const again = await outcomeOf(() => write(world, other, 'step_created', step, stepOf));
  const read = await outcomeOf(() => world.steps.get(other, step));
  show('a step id that another run has is accepted', again === 'accepted', again);
  show('and there is no such step', read !== 'accepted', read);
}

export async function waitsAreCompletedTwice({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const wait = idOf('wait');
    const create = () => write(world, run, 'wait_created', wait, { resumeAt: new Date() });
    const complete = () => write(world, run, 'wait_completed', wait);
    await Promise.all([create, complete, complete, create, complete, complete].map(outcomeOf));
    const types = (await typesOf(world, run)).filter((type) => type.startsWith('wait_'));
    return new Set(types).size < types.length ? types : undefined;
  });
  show('a wait that is created or completed twice', seen !== undefined, seen);
}

export async function tokensBringPayloads({ world, show }) {
  const run = await runOf(world);
  await write(world, run, 'hook_created', idOf('hook'), {
    token: 'a',
    metadata: new Uint8Array([1]),
  });
  const hook = await world.hooks.getByToken('a', { resolveData: 'none' });
  show('a hook that is read by its token without data has it', hook.metadata !== undefined);
}

export async function longIdsFail({ world, show }) {
  await runOf(world);
  const answer = await outcomeOf(() => world.runs.get('x'.repeat(400)));
  show('a run id of 400 letters fails the file system', /ENAMETOOLONG/.test(answer), answer);
}

export async function disposedHooksAreNotCreatedAgain({ world, show }) {
  const { again } = await againAfterItsDisposal(world);
  show('hook_created of a disposed hook is refused', again !== 'accepted', again);
}

export async function refusedAfterDisposalAndLogged({ world, show }) {
  const { again, types } = await againAfterItsDisposal(world);
  show('a refused hook_created is logged', again !== 'accepted' && types.length === 2, types);
}

async function againAfterItsDisposal(world) {
  const run = await runOf(world);
  const hook = idOf('hook');
  await write(world, run, 'hook_created', hook, { token: 'a' });
  await write(world, run, 'hook_disposed', hook);
  const again = await outcomeOf(() => write(world, run, 'hook_created', hook, { token: 'b' }));
  const types = (await typesOf(world, run)).filter((type) => type === 'hook_created');
  return { run, hook, again, types };
}

/** A run id of now that no run has. */
let made = 0;
function unused() {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let time = Date.now();
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = digits[time % 32] + text;
    time = Math.floor(time / 32);
  }
  made += 1;
  return `wrun_${text}${String(made).padStart(16, '0')}`;
}

export async function lastAttributesAreLost({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        outcomeOf(() =>
          write(world, run, 'attr_set', idOf('attr'), {
            changes: [{ key: 'k', value: String(at) }],
            writer: { type: 'workflow' },
          }),
        ),
      ),
    );
    const { data } = await world.events.list({ runId: run, pagination: { sortOrder: 'asc' } });
    const last = data.findLast(({ eventType }) => eventType === 'attr_set');
    const logged = last?.eventData.changes[0].value;
    const kept = (await world.runs.get(run)).attributes.k;
    return kept !== logged ? { logged, kept } : undefined;
  });
  show('an attribute that is not the last of the log', seen !== undefined, seen);
}

export async function recordsComeBeforeTheirEvents({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const step = idOf('step');
    await write(world, run, 'step_created', step, stepOf);
    return during(
      () => write(world, run, 'step_started', step),
      async () => {
        const { status } = await world.steps.get(run, step);
        const types = await typesOf(world, run);
        return status === 'running' && !types.includes('step_started')
          ? [status, ...types]
          : undefined;
      },
    );
  });
  show('a running step whose log has no start of it', seen !== undefined, seen);
}

export async function creationsOfAStepAreSeenAlone({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const steps = Array.from({ length: 6 }, () => idOf('step'));
    await Promise.all(
      steps.map((step) => write(world, run, 'step_started', step, { ...stepOf, attempt: 1 })),
    );
    const { data } = await world.events.list({ runId: run, pagination: { sortOrder: 'asc' } });
    const between = data.some(
      ({ eventType, correlationId }, at) =>
        eventType === 'step_created' &&
        (data[at + 1]?.eventType !== 'step_started' ||
          data[at + 1].correlationId !== correlationId),
    );
    return between ? data.slice(2, 6).map(({ eventType }) => eventType) : undefined;
  });
  show('an event between the two of one step_started', seen !== undefined, seen);
}

export async function readsBringDisposedHooksBack({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const [hook, token] = [idOf('hook'), idOf('token')];
    await write(world, run, 'hook_created', hook, { token });
    await during(
      () => write(world, run, 'hook_disposed', hook),
      async () => {
        await Promise.all(
          Array.from({ length: 4 }, () => outcomeOf(() => world.hooks.getByToken(token))),
        );
      },
    );
    const read = await outcomeOf(() => world.hooks.getByToken(token));
    return read === 'accepted' ? (await typesOf(world, run)).at(-1) : undefined;
  });
  show('a hook that is read by its token after its disposal', seen !== undefined, seen);
}

export async function payloadsLandBehindTheDisposal({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const hook = idOf('hook');
    await write(world, run, 'hook_created', hook, { token: idOf('token') });
    const received = () =>
      write(world, run, 'hook_received', hook, { payload: new Uint8Array([1]) });
    const disposed = () => write(world, run, 'hook_disposed', hook);
    await Promise.all([received, received, disposed, received, received].map(outcomeOf));
    const types = await typesOf(world, run);
    return types.at(-1) === 'hook_received' && types.includes('hook_disposed')
      ? types.slice(2)
      : undefined;
  });
  show('payloads behind the disposal of their hook', seen !== undefined, seen);
}

export async function stepsRetryBehindTheirEnd({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const step = idOf('step');
    await write(world, run, 'step_created', step, stepOf);
    await write(world, run, 'step_started', step);
    const error = world.specVersion >= 5 ? new Uint8Array([1]) : 'e';
    const retry = () => write(world, run, 'step_retrying', step, { error });
    const fail = () => write(world, run, 'step_failed', step, { error });
    await Promise.all([retry, retry, fail, retry, retry].map(outcomeOf));
    const types = await typesOf(world, run);
    return types.includes('step_failed') && types.at(-1) !== 'step_failed'
      ? types.slice(2)
      : undefined;
  });
  show('a retry of a step behind its end', seen !== undefined, seen);
}

export async function creationsAreAnsweredWithoutTheirStep({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const step = idOf('step');
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => write(world, run, 'step_created', step, stepOf)),
    );
    return answers.find(({ value }) => value !== undefined && value.step === undefined)?.value.event
      .eventType;
  });
  show('a step_created that is accepted, with no step in the answer', seen !== undefined, seen);
}

export async function waitsAreCompletedBeforeTheyAreThere({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const wait = idOf('wait');
    const answers = await Promise.allSettled([
      write(world, run, 'wait_created', wait, resumeAt()),
      ...Array.from({ length: 6 }, () => write(world, run, 'wait_completed', wait)),
    ]);
    const types = (await typesOf(world, run)).filter((type) => type.startsWith('wait_'));
    return answers.some(({ value }) => value !== undefined && value.wait === undefined)
      ? types
      : undefined;
  });
  show('a wait_completed that is accepted, with no wait in the answer', seen !== undefined, seen);
}

export async function aHookHasTheTokenOfAnother({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const hook = idOf('hook');
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        write(world, run, 'hook_created', hook, { token: idOf('token') }),
      ),
    );
    const accepted = answers.filter(({ status }) => status === 'fulfilled');
    const { token } = await world.hooks.get(hook);
    const { data } = await world.events.list({ runId: run, pagination: { sortOrder: 'asc' } });
    const logged = data.find(({ eventType }) => eventType === 'hook_created')?.eventData.token;
    return token === logged ? undefined : { token, logged, accepted: accepted.length };
  });
  show('a hook with another token than its log says', seen !== undefined, seen);
}

export async function aRefusedHookIsThere({ world, show }) {
  const { run, hook, again } = await againAfterItsDisposal(world);
  const payload = { payload: new Uint8Array([1]) };
  const received = await outcomeOf(() => write(world, run, 'hook_received', hook, payload));
  show('hook_created of a disposed hook is refused', again !== 'accepted', again);
  show('and a payload for it is taken', received === 'accepted', received);
}

export async function stepsEndBeforeTheyAreThere({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const step = idOf('step');
    const end = () => write(world, run, 'step_completed', step, { result: new Uint8Array([1]) });
    const answers = await Promise.allSettled([
      write(world, run, 'step_created', step, stepOf),
      ...Array.from({ length: 6 }, end),
    ]);
    if (!answers.some(({ value }) => value !== undefined && value.step === undefined)) return;
    return [(await world.steps.get(run, step)).status, ...(await typesOf(world, run)).slice(2)];
  });
  show('a step_completed that is accepted, with no step in the answer', seen !== undefined, seen);
}

export async function attributesLandBehindTheEnd({ world, show }) {
  const seen = await first(async () => {
    const run = await runOf(world);
    const set = () =>
      write(world, run, 'attr_set', idOf('attr'), {
        changes: [{ key: 'k', value: 'v' }],
        writer: { type: 'workflow' },
      });
    const end = () => write(world, run, 'run_cancelled');
    await Promise.all([set, set, end, set, set].map(outcomeOf));
    const types = await typesOf(world, run);
    return types.includes('run_cancelled') && types.at(-1) === 'attr_set'
      ? types.slice(2)
      : undefined;
  });
  show('attributes behind the end of a run', seen !== undefined, seen);
}
