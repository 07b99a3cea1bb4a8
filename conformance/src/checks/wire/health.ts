import { RunService, services } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { envelope, pathOf, refusalIn } from '../../fixtures/connect-raw.js';
import { postGrpc } from '../../fixtures/grpc-raw.js';
import { serves } from '../../fixtures/protocols.js';
import { refusalOf } from '../../wire/refusal.js';

const HEALTH = '/grpc.health.v1.Health/Check';

/** How long a World may take to stop: what platforms give before they kill. */
const STOP_MS = 25_000;

/** Health, and a server that stops. */
export const healthChecks: readonly Check[] = [
  check(
    'wire/health',
    'Health is told without a credential, of the server and of each of its services',
    { requirements: ['WW-WIRE-032'] },
    async (t) => {
      const grpc = await serves(t, 'grpc');
      for (const service of ['', ...services.map(({ typeName }) => typeName)]) {
        const told = grpc ? await overGrpc(t, service) : await overConnect(t, service);
        t.equal(told, 'SERVING', `the health of ${JSON.stringify(service)}`);
      }
    },
  ),
  check(
    'wire/stops-in-order',
    'A World that is told to stop ends what is under way, and refuses what comes with SHUTTING_DOWN',
    { requirements: ['WW-WIRE-033'], needs: ['process'], timeoutMs: 90_000 },
    async (t) => {
      const run = await t.startedRun();
      const reader = t.reader({ runId: run.id, name: t.streamName });
      await reader.attached();
      const consumer = await t.consumer({ queuePrefixes: [t.queueName()] });
      const poll = t.outcome(() =>
        t.api.runs.waitForRun({ runId: run.id, timeout: { seconds: 60n } }),
      );
      // A call of its own connection first, so that the long poll has begun.
      await run.get();
      await t.sleep(200);
      const { url } = t;
      const gone = t.process.askToStop();
      let stopped = false;
      const end = gone.then(() => (stopped = true));
      const late: string[] = [];
      while (!stopped && late.length < 200) {
        const answer = await t
          .raw({
            path: pathOf(RunService.method.getRun),
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ runId: run.id }),
            at: url,
          })
          .catch(() => undefined);
        // Who finds no connection hears nothing, as of a server that is gone.
        if (answer !== undefined && answer.status !== 200) late.push(refusalIn(answer.body).reason);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      t.equal(
        [...new Set(late)].filter((reason) => reason !== 'SHUTTING_DOWN'),
        [],
        'what late calls are told',
      );
      const inTime = await Promise.race([end, t.sleep(STOP_MS)]);
      t.equal(inTime, true, 'whether the process ended after SIGTERM');
      const polled = await poll;
      t.ok(
        'value' in polled || polled.refusal.reason === 'SHUTTING_DOWN',
        'a long poll that was under way is cut off',
        'an answer or SHUTTING_DOWN',
        polled,
      );
      for (const [what, { ended }] of [
        ['Read', reader],
        ['Receive', consumer],
      ] as const)
        t.ok(
          ended !== undefined &&
            (ended.error === undefined || refusalOf(ended.error).reason === 'SHUTTING_DOWN'),
          `a ${what} that was under way is cut off`,
          'its end, with SHUTTING_DOWN or without an error',
          ended?.error === undefined ? 'no end' : refusalOf(ended.error),
        );
    },
  ),
];

async function overConnect(t: Context, service: string): Promise<unknown> {
  const { status, body } = await t.raw({
    ...{ path: HEALTH, anonymous: true, body: JSON.stringify({ service }) },
    headers: { 'content-type': 'application/json', 'connect-protocol-version': '1' },
  });
  if (status !== 200) return `HTTP ${status}`;
  return (JSON.parse(Buffer.from(body).toString()) as { status?: unknown }).status;
}

/** HealthCheckRequest has the service as field 1, and HealthCheckResponse the status: 1 is SERVING. */
async function overGrpc(t: Context, service: string): Promise<unknown> {
  const name = Buffer.from(service);
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const { refusal, frames } = await postGrpc(t, HEALTH, envelope(message));
  if (refusal !== undefined) return `${refusal.code}: ${refusal.message}`;
  const [answer] = frames;
  return answer?.data[0] === 0x08 && answer.data[1] === 1 ? 'SERVING' : 'another status';
}
