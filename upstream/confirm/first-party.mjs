import { idOf, outcomeOf, runOf, stepOf, typesOf, write } from './parts.mjs';

const nobody = 'wrun_01JZZZZZZZZZZZZZZZZZZZZZZZ';
const kindsOf = (types) => new Set(types.filter((type) => /^run_(comp|fail|canc)/.test(type)));

/** A run id of now that no run has. */
function unused() {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let time = Date.now();
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = digits[time % 32] + text;
    time = Math.floor(time / 32);
  }
  return `wrun_${text}${nobody.slice(-16)}`;
}

export async function eventsOfNoRunAreTaken({ world, show }) {
  const writes = {
    step_created: () => write(world, unused(), 'step_created', idOf('step'), stepOf),
    hook_created: () => write(world, unused(), 'hook_created', idOf('hook'), { token: 'none' }),
    wait_created: () =>
      write(world, unused(), 'wait_created', idOf('wait'), { resumeAt: new Date() }),
  };
  for (const [type, send] of Object.entries(writes)) {
    const answer = await outcomeOf(send);
    show(`${type} of a run that is not there`, answer === 'accepted', answer);
  }
}

export async function endingsOfNoRunAreTaken({ world, show }) {
  for (const type of ['run_completed', 'run_cancelled']) {
    const answer = await outcomeOf(() => write(world, unused(), type, undefined, {}));
    show(`${type} of a run that is not there`, answer === 'accepted', answer);
  }
}

export async function aRefusedHookIsLogged({ world, show }) {
  const run = await runOf(world);
  const hook = idOf('hook');
  await write(world, run, 'hook_created', hook, { token: 'a' });
  const again = await outcomeOf(() => write(world, run, 'hook_created', hook, { token: 'b' }));
  const types = (await typesOf(world, run)).filter((type) => type === 'hook_created');
  show('a second hook_created is refused', again !== 'accepted', again);
  show('and is in the log all the same', types.length === 2, types);
}

export async function hookIdsAreOfAllRuns({ world, show }) {
  const [one, other] = [await runOf(world), await runOf(world)];
  const hook = idOf('hook');
  await write(world, one, 'hook_created', hook, { token: 'a' });
  const again = await outcomeOf(() => write(world, other, 'hook_created', hook, { token: 'b' }));
  show('a hook id that another run has', again !== 'accepted', again);
}

export async function aRunEndsInSeveralWays({ world, show }) {
  let most = new Set();
  for (let round = 0; round < 60 && most.size < 2; round++) {
    const run = await runOf(world);
    await Promise.all([
      outcomeOf(() => write(world, run, 'run_completed', undefined, { output: new Uint8Array(1) })),
      outcomeOf(() => write(world, run, 'run_failed', undefined, { error: new Uint8Array(1) })),
      outcomeOf(() => write(world, run, 'run_cancelled')),
    ]);
    const kinds = kindsOf(await typesOf(world, run));
    if (kinds.size > most.size) most = kinds;
  }
  show('one log with several endings', most.size > 1, [...most]);
}

export async function aRunStartsTwice({ world, show }) {
  let most = 0;
  for (let round = 0; round < 30 && most < 2; round++) {
    const run = await runOf(world, { started: false });
    await Promise.all(
      Array.from({ length: 8 }, () => outcomeOf(() => write(world, run, 'run_started'))),
    );
    const types = await typesOf(world, run);
    most = Math.max(most, types.filter((type) => type === 'run_started').length);
  }
  show('run_started events of simultaneous starts', most > 1, most);
}

export async function stepsAreCreatedTwice({ world, show }) {
  let most = 0;
  for (let round = 0; round < 30 && most < 2; round++) {
    const run = await runOf(world);
    const step = idOf('step');
    await Promise.all(
      Array.from({ length: 8 }, () =>
        outcomeOf(() => write(world, run, 'step_created', step, stepOf)),
      ),
    );
    const types = await typesOf(world, run);
    most = Math.max(most, types.filter((type) => type === 'step_created').length);
  }
  show('step_created events of simultaneous creations', most > 1, most);
}

export async function waitsAreCreatedTwice({ world, show }) {
  let most = 0;
  for (let round = 0; round < 30 && most < 2; round++) {
    const run = await runOf(world);
    const wait = idOf('wait');
    await Promise.all(
      Array.from({ length: 8 }, () =>
        outcomeOf(() => write(world, run, 'wait_created', wait, { resumeAt: new Date() })),
      ),
    );
    const types = await typesOf(world, run);
    most = Math.max(most, types.filter((type) => type === 'wait_created').length);
  }
  show('wait_created events of simultaneous creations', most > 1, most);
}

export async function oneTokenForSeveral({ world, show }) {
  let most = 0;
  for (let round = 0; round < 30 && most < 2; round++) {
    const runs = [];
    for (let i = 0; i < 6; i++) runs.push(await runOf(world));
    const token = `token_${round}`;
    await Promise.all(
      runs.map((run) =>
        outcomeOf(() => write(world, run, 'hook_created', idOf('hook'), { token })),
      ),
    );
    let owners = 0;
    for (const run of runs) {
      const { data } = await world.hooks.list({ runId: run });
      owners += data.filter((hook) => hook.token === token).length;
    }
    most = Math.max(most, owners);
  }
  show('hooks that hold one token', most > 1, most);
}

