import type { CreateEventResponse } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { type Contestant, Race, reasons } from '../../fixtures/race.js';
import { about, hooksOf, typesOf } from '../../fixtures/records.js';
import {
  bytes,
  countIn,
  ENDINGS,
  endingOf,
  holderNow,
  holderOf,
  nowhere,
  resultOf,
  runsOf,
} from './support.js';

type Writer = Contestant<CreateEventResponse>;

/** The end of hooks. */
export const hookDisposalChecks: readonly Check[] = [
  check(
    'hooks/disposed-is-gone',
    'A disposed hook is found by no read, and the other hooks of its run stay',
    { requirements: ['WW-HOOK-035', 'WW-HOOK-015', 'WW-HOOK-116', 'WW-HOOK-127'] },
    async (t) => {
      const { run, hookId, token } = await holderOf(t, { metadata: bytes('devl1') });
      const other = t.unique('token');
      await run.given(events.hookCreated('hook_other', other), events.hookReceived(hookId));
      const { event } = await t.accepted('hook_disposed', () =>
        run.write(events.hookDisposed(hookId)),
      );
      t.equal(event?.data.case, 'hookDisposed', 'the event of the answer');
      await nowhere(t, run, hookId);
      t.equal(await holderNow(t, token), undefined, 'the holder of the token');
      t.equal(
        (await hooksOf(run, t.api)).map((hook) => hook.hookId),
        ['hook_other'],
        'the hooks',
      );
      t.equal((await holderNow(t, other))?.hookId, 'hook_other', 'the holder of the other token');
      const types = await run.types();
      for (const late of [events.hookReceived(hookId), events.hookDisposed(hookId)])
        await t.refused(`a late ${late.data?.case}`, () => run.write(late), 'HOOK_NOT_FOUND');
      t.equal(await run.types(), types, 'the log after refusals');
      const log = about(await run.log(), hookId);
      t.equal(
        typesOf(log),
        ['hookCreated', 'hookReceived', 'hookDisposed'],
        'the events of the hook',
      );
    },
  ),
  check(
    'hooks/disposed-once',
    'Of many disposals of one hook at the same time one is accepted and stands in the log',
    { requirements: ['WW-HOOK-036', 'WW-LOG-028'] },
    async (t) => {
      const race = new Race(t);
      const runs = await runsOf(t, 8);
      const rounds = await race.rounds(80, async (round) => {
        const run = runs[round % runs.length]!;
        const hookId = `hook_${round}`;
        await run.given(events.hookCreated(hookId, t.unique('token')));
        const outcomes = await race.run(
          Array.from(
            { length: 8 },
            (): Writer => (api) => run.write(events.hookDisposed(hookId), { api }),
          ),
        );
        t.equal(countIn(outcomes.map(resultOf), 'hookDisposed'), 1, 'accepted disposals');
        t.equal(reasons(outcomes), ['HOOK_NOT_FOUND'], 'the reasons of the others');
      });
      for (const [index, run] of runs.entries()) {
        const log = await run.log();
        for (let round = index; round < rounds; round += runs.length)
          t.equal(
            typesOf(about(log, `hook_${round}`)),
            ['hookCreated', 'hookDisposed'],
            `the events of hook_${round}`,
          );
      }
    },
  ),
  check(
    'hooks/disposed-by-id',
    'A disposal removes the hook of its id, whatever token it names',
    { requirements: ['WW-HOOK-037'] },
    async (t) => {
      const other = await holderOf(t);
      const run = await t.startedRun();
      const named = [undefined, 'own', 'unknown', 'other'] as const;
      for (const name of named) {
        const [hookId, token] = [t.unique('hook'), t.unique('token')];
        await run.given(events.hookCreated(hookId, token));
        const told = name === 'own' ? token : name === 'other' ? other.token : t.unique('unknown');
        const value = name === undefined ? {} : { token: told };
        await t.accepted(`hook_disposed with ${name ?? 'no'} token`, () =>
          run.write({ correlationId: hookId, data: { case: 'hookDisposed', value } }),
        );
        await nowhere(t, run, hookId);
        t.equal(await holderNow(t, token), undefined, 'the holder of its token');
        t.equal((await holderNow(t, other.token))?.hookId, other.hookId, 'the holder of the other');
      }
      t.equal((await hooksOf(other.run, t.api)).length, 1, 'hooks of the other run');
    },
  ),
  check(
    'hooks/disposed-against-end',
    'A disposal that meets the end of the run comes before it or is refused, and frees the token once',
    { requirements: ['WW-HOOK-036', 'WW-HOOK-125', 'WW-RUN-033', 'WW-HOOK-017'] },
    async (t) => {
      const race = new Race(t);
      const other = await t.startedRun();
      await race.rounds(60, async (round) => {
        const { run, hookId, token } = await holderOf(t);
        const kind = ENDINGS[round % ENDINGS.length]!;
        const [ended, ...disposed] = await race.run<CreateEventResponse>([
          (api) => run.write(endingOf(run, kind), { api }),
          (api) => run.write(events.hookDisposed(hookId), { api }),
          (api) => run.write(events.hookDisposed(hookId), { api }),
        ]);
        t.ok('value' in ended!, `the one ${kind}`, 'accepted', ended);
        const count = countIn(disposed.map(resultOf), 'hookDisposed');
        t.ok(count <= 1, 'accepted disposals', 'at most 1', count);
        for (const reason of reasons(disposed))
          t.ok(
            ['HOOK_NOT_FOUND', 'RUN_GONE'].includes(reason),
            'a reason',
            'HOOK_NOT_FOUND',
            reason,
          );
        const types = (await run.types()).slice(3);
        t.equal(types, [...Array(count).fill('hookDisposed'), kind], 'the end of the log');
        const { event } = await t.accepted('hook_created with the token', () =>
          other.write(events.hookCreated(`hook_${round}`, token)),
        );
        t.equal(event?.data.case, 'hookCreated', 'the next creation with the token');
      });
    },
  ),
];
