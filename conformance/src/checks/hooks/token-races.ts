import type { CreateEventResponse } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { type Contestant, RACE_ROUNDS, Race } from '../../fixtures/race.js';
import { about, typesOf } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { countIn, ENDINGS, endingOf, holderNow, holderOf, resultOf, runsOf } from './support.js';

type Writer = Contestant<CreateEventResponse>;

/** Expects that one of several wins a free token and the others meet a conflict. */
async function oneOwner(
  t: Context,
  race: Race,
  runs: readonly RunHandle[],
  token: string,
  hookOf: (index: number) => string,
): Promise<void> {
  const outcomes = await race.run(
    runs.map(
      (run, index): Writer =>
        (api) =>
          run.write(events.hookCreated(hookOf(index), token), { api }),
    ),
  );
  const results = outcomes.map(resultOf);
  t.equal(countIn(results, 'hookCreated'), 1, 'requests that were given the token');
  t.equal(countIn(results, 'hookConflict'), runs.length - 1, 'requests that met a conflict');
  const winner = results.indexOf('hookCreated');
  const hook = await holderNow(t, token);
  t.equal([hook?.runId, hook?.hookId], [runs[winner]!.id, hookOf(winner)], 'the holder');
}

/** Expects that the logs hold as many owners of each token as there may be. */
async function logsAgree(
  t: Context,
  runs: readonly RunHandle[],
  tokens: readonly string[],
): Promise<void> {
  const owners = new Map<string, number>();
  for (const run of runs)
    for (const { data } of await run.log())
      if (data.case === 'hookCreated')
        owners.set(data.value.token, (owners.get(data.value.token) ?? 0) + 1);
  for (const token of tokens) t.equal(owners.get(token), 1, `hook_created events of ${token}`);
}