export async function newerVersionsAreTaken({ world, show }) {
  const { run } = await world.events.create(null, {
    eventType: 'run_created',
    specVersion: 99,
    eventData: { deploymentId: 'dpl', workflowName: 'wf', input: new Uint8Array([1]) },
  });
  show('a run of spec version 99', run?.specVersion === 99, run?.specVersion);
}

export async function timesGoBackwards({ world, show }) {
  let worst = 0;
  for (let round = 0; round < 20 && worst === 0; round++) {
    const run = await runOf(world);
    await Promise.all(
      Array.from({ length: 16 }, () => write(world, run, 'step_created', idOf('step'), stepOf)),
    );
    const { data } = await world.events.list({
      runId: run,
      pagination: { sortOrder: 'asc', limit: 100 },
    });
    for (const [at, { createdAt }] of data.entries())
      if (at > 0) worst = Math.max(worst, data[at - 1].createdAt - createdAt);
  }
  show('an event is older than the one before it, by milliseconds', worst > 0, worst);
}

export async function anyCursorIsTaken({ world, show }) {
  const run = await runOf(world);
  const answer = await outcomeOf(() =>
    world.events.list({ runId: run, pagination: { cursor: 'of nobody' } }),
  );
  show('a cursor that nobody issued', answer === 'accepted', answer);
}

export async function stepsAndRunsGoBackwards({ world, show }) {
  const run = await runOf(world);
  const ids = [idOf('step'), idOf('step')];
  for (const id of ids) {
    await write(world, run, 'step_created', id, stepOf);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { data } = await world.steps.list({ runId: run, pagination: { sortOrder: 'asc' } });
  const got = data.map(({ stepId }) => stepId);
  show('steps that are asked for in ascending order', got[0] === ids[1], got);
}

export async function nulFailsTheDatabase({ world, show }) {
  const eventData = { deploymentId: 'dpl', workflowName: 'a\0b', input: new Uint8Array([1]) };
  const answer = await outcomeOf(() => write(world, null, 'run_created', undefined, eventData));
  show(
    'a workflow name with NUL',
    /0x00|Failed query|\\u0000|PostgresError|DatabaseError|DrizzleQueryError/.test(answer),
    answer,
  );
}

export async function absentHooksFailTheRead({ world, show }) {
  const answer = await outcomeOf(() => world.hooks.get(idOf('hook')));
  show('a read of a hook that is not there', answer.startsWith('TypeError'), answer);
}

export async function startsOfNoRunAreTaken({ world, show }) {
  const answer = await outcomeOf(() => write(world, unused(), 'run_started'));
  show('run_started of a run that is not there', answer === 'accepted', answer);
}

export async function stepIdsAreOfAllRuns({ world, show }) {
  const [one, other] = [await runOf(world), await runOf(world)];
  const step = idOf('step');
  await write(world, one, 'step_created', step, stepOf);
  const again = await outcomeOf(() => write(world, other, 'step_created', step, stepOf));
  show('a step id that another run has', again !== 'accepted', again);
}

export async function retryTimesOutliveTheirRetry({ world, show }) {
  const run = await runOf(world);
  const step = idOf('step');
  await write(world, run, 'step_created', step, stepOf);
  await write(world, run, 'step_started', step);
  const retryAfter = new Date(Date.now() + 60_000);
  const error = world.specVersion >= 5 ? new Uint8Array([1]) : 'e';
  await write(world, run, 'step_retrying', step, { error, retryAfter });
  await write(world, run, 'step_retrying', step, { error });
  const answer = await outcomeOf(() => write(world, run, 'step_started', step));
  show('a start after a retry without a time', answer !== 'accepted', answer);
}

export async function conflictsAreAnsweredWithoutAVersion({ world, show }) {
  const [one, other] = [await runOf(world), await runOf(world)];
  await write(world, one, 'hook_created', idOf('hook'), { token: 'a' });
  const { event } = await write(world, other, 'hook_created', idOf('hook'), { token: 'a' });
  const { data } = await world.events.list({ runId: other, pagination: { sortOrder: 'asc' } });
  const seen = { answer: event.specVersion, log: data.at(-1).specVersion };
  show('a hook_conflict of two versions', seen.answer !== seen.log, seen);
}

export async function timesOfTheFirstYearAreOf2001({ world, show }) {
  const run = await runOf(world);
  const resumeAt = new Date('0001-01-01T00:00:00.000Z');
  const { wait } = await write(world, run, 'wait_created', idOf('wait'), { resumeAt });
  show('a wait until the year 1', wait.resumeAt.getUTCFullYear() === 2001, wait.resumeAt);
}

export async function attributesOfAStepAreRefused({ world, show }) {
  const run = await runOf(world);
  const id = idOf('attr');
  const set = () =>
    write(world, run, 'attr_set', id, {
      changes: [{ key: 'k', value: 'v' }],
      writer: { type: 'step', stepId: 'step_1', attempt: 1 },
    });
  await set();
  const again = await outcomeOf(set);
  show('a second attr_set of a step', again.includes('Failed query'), again);
}

export async function nulInQueriesFailsTheDatabase({ world, show }) {
  const token = await outcomeOf(() => world.hooks.getByToken('a\0b'));
  show('a token with NUL', token.includes('Failed query'), token);
  const cursor = await outcomeOf(() => world.hooks.list({ pagination: { cursor: 'a\0b' } }));
  show('a cursor with NUL', cursor.includes('Failed query'), cursor);
}
