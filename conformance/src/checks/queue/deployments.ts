import type { GetLatestDeploymentResponse } from '@worldwire/proto';
import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { CLOCK_MS, millisOf } from './support.js';

/** Which deployment of an environment is the newest. */
export const deploymentChecks: readonly Check[] = [
  check(
    'queue/latest-deployment',
    'The latest deployment is the one that attached its first consumer last',
    { requirements: ['WW-QUEUE-091'], capabilities: ['LATEST_DEPLOYMENT'] },
    async (t) => {
      const environment = t.unique('env');
      // Reverse to any order of names.
      const [first, second] = ['b', 'a'].map((prefix) => t.unique(`dpl_${prefix}`));
      const before = await clock(t);
      await attach(t, environment, first!);
      const one = await latest(t, environment);
      const between = await clock(t);
      t.equal(one.deploymentId, first, 'the latest deployment');
      inTime(t, one, before, between);
      await attach(t, environment, second!);
      const two = await latest(t, environment);
      t.equal(two.deploymentId, second, 'the latest deployment after a newer one attached');
      inTime(t, two, between, await clock(t));
      // Consumers after the first one change nothing.
      await attach(t, environment, second!);
      t.equal(await latest(t, environment), two, 'the latest deployment after it attached again');
    },
  ),
  check(
    'queue/environments-apart',
    'Environments are apart, and the empty one is one of them',
    { requirements: ['WW-QUEUE-091', 'WW-QUEUE-092'], capabilities: ['LATEST_DEPLOYMENT'] },
    async (t) => {
      const [one, two] = [t.unique('env'), t.unique('env')];
      for (const environment of [one, two])
        await t.refused(
          'the latest deployment of an environment that has none',
          () => t.api.queue.getLatestDeployment({ environment }),
          'DEPLOYMENT_NOT_FOUND',
          { environment },
        );
      const of = { one: t.unique('dpl'), two: t.unique('dpl') };
      await attach(t, one, of.one);
      await t.refused(
        'the latest deployment of another environment',
        () => t.api.queue.getLatestDeployment({ environment: two }),
        'DEPLOYMENT_NOT_FOUND',
        { environment: two },
      );
      await attach(t, two, of.two);
      const since = await clock(t);
      await attach(t, '', t.unique('dpl'));
      t.equal((await latest(t, one)).deploymentId, of.one, 'the latest deployment of the first');
      t.equal((await latest(t, two)).deploymentId, of.two, 'the latest deployment of the second');
      // Others attach in the empty environment as well, so all that is known is since when.
      const empty = await latest(t, '');
      t.ok(
        millisOf(empty.attachedAt) >= since - CLOCK_MS,
        'the empty environment does not know its latest deployment',
        'one that attached just now',
        empty,
      );
      t.ok(!Object.values(of).includes(empty.deploymentId), 'it is of no other environment');
    },
  ),
  check(
    'queue/older-deployment',
    'An older deployment that attaches again does not take the place of a newer one',
    { requirements: ['WW-QUEUE-093'], capabilities: ['LATEST_DEPLOYMENT'] },
    async (t) => {
      const environment = t.unique('env');
      const [older, newer] = [t.unique('dpl'), t.unique('dpl')];
      for (const deployment of [older, newer, older]) await attach(t, environment, deployment);
      t.equal((await latest(t, environment)).deploymentId, newer, 'the latest deployment');
    },
  ),
];

async function attach(t: Context, environment: string, deploymentId: string): Promise<void> {
  await t.consumer({ queuePrefixes: [t.queueName()], environment, deploymentId });
}

function latest(t: Context, environment: string): Promise<GetLatestDeploymentResponse> {
  return t.accepted('GetLatestDeployment', () => t.api.queue.getLatestDeployment({ environment }));
}

/** The World's clock, by the creation of a run. */
async function clock(t: Context): Promise<number> {
  const run = await (await t.run()).get();
  return millisOf(run.createdAt);
}

function inTime(
  t: Context,
  { attachedAt }: GetLatestDeploymentResponse,
  from: number,
  to: number,
): void {
  const at = millisOf(attachedAt);
  t.ok(
    at >= from - CLOCK_MS && at <= to + CLOCK_MS,
    'attached_at is not the time of the attachment',
    `${from} to ${to}`,
    at,
  );
}