/** Many requests for one token at the same moment. */
export const tokenRaceChecks: readonly Check[] = [
  check(
    'hooks/token-race',
    'Of eight runs that ask for one free token at the same time one gets it, the others a conflict',
    { requirements: ['WW-HOOK-011', 'WW-HOOK-012', 'WW-HOOK-019'] },
    async (t) => {
      const race = new Race(t);
      const runs = await runsOf(t, 8);
      const tokens: string[] = [];
      await race.rounds(RACE_ROUNDS, async (round) => {
        const token = t.unique('token');
        tokens.push(token);
        await oneOwner(t, race, runs, token, (index) => `hook_${round}_${index}`);
      });
      await logsAgree(t, runs, tokens);
    },
  ),
  check(
    'hooks/token-race-within-a-run',
    'Of several hooks of one run that ask for one free token at the same time one gets it',
    { requirements: ['WW-HOOK-011', 'WW-HOOK-012'] },
    async (t) => {
      const race = new Race(t);
      const runs = await runsOf(t, 8);
      const tokens: string[] = [];
      await race.rounds(60, async (round) => {
        const token = t.unique('token');
        tokens.push(token);
        const same = Array.from({ length: 6 }, () => runs[round % runs.length]!);
        await oneOwner(t, race, same, token, (index) => `hook_${round}_${index}`);
      });
      await logsAgree(t, runs, tokens);
    },
  ),
  check(
    'hooks/creation-race',
    'One hook that many requests create at the same time is created once, and takes one token',
    { requirements: ['WW-HOOK-024', 'WW-LOG-022'] },
    async (t) => {
      const race = new Race(t);
      const runs = await runsOf(t, 8);
      await race.rounds(48, async (round) => {
        const run = runs[round % runs.length]!;
        const hookId = `hook_${round}`;
        const sameToken = round % 2 === 0;
        const tokens = Array.from({ length: 6 }, () => t.unique('token'));
        const outcomes = await race.run(
          tokens.map(
            (token): Writer =>
              (api) =>
                run.write(events.hookCreated(hookId, sameToken ? tokens[0]! : token), { api }),
          ),
        );
        const results = outcomes.map(resultOf);
        t.equal(countIn(results, 'hookCreated'), 1, 'accepted creations');
        const lawful = [
          'hookCreated',
          'HOOK_ALREADY_EXISTS',
          ...(sameToken ? ['hookConflict'] : []),
        ];
        for (const result of results)
          t.ok(lawful.includes(result), 'the outcome of a creation', lawful.join(' or '), result);
        const winner = sameToken ? tokens[0]! : tokens[results.indexOf('hookCreated')]!;
        const { hook } = await t.api.hooks.getHook({ runId: run.id, hookId });
        t.equal(hook?.token, winner, 'the token of the hook');
        for (const token of tokens) {
          const held = token === winner ? hookId : undefined;
          t.equal((await holderNow(t, token))?.hookId, held, 'the holder of a token');
        }
      });
      for (const run of runs) {
        const log = await run.log();
        for (let round = 0; round < 48; round++) {
          const types = typesOf(about(log, `hook_${round}`));
          t.ok(countIn(types, 'hookCreated') <= 1, 'hook_created events of one hook', 1, types);
        }
      }
    },
  ),
  check(
    'hooks/token-race-with-disposal',
    'A token that is disposed of while others ask for it passes to one of them at the most',
    { requirements: ['WW-HOOK-011', 'WW-HOOK-012', 'WW-HOOK-017'] },
    async (t) => {
      const race = new Race(t);
      const [owners, others] = [await runsOf(t, 8), await runsOf(t, 4)];
      await race.rounds(RACE_ROUNDS, async (round) => {
        const owner = owners[round % owners.length]!;
        const token = t.unique('token');
        const hookId = `hook_${round}`;
        await owner.given(events.hookCreated(hookId, token));
        await passesOn(t, race, token, others, `hook_${round}`, (api) =>
          owner.write(events.hookDisposed(hookId), { api }),
        );
      });
    },
  ),
  check(
    'hooks/token-race-with-end',
    'A token whose run ends while others ask for it passes to one of them at the most',
    { requirements: ['WW-HOOK-011', 'WW-HOOK-012', 'WW-RUN-033'] },
    async (t) => {
      const race = new Race(t);
      const others = await runsOf(t, 4);
      await race.rounds(RACE_ROUNDS, async (round) => {
        const { run, token } = await holderOf(t);
        await passesOn(t, race, token, others, `hook_${round}`, (api) =>
          run.write(endingOf(run, ENDINGS[round % ENDINGS.length]!), { api }),
        );
      });
    },
  ),
  check(
    'hooks/token-race-after-retention',
    'A token whose retention is over goes to one of those that ask for it at the same time',
    {
      requirements: ['WW-HOOK-039', 'WW-HOOK-011', 'WW-HOOK-012'],
      capabilities: ['HOOK_RETENTION'],
    },
    async (t) => {
      const race = new Race(t);
      const others = await runsOf(t, 6);
      await race.rounds(12, async (round) => {
        const until = Date.now() + 150;
        const { run, token } = await holderOf(t, { tokenRetentionUntil: timestampOf(until) });
        await run.given(events.runCompleted());
        let attempt = 0;
        await t.eventually('a creation with the token', async () => {
          const hookId = `hook_${round}_${attempt++}`;
          const outcomes = await race.run(
            others.map(
              (other, index): Writer =>
                (api) =>
                  other.write(events.hookCreated(`${hookId}_${index}`, token), { api }),
            ),
          );
          const results = outcomes.map(resultOf);
          const won = countIn(results, 'hookCreated');
          t.ok(won <= 1, 'requests that were given the token', 'at most 1', won);
          t.equal(won + countIn(results, 'hookConflict'), others.length, 'requests with success');
          return won === 1 ? true : undefined;
        });
      });
    },
  ),
];

function timestampOf(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
}

/** Lets a holder go while others ask for its token, and expects one new owner or none, and then a free token. */
async function passesOn(
  t: Context,
  race: Race,
  token: string,
  others: readonly RunHandle[],
  hookId: string,
  letGo: Writer,
): Promise<void> {
  const [gone, ...asked] = await race.run([
    letGo,
    ...others.map(
      (other, index): Writer =>
        (api) =>
          other.write(events.hookCreated(`${hookId}_${index}`, token), { api }),
    ),
  ]);
  t.ok('value' in gone!, 'the holder lets go', 'accepted', resultOf(gone!));
  const results = asked.map(resultOf);
  const won = countIn(results, 'hookCreated');
  t.ok(won <= 1, 'requests that were given the token', 'at most 1', won);
  t.equal(won + countIn(results, 'hookConflict'), others.length, 'requests with success');
  const hook = await holderNow(t, token);
  const winner = won === 1 ? others[results.indexOf('hookCreated')]!.id : undefined;
  t.equal(hook?.runId, winner, 'the run of the holder');
  const late = await t.accepted('a later hook_created', () =>
    others[0]!.write(events.hookCreated(`${hookId}_late`, token)),
  );
  t.equal(late.event?.data.case, won === 1 ? 'hookConflict' : 'hookCreated', 'the later creation');
}
