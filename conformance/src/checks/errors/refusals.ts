import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { RunService } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import { postBytes, refusalIn } from '../../fixtures/connect-raw.js';
import * as events from '../../fixtures/new-event.js';
import { newRunId } from '../../fixtures/records.js';
import { refusalOf } from '../../wire/refusal.js';
import { protocols } from '../../wire/transport.js';

const HOUR_MS = 3_600_000;

/** What refusals say, and that they leave nothing. */
export const refusalChecks: readonly Check[] = [
  check(
    'errors/same-over-every-protocol',
    'A refusal has the same code, reason and metadata over every protocol that the World serves',
    { requirements: ['WW-ERR-005', 'WW-WIRE-014'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepCompleted('step_1'));
      const absent = `${run.id.slice(0, -6)}${t.random.text(6)}`;
      const told: string[] = [];
      for (const protocol of protocols) {
        const api = t.client(protocol, { protocol });
        if ('refusal' in (await t.outcome(() => api.world.getWorld({})))) continue;
        const { lastPosition: _same, ...record } = await run.get(api);
        const answers = await Promise.all(
          [
            () => api.runs.getRun({ runId: absent }),
            () => api.runs.getRun({ runId: '' }),
            () => run.write(events.stepCreated('step_1'), { api }),
            () => run.write(events.stepCompleted('step_1'), { api }),
            () => api.steps.getStep({ runId: run.id, stepId: 'step_2' }),
            () => api.hooks.getHookByToken({ token: 'nobody-holds-this' }),
          ].map((call) => t.outcome<unknown>(call)),
        );
        told.push(
          JSON.stringify([
            record.workflowName,
            record.status,
            ...answers.map((answer) =>
              'refusal' in answer
                ? [answer.refusal.code, answer.refusal.reason, answer.refusal.metadata]
                : 'accepted',
            ),
          ]),
        );
      }
      for (const other of told)
        t.equal(other, told[0]!, 'what the World answers over another protocol');
    },
  ),
  check(
    'errors/too-early-names-its-wait',
    'A start before the retry time is refused with the wait that is left',
    { requirements: ['WW-ERR-006'] },
    async (t) => {
      const run = await t.startedRun();
      const until = Date.now() + HOUR_MS;
      await run.given(
        events.stepCreated('step_1'),
        events.stepStarted('step_1'),
        events.stepRetrying('step_1', run.failure(), timestampFromMs(until)),
      );
      const { retryAfterMs, metadata } = await t.refused(
        'a start before the retry time',
        () => run.write(events.stepStarted('step_1')),
        'TOO_EARLY',
      );
      t.ok(
        retryAfterMs !== undefined && retryAfterMs > 0 && retryAfterMs < 2 * HOUR_MS,
        'the refusal does not say how long to wait',
        'a RetryInfo with about an hour',
        `${retryAfterMs} ms`,
      );
      t.equal(
        Math.abs(Number(metadata.retry_after_ms) - retryAfterMs!) <= 1,
        true,
        'retry_after_ms agrees with RetryInfo',
      );
      const other = await t.startedRun();
      await other.given(events.stepCreated('step_1'));
      await t.accepted('a start with no retry time', () =>
        other.write(events.stepStarted('step_1')),
      );
    },
  ),
  check(
    'errors/metadata-named',
    'Refusals name what they are about, in the metadata that the registry lists for their reason',
    { requirements: ['WW-ERR-002', 'WW-ERR-003', 'WW-ERR-004'] },
    async (t) => {
      const run = await t.startedRun();
      const ended = await t.startedRun();
      await run.given(
        events.stepCreated('step_1'),
        events.stepCompleted('step_1'),
        events.hookCreated('hook_1', t.unique('token')),
        events.waitCreated('wait_1'),
      );
      await ended.given(events.runCompleted());
      const absent = newRunId(t);
      const about = { run_id: run.id };
      const step = { ...about, step_id: 'step_1' };
      const calls: (readonly [() => Promise<unknown>, Readonly<Record<string, string>>])[] = [
        [() => t.api.runs.getRun({ runId: absent }), { run_id: absent }],
        [
          () => t.api.steps.getStep({ runId: run.id, stepId: 'step_9' }),
          { ...about, step_id: 'step_9' },
        ],
        [() => t.api.hooks.getHook({ runId: run.id, hookId: 'hook_9' }), { hook_id: 'hook_9' }],
        [() => t.api.hooks.getHookByToken({ token: 'nobody-holds' }), { token: 'nobody-holds' }],
        [() => run.write(events.stepCreated('step_1')), step],
        [() => run.write(events.stepCompleted('step_1')), step],
        [
          () => run.write(events.hookCreated('hook_1', t.unique('token'))),
          { ...about, hook_id: 'hook_1' },
        ],
        [() => run.write(events.waitCreated('wait_1')), { ...about, wait_id: 'wait_1' }],
        [() => ended.write(events.runCompleted()), { run_id: ended.id }],
        [() => ended.write(events.stepCreated('step_1')), { run_id: ended.id }],
        [
          () => run.write({ ...events.stepCreated('step_2'), specVersion: 1_000_000 }),
          { spec_version: '1000000', maximum: String(t.specVersion) },
        ],
        [
          () => t.api.events.listEvents({ runId: run.id, page: { cursor: 'of no list' } }),
          { cursor: 'of no list' },
        ],
        [() => t.api.runs.getRun({ runId: '' }), {}],
      ];
      for (const [call, known] of calls) {
        const outcome = await t.outcome(call);
        if (!('refusal' in outcome)) continue;
        const { reason, metadata } = outcome.refusal;
        const keys = NAMED[reason] ?? [];
        t.equal(
          keys.filter((key) => metadata[key] === undefined),
          [],
          `the metadata that ${reason} lacks`,
        );
        for (const key of keys)
          if (known[key] !== undefined) t.equal(metadata[key], known[key], `${key} of ${reason}`);
      }
      await t.refused('a run that does not exist', calls[0]![0], 'RUN_NOT_FOUND', {
        run_id: absent,
      });
    },
  ),
  check(
    'errors/streams-fail-alike',
    'A stream that cannot begin fails with a reason of the registry',
    { requirements: ['WW-ERR-007'] },
    async (t) => {
      await t.refused(
        'a Receive without a prefix',
        async () => {
          for await (const _message of t.api.queue.receive({}));
        },
        'INVALID_ARGUMENT',
      );
    },
  ),
  check(
    'errors/refusals-leave-nothing',
    'Refused calls leave no event, no record, no message and no chunk',
    { requirements: ['WW-ERR-009'] },
    async (t) => {
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepCompleted('step_1'));
      const bytes = new Uint8Array([1]);
      const before = await run.log();
      const record = await run.get();
      const bad = [
        events.stepStarted('step_1'),
        events.stepCompleted('step_9'),
        events.waitCompleted('wait_9'),
        events.hookDisposed('hook_9'),
        events.hookCreated('', t.unique('token')),
        { data: { case: undefined } },
      ] as const;
      for (const event of bad) {
        const outcome = await t.outcome(() => run.write(event));
        t.ok('refusal' in outcome, `${event.data?.case} is accepted`, 'a refusal', 'accepted');
      }
      t.equal(await run.log(), before, 'the log after the refusals');
      t.equal(await run.get(), record, 'the run after the refusals');
      // A token that a refused hook asked for is free, and so is the key of a refused message.
      const token = t.unique('token');
      const ended = await t.startedRun();
      await ended.given(events.runCompleted());
      const late = await t.outcome(() => ended.write(events.hookCreated('hook_1', token)));
      t.ok('refusal' in late, 'an ended run takes a hook', 'a refusal', 'accepted');
      const taken = await t.accepted('the token of the refused hook', () =>
        run.write(events.hookCreated('hook_1', token)),
      );
      t.equal(taken.event?.data.case, 'hookCreated', 'what the free token gives');
      const message = { queueName: t.queueName(), idempotencyKey: 'key', body: bytes };
      const delay = { seconds: -1n };
      if (
        'refusal' in
        (await t.outcome(() => t.api.queue.enqueue({ message: { ...message, delay } })))
      )
        t.equal(
          (await t.api.queue.enqueue({ message })).deduplicated,
          false,
          'whether the key of a refused message is spent',
        );
    },
  ),
  check(
    'errors/malformed-have-the-form',
    'Bytes that are no message are refused with a reason as well',
    { requirements: ['WW-ERR-008'] },
    async (t) => {
      const { body } = await postBytes(
        t,
        RunService.method.getRun,
        new Uint8Array([0xff, 0xff, 0xff]),
      );
      const { code, reason } = refusalIn(body);
      t.equal([code, reason], ['invalid_argument', 'INVALID_ARGUMENT'], 'code and reason');
    },
  ),
  check(
    'errors/tell-no-secrets',
    "Errors repeat no payload, no credential, and nothing of the World's inside",
    { requirements: ['WW-SEC-017', 'WW-SEC-018'] },
    async (t) => {
      const secret = `secret${t.random.text(20)}`;
      const bytes = new TextEncoder().encode(secret);
      const run = await t.startedRun();
      await run.given(events.stepCreated('step_1'), events.stepCompleted('step_1'));
      const calls: (() => Promise<unknown>)[] = [
        () => run.write(events.stepCreated('step_1', { input: bytes })),
        () => run.write(events.stepCompleted('step_1', { result: bytes })),
        () => run.write(events.hookReceived('hook_9', { payload: bytes })),
        () =>
          t.api.events.createEvent({ runId: run.id, event: events.runCreated({ input: bytes }) }),
        () => t.api.queue.enqueue({ message: { queueName: '', body: bytes } }),
        () => t.api.streams.append({ runId: run.id, name: '', chunks: [bytes] }),
        () =>
          t
            .client('with a token', { headers: { authorization: `Bearer ${secret}` } })
            .runs.getRun({ runId: '' }),
      ];
      let refused = 0;
      for (const call of calls) {
        try {
          // What is wrongly accepted tells nothing; other checks mind it.
          await call();
        } catch (error) {
          if (!(error instanceof ConnectError)) throw error;
          refused++;
          const { message, metadata } = refusalOf(error);
          const text = `${message} ${JSON.stringify(metadata)} ${[...error.metadata].join(' ')}`;
          t.ok(!text.includes(secret), 'an error repeats what was secret', 'none of it', text);
          t.ok(!INSIDE.test(text), 'an error shows the inside of the World', 'none of it', text);
        }
      }
      t.ok(refused > 0, 'no bad request is refused', 'a refusal', 'none');
    },
  ),
];

/** The metadata that the registry names for reasons. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  INVALID_ARGUMENT: ['field', 'problem'],
  INVALID_ID: ['field'],
  INVALID_CURSOR: ['cursor'],
  RUN_NOT_FOUND: ['run_id'],
  STEP_NOT_FOUND: ['run_id', 'step_id'],
  STEP_ALREADY_EXISTS: ['run_id', 'step_id'],
  HOOK_ALREADY_EXISTS: ['run_id', 'hook_id'],
  WAIT_ALREADY_EXISTS: ['run_id', 'wait_id'],
  RUN_ALREADY_ENDED: ['run_id', 'status'],
  STEP_ALREADY_ENDED: ['run_id', 'step_id', 'status'],
  RUN_NOT_SUPPORTED: ['spec_version', 'minimum', 'maximum'],
};

/** Stack traces, statements of a store, paths of a machine. */
export const INSIDE =
  /\n\s+at |node_modules|\.(js|ts|py|go|java):\d+|\b(INSERT INTO|SELECT .* FROM|UPDATE .* SET)\b|\/(home|usr|var|root)\//;
