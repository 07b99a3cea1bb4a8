import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Event, ResolveData, type WatchEventsRequestSchema } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { CuttingProxy } from '../../fixtures/cutting-proxy.js';
import * as events from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import type { Api } from '../../wire/api.js';
import { bytes, idsOf, pause } from './support.js';

const CAPABILITY = { capabilities: ['WATCH_EVENTS'] } as const;
const PLACED = { capabilities: ['WATCH_EVENTS', 'POSITIONS'] } as const;

type Asked = Omit<MessageInitShape<typeof WatchEventsRequestSchema>, '$typeName' | 'runId'>;

/** How long an event may take to reach a watch. */
const ARRIVAL_MS = 20_000;

/** A watch of a log, under way until the run has ended. */
class Watch {
  /** The events so far. */
  readonly events: Event[] = [];
  /** Why it ended, where it has. */
  ended: { error?: unknown } | undefined;
  readonly #abort = new AbortController();
  readonly #loop: Promise<void>;

  constructor(
    private readonly t: Context,
    run: RunHandle,
    asked: Asked = {},
    api: Api = t.api,
  ) {
    this.#loop = this.#follow(api, { ...asked, runId: run.id });
    t.onEnd(() => this.close());
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
  }

  /** Waits for so many events. */
  async count(wanted: number): Promise<void> {
    await this.t.eventually(
      `${wanted} events of a watch`,
      () => (this.events.length >= wanted || this.ended !== undefined ? true : undefined),
      ARRIVAL_MS,
    );
    this.t.ok(
      this.events.length >= wanted,
      'a watch ended before its events came',
      `${wanted} events`,
      `${this.events.length} events, ${String(this.ended?.error ?? 'no error')}`,
    );
  }

  /** Waits for the end, which must be one with success. */
  async end(): Promise<Event[]> {
    await this.t.eventually('the end of a watch', () => this.ended, ARRIVAL_MS);
    if (this.ended?.error !== undefined)
      this.t.fail('a watch ended with an error', 'success', String(this.ended.error));
    return this.events;
  }

