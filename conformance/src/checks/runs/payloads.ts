import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { about, absentRun, hooksOf, stepOf } from '../../fixtures/records.js';
import { sameFailure } from './failures.js';

/** Bytes that a World is tempted to read: each of them is only bytes. */
function odd(t: Context): [what: string, bytes: Uint8Array][] {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  return [
    ['no byte at all', new Uint8Array()],
    ['one NUL', Uint8Array.of(0)],
    ['every byte', Uint8Array.from({ length: 256 }, (_, at) => at)],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80)],
    ['text that is no JSON', utf8('devl{"broken":')],
    ['JSON without a prefix', utf8('{"a": 1,  "a": 2}')],
    ['a line ending', utf8('a\r\nb\n')],
    ['an encrypted value', Uint8Array.of(...utf8('encr'), ...t.random.bytes(40))],
    ['a compressed value', Uint8Array.of(0x1f, 0x8b, 8, ...t.random.bytes(40))],
    ['100,000 bytes', t.random.bytes(100_000)],
  ];
}

/** What belongs to user code goes in and comes out as it is. */
export const payloadChecks: readonly Check[] = [
  check(
    'runs/payloads-untouched',
    'Any bytes are a payload wherever there is one, and come back as they were written',
    {
      requirements: [
        'WW-OVR-007',
        'WW-OVR-008',
        'WW-RUN-005',
        'WW-RUN-022',
        'WW-STEP-002',
        'WW-STEP-003',
      ],
    },
    async (t) => {
      for (const [what, bytes] of odd(t)) {
        const input = bytes;
        const run = absentRun(t);
        const [stepId, hookId] = [t.unique('step'), t.unique('hook')];
        const token = t.unique('token');
        for (const event of [
          events.runCreated({ input }),
          events.runStarted(),
          events.stepCreated(stepId, { input }),
          events.stepStarted(stepId),
          events.stepCompleted(stepId, { result: bytes }),
          events.hookCreated(hookId, token, { metadata: bytes }),
          events.hookReceived(hookId, { payload: bytes }),
        ])
          await t.accepted(`${event.data?.case} with ${what}`, () => run.write(event));
        const [hook] = await hooksOf(run, t.api);
        const byToken = await t.api.hooks.getHookByToken({ token });
        t.equal(hook?.metadata, bytes, `metadata of ListHooks: ${what}`);
        t.equal(byToken.hook?.metadata, bytes, `metadata of GetHookByToken: ${what}`);
        await t.accepted(`an output of ${what}`, () =>
          run.write(events.runCompleted({ output: bytes })),
        );
        const record = await run.get();
        t.equal(record.input, bytes, `input of the run: ${what}`);
        t.equal(record.output, bytes, `output of the run: ${what}`);
        const step = await stepOf(t, run, stepId);
        t.equal(step.input, bytes, `input of the step: ${what}`);
        t.equal(step.output, bytes, `output of the step: ${what}`);
        let found = 0;
        for (const { data } of await run.log())
          for (const [name, value] of Object.entries(data.value ?? {}))
            if (value instanceof Uint8Array) {
              found += 1;
              t.equal(value, bytes, `${name} of ${data.case}: ${what}`);
            }
        t.equal(found, 6, `payloads in the log: ${what}`);
      }
    },
  ),
  check(
    'runs/errors-untouched',
    'Errors come back as they were written, in runs, steps and events',
    {
      requirements: ['WW-OVR-007', 'WW-OVR-008', 'WW-RUN-023', 'WW-STEP-004', 'WW-STEP-005'],
    },
    async (t) => {
      const probe = await t.startedRun();
      const asBytes = probe.failure().form?.case === 'payload';
      const forms = asBytes
        ? odd(t)
            .filter(([, bytes]) => bytes.length > 0)
            .map(([what, value]) => [what, { form: { case: 'payload', value } }] as const)
        : ['plain', '', 'ü 日本 \u{1f600}\n\t"'].map(
            (message) => [`the text ${JSON.stringify(message)}`, probe.failure(message)] as const,
          );
      for (const [what, error] of forms) {
        const run = await t.startedRun();
        const [failed, retried] = [t.unique('step'), t.unique('step')];
        for (const event of [
          events.stepCreated(failed),
          events.stepFailed(failed, error as never),
          events.stepCreated(retried),
          events.stepStarted(retried),
          events.stepRetrying(retried, error as never),
          events.runFailed(error as never),
        ])
          await t.accepted(`${event.data?.case} with ${what}`, () => run.write(event));
        const log = await run.log();
        const errors = [
          (await run.get()).error,
          (await stepOf(t, run, failed)).error,
          (await stepOf(t, run, retried)).error,
          ...[log.at(-1), about(log, failed).at(-1), about(log, retried).at(-1)].map(
            (event) => (event?.data.value as { error?: never } | undefined)?.error,
          ),
        ];
        for (const each of errors) sameFailure(t, each, error as never, what);
      }
    },
  ),
];
