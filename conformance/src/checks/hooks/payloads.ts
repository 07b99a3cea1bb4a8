import type { CreateEventResponse, Event } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import * as events from '../../fixtures/new-event.js';
import { accepted, type Contestant, RACE_ROUNDS, Race, reasons } from '../../fixtures/race.js';
import { about, countOf, typesOf } from '../../fixtures/records.js';
import { bytes, ENDINGS, endingOf, holderOf, runsOf } from './support.js';

type Writer = Contestant<CreateEventResponse>;

/** The payloads of the hook_received events, in the order of the log. */
function payloadsIn(log: readonly Event[]): (Uint8Array | undefined)[] {
  return log.flatMap(({ data }) => (data.case === 'hookReceived' ? [data.value.payload] : []));
}

function textsIn(log: readonly Event[]): string[] {
  return payloadsIn(log).map((payload) => new TextDecoder().decode(payload));
}

/** What is sent into hooks. */
export const hookPayloadChecks: readonly Check[] = [
  check(
    'hooks/received-every-time',
    'Each payload that is sent into a hook is an event of its own, byte for byte, and the hook stays',
    { requirements: ['WW-HOOK-025', 'WW-HOOK-027', 'WW-LOG-059'] },
    async (t) => {
      const { run, hookId, token } = await holderOf(t, { metadata: bytes('devlmeta') });
      const { hook } = await t.api.hooks.getHook({ runId: run.id, hookId });
      const sent = [
        bytes('devl1'),
        bytes('devl1'),
        new Uint8Array([0, 0, 0]),
        t.random.bytes(5_000),
        new Uint8Array([0xff, 0xfe, 0xc3, 0x28]),
        bytes('devl1'),
      ];
      for (const [index, payload] of sent.entries()) {
        const { event } = await t.accepted('hook_received', () =>
          run.write(events.hookReceived(hookId, { payload })),
        );
        t.equal(event?.correlationId, hookId, 'the correlation id');
        t.equal(payloadsIn(event === undefined ? [] : [event]), [payload], 'the answered payload');
        t.equal(payloadsIn(await run.log()), sent.slice(0, index + 1), 'the payloads of the log');
      }
      const after = await t.api.hooks.getHook({ runId: run.id, hookId });
      t.equal(after.hook, hook, 'the hook after its payloads');
      t.equal((await t.api.hooks.getHookByToken({ token })).hook, hook, 'the hook by its token');
    },
  ),
  check(
    'hooks/received-at-once',
    'Payloads that many clients send at the same time all land, each once',
    { requirements: ['WW-HOOK-026', 'WW-HOOK-025', 'WW-LOG-028'] },
    async (t) => {
      const { run, hookId } = await holderOf(t);
      await run.given(events.hookCreated('hook_other', t.unique('token')));
      const race = new Race(t);
      const sent: string[] = [];
      await race.rounds(16, async (round) => {
        const texts = Array.from({ length: 10 }, (_, index) => `devl${round}.${index % 8}`);
        sent.push(...texts);
        const outcomes = await race.run(
          texts.map(
            (text, index): Writer =>
              (api) =>
                run.write(
                  events.hookReceived(index % 3 === 0 ? 'hook_other' : hookId, {
                    payload: bytes(text),
                  }),
                  { api },
                ),
          ),
        );
        t.equal(reasons(outcomes), [], 'the reasons of refusals');
      });
      t.equal(textsIn(await run.log()).sort(), sent.sort(), 'the payloads of the log');
    },
  ),
  check(
    'hooks/received-against-disposed',
    'No payload lands behind the disposal of its hook, and every accepted one before it',
    { requirements: ['WW-HOOK-028', 'WW-HOOK-116', 'WW-HOOK-036'] },
    async (t) => {
      const race = new Race(t);
      const runs = await runsOf(t, 12);
      const landed = new Map<string, number>();
      const rounds = await race.rounds(RACE_ROUNDS, async (round) => {
        const run = runs[round % runs.length]!;
        const hookId = `hook_${round}`;
        await run.given(events.hookCreated(hookId, t.unique('token')));
        const [disposed, ...received] = await race.run([
          (api) => run.write(events.hookDisposed(hookId), { api }),
          ...Array.from(
            { length: 5 },
            (_, index): Writer =>
              (api) =>
                run.write(events.hookReceived(hookId, { payload: bytes(`devl${index}`) }), { api }),
          ),
        ]);
        t.ok('value' in disposed!, 'the one hook_disposed', 'accepted', disposed);
        for (const reason of reasons(received)) t.equal(reason, 'HOOK_NOT_FOUND', 'a reason');
        landed.set(hookId, accepted(received).length);
      });
      for (const [index, run] of runs.entries()) {
        const log = await run.log();
        for (let round = index; round < rounds; round += runs.length) {
          const types = typesOf(about(log, `hook_${round}`));
          const payloads = landed.get(`hook_${round}`) ?? 0;
          const wanted = ['hookCreated', ...Array(payloads).fill('hookReceived'), 'hookDisposed'];
          t.equal(types, wanted, `the events of hook_${round}`);
        }
      }
    },
  ),
  check(
    'hooks/received-against-end',
    'No payload lands behind the end of its run, and every accepted one before it',
    { requirements: ['WW-RUN-036', 'WW-LOG-028', 'WW-HOOK-114'] },
    async (t) => {
      const race = new Race(t);
      await race.rounds(RACE_ROUNDS, async (round) => {
        const { run, hookId } = await holderOf(t);
        const kind = round % 2 === 0 ? 'runCompleted' : ENDINGS[1 + (round % 4 === 1 ? 0 : 1)]!;
        const [ended, ...received] = await race.run([
          (api) => run.write(endingOf(run, kind), { api }),
          ...Array.from(
            { length: 4 },
            (): Writer => (api) => run.write(events.hookReceived(hookId), { api }),
          ),
        ]);
        t.ok('value' in ended!, `the one ${kind}`, 'accepted', ended);
        for (const reason of reasons(received))
          t.ok(
            reason === 'HOOK_NOT_FOUND' || reason === 'RUN_GONE',
            'the reason of a payload that came too late',
            'HOOK_NOT_FOUND or RUN_GONE',
            reason,
          );
        const log = await run.log();
        t.equal(log.at(-1)?.data.case, kind, 'the last event of the log');
        t.equal(countOf(log, 'hookReceived'), accepted(received).length, 'payloads in the log');
      });
    },
  ),
];