  async #follow(api: Api, request: Asked & { runId: string }): Promise<void> {
    try {
      const answers = api.events.watchEvents(request, { signal: this.#abort.signal, timeoutMs: 0 });
      for await (const { events: more } of answers) this.events.push(...more);
      this.ended = {};
    } catch (error) {
      this.ended = { error };
    }
  }
}

/** Logs as they grow. */
export const watchChecks: readonly Check[] = [
  check(
    'log/watch-whole',
    'A watch of an ended run sends its log, each event once and in order, and ends with success',
    { requirements: ['WW-LOG-070', 'WW-LOG-072'], ...CAPABILITY },
    async (t) => {
      for (const ending of ['runCompleted', 'runFailed', 'runCancelled']) {
        const run = await t.startedRun();
        await run.given(
          events.stepCreated('step_1', { input: bytes('devl"in"') }),
          events.stepStarted('step_1'),
          events.hookCreated('hook_1', t.unique('token')),
          ending === 'runCompleted'
            ? events.runCompleted()
            : ending === 'runFailed'
              ? events.runFailed(run.failure())
              : events.runCancelled(),
        );
        t.equal(await new Watch(t, run).end(), await run.log(), 'the events of the watch');
      }
    },
  ),
  check(
    'log/watch-from-a-position',
    'A watch sends the events above the position that it names, and none of the others',
    { requirements: ['WW-LOG-070', 'WW-LOG-072'], ...PLACED },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.waitCreated('wait_1'));
      const active = await run.log();
      const open = [0, 1, 3, 4].map(
        (after) => [after, new Watch(t, run, { afterPosition: BigInt(after) })] as const,
      );
      for (const [after, watch] of open) await watch.count(active.length - after);
      await run.given(events.runCompleted());
      const log = await run.log();
      for (const [after, watch] of open)
        t.equal(await watch.end(), log.slice(after), `the events of an open watch after ${after}`);
      for (let after = 0; after <= log.length; after++) {
        const watch = new Watch(t, run, { afterPosition: BigInt(after) });
        t.equal(await watch.end(), log.slice(after), `the events after ${after}`);
      }
    },
  ),
  check(
    'log/watch-without-payloads',
    'A watch leaves payloads out where none are asked for, and nothing else',
    { requirements: ['WW-PAGE-041', 'WW-LOG-070'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      const watches = [ResolveData.NONE, ResolveData.ALL].map(
        (resolveData) => [resolveData, new Watch(t, run, { resolveData })] as const,
      );
      await run.given(
        events.stepCreated('step_1', { input: bytes('devl"in"') }),
        events.stepCompleted('step_1', { result: bytes('devl"out"') }),
        events.hookCreated('hook_1', t.unique('token'), { metadata: bytes('devl"m"') }),
        events.hookReceived('hook_1', { payload: bytes('devl"p"') }),
        events.runCompleted({ output: bytes('devl"o"') }),
      );
      for (const [resolveData, watch] of watches)
        t.equal(
          await watch.end(),
          await run.log({ resolveData }),
          `the events under ${ResolveData[resolveData]}`,
        );
    },
  ),
  check(
    'log/watch-goes-on',
    'An open watch sends each event as it commits, and ends behind the ending of the run',
    { requirements: ['WW-LOG-071', 'WW-LOG-070', 'WW-LOG-072'], ...CAPABILITY },
    async (t) => {
      const run = await t.run();
      const watches = [new Watch(t, run), new Watch(t, run, {}, t.client('second watch'))];
      const list = [
        events.runStarted(),
        events.stepCreated('step_1'),
        events.hookCreated('hook_1', t.unique('token')),
        events.hookReceived('hook_1'),
        events.waitCreated('wait_1'),
        events.stepCompleted('step_1'),
      ];
      for (const watch of watches) await watch.count(1);
      for (const [index, event] of list.entries()) {
        const { event: written } = await t.accepted(`${event.data?.case}`, () => run.write(event));
        for (const watch of watches) {
          await watch.count(index + 2);
          t.equal(watch.events.at(-1), written, `what the watch sent of ${event.data?.case}`);
        }
      }
      for (const watch of watches) t.ok(watch.ended === undefined, 'the watch is open', 'open');
      await run.given(events.runCancelled());
      const log = await run.log();
      for (const watch of watches) t.equal(await watch.end(), log, 'the events of the watch');
    },
  ),
  check(
    'log/watch-while-many-write',
    'Watches of a log that many clients write to each send it whole, once and in order',
    { requirements: ['WW-LOG-070', 'WW-LOG-071', 'WW-LOG-072', 'WW-LOG-032'], ...PLACED },
    async (t) => {
      for (let round = 0; round < 3; round++) {
        const run = await t.startedRun();
        await run.given(events.hookCreated('hook_1', t.unique('token')));
        const watches: (readonly [number, Watch])[] = [];
        const open = (after: number) =>
          watches.push([
            after,
            new Watch(t, run, { afterPosition: BigInt(after) }, t.client(`watch ${after}`)),
          ]);
        for (const after of [0, 2, 40]) open(after);
        await Promise.all(
          [0, 1, 2, 3, 4].map(async (writer) => {
            const api = t.client(`writer ${writer + 1}`);
            for (let index = 0; index < 20; index++) {
              const event =
                index % 2 === 0
                  ? events.stepCreated(`step_${writer}_${index}`)
                  : events.hookReceived('hook_1');
              const { event: written } = await t.accepted(`${event.data?.case}`, () =>
                run.write(event, { api }),
              );
              if (index === 10) open(Number(written?.position ?? 0n));
              if (index % 4 === 3) await pause(t, 3);
            }
          }),
        );
        await run.given(events.runCompleted());
        const log = idsOf(await run.log());
        for (const [after, watch] of watches)
          t.equal(idsOf(await watch.end()), log.slice(after), `the events after ${after}`);
      }
    },
  ),
  check(
    'log/watch-meets-the-end',
    'A watch that opens while its run ends sends the whole log and ends',
    { requirements: ['WW-LOG-072', 'WW-LOG-071'], ...CAPABILITY },
    async (t) => {
      for (let round = 0; round < 12; round++) {
        const run = await t.startedRun();
        await run.given(events.stepCreated('step_1'));
        const ending = pause(t, 4).then(() => run.write(events.runCompleted()));
        const watches: Watch[] = [];
        for (let count = 0; count < 4; count++) {
          watches.push(new Watch(t, run, {}, t.client(`watch ${count}`)));
          await pause(t, 2);
        }
        await t.accepted('run_completed', () => ending);
        const log = await run.log();
        for (const watch of watches) t.equal(await watch.end(), log, 'the events of the watch');
      }
    },
  ),
  check(
    'log/watch-stays-open',
    'A watch of an active run stays open while nothing happens, and still sends what comes then',
    { requirements: ['WW-LOG-073', 'WW-LOG-071'], ...CAPABILITY },
    async (t) => {
      const [pending, running] = [await t.run(), await t.startedRun()];
      const watches = [pending, running].map((run) => [run, new Watch(t, run)] as const);
      for (const [run, watch] of watches) await watch.count((await run.log()).length);
      await t.sleep(SILENCE_MS);
      for (const [run, watch] of watches) {
        t.ok(
          watch.ended === undefined,
          'a watch of an active run ended',
          'an open watch',
          String(watch.ended?.error ?? 'its end'),
        );
        await run.given(events.stepCreated('step_1'), events.runCancelled());
        t.equal(await watch.end(), await run.log(), 'the events of the watch');
      }
    },
  ),
  check(
    'log/watch-refused',
    'A watch of no run, and one from a negative position, is refused',
    { requirements: ['WW-LOG-074'], ...CAPABILITY },
    async (t) => {
      const run = await t.startedRun();
      const watch = async (runId: string, afterPosition: bigint) => {
        const signal = AbortSignal.timeout(t.scaled(ARRIVAL_MS));
        const answers = t.api.events.watchEvents({ runId, afterPosition }, { signal });
        for await (const answer of answers) return answer;
        return undefined;
      };
      await t.refused('a watch of no run', () => watch(absentRun(t).id, 0n), 'RUN_NOT_FOUND');
      await t.refused('a negative position', () => watch(run.id, -1n), 'INVALID_ARGUMENT');
      await t.accepted('a watch from the beginning', () => watch(run.id, 0n));
    },
  ),
  check(
    'log/watch-slow-reader',
    'A watch that nobody reads holds up neither writes nor other watches, and loses nothing',
    { requirements: ['WW-LOG-075', 'WW-LOG-070'], ...CAPABILITY },
    async (t) => {
      const proxy = await proxyOf(t);
      const run = await t.startedRun();
      await run.given(events.hookCreated('hook_1', t.unique('token')));
      const slow = new Watch(t, run, {}, t.client('slow', { baseUrl: proxy.url }));
      await slow.count(3);
      proxy.stall();
      const quick = new Watch(t, run, {}, t.client('quick'));
      // More than sockets and their buffers hold.
      const payload = new Uint8Array(256 * 1024).fill(7);
      const count = 48;
      for (let index = 0; index < count; index++)
        await t.accepted('hook_received beside a slow watch', () =>
          run.write(events.hookReceived('hook_1', { payload })),
        );
      await quick.count(3 + count);
      await t.accepted('run_completed beside a slow watch', () => run.write(events.runCompleted()));
      const log = idsOf(await run.log({ resolveData: ResolveData.NONE }));
      t.equal(idsOf(await quick.end()), log, 'the events of the other watch');
      proxy.resume();
      t.equal(idsOf(await slow.end()), log, 'the events of the slow watch');
    },
  ),
  check(
    'log/watch-after-cuts',
    'A watch that is cut off and opened again at its last position has neither gap nor repetition',
    { requirements: ['WW-LOG-070', 'WW-LOG-071'], ...PLACED },
    async (t) => {
      const proxy = await proxyOf(t);
      const run = await t.startedRun();
      const writing = (async () => {
        for (let index = 0; index < 60; index++) {
          await t.accepted('step_created', () => run.write(events.stepCreated(`step_${index}`)));
          await pause(t, 3);
        }
        await t.accepted('run_completed', () => run.write(events.runCompleted()));
      })();
      const seen: Event[] = [];
      for (let cuts = 0; ; cuts++) {
        const afterPosition = seen.at(-1)?.position ?? 0n;
        const api = t.client(`watch ${cuts + 1}`, { baseUrl: proxy.url });
        const watch = new Watch(t, run, { afterPosition }, api);
        const wanted = 1 + t.random.below(8);
        await t.eventually('events, or the end', () =>
          watch.events.length >= wanted || watch.ended ? true : undefined,
        );
        if (cuts < 10) proxy.cut();
        await t.eventually('the end of a watch', () => watch.ended, 2 * ARRIVAL_MS);
        seen.push(...watch.events);
        if (watch.ended?.error === undefined) break;
      }
      await writing;
      t.equal(idsOf(seen), idsOf(await run.log()), 'the events of all watches together');
    },
  ),
];

/** Longer than the time after which servers and proxies take a connection for idle, where they do so too soon. */
const SILENCE_MS = 12_000;

async function proxyOf(t: Context): Promise<CuttingProxy> {
  if (t.url.startsWith('https:')) t.notApplicable('connections are cut without TLS only');
  const proxy = await CuttingProxy.open(() => t.url);
  t.onEnd(() => proxy.close());
  return proxy;
}
