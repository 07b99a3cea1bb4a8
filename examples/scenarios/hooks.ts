import { randomUUID } from 'node:crypto';
import { eventually, holds, same } from './check.ts';
import { UnexpectedAnswer } from './client.ts';
import { checkLedger, checkLog, count } from './log.ts';
import { both, type Scenario } from './scenario.ts';

export const hooks: Scenario[] = [
  {
    name: 'a hook takes several payloads',
    sdk: both,
    async run(app) {
      const token = `collect:${randomUUID()}`;
      const runId = await app.start('collect', [token, 'orders']);
      const hook = await eventually(`hook ${token}`, () => app.hook(token));
      same('holder', hook.runId, runId);
      same('metadata', hook.metadata, { about: 'orders' });
      const texts = ['one', 'two', 'three', 'four', 'five'];
      for (const [i, text] of texts.entries()) {
        const resumed = await app.resume(token, { text, last: i === texts.length - 1 });
        same('resumed run', resumed.runId, runId);
      }
      same('collected', await app.value(runId), ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE']);
      const log = await checkLog(app, runId);
      same('hook_received events', count(log, 'hook_received'), 5);
      same('hook after the end', await app.hook(token), undefined);
      await checkLedger(app, runId, 5);
    },
  },
  {
    name: 'a token that is taken: getConflict',
    sdk: both,
    async run(app) {
      const token = `claim:${randomUUID()}`;
      const first = await app.start('claim', [token]);
      await eventually(`hook ${token}`, () => app.hook(token));
      const second = await app.start('claim', [token]);
      same('second run', await app.value(second), { heldBy: first, got: null });
      const log = await checkLog(app, second);
      same('hook_conflict events', count(log, 'hook_conflict'), 1);

      // The conflict took nothing from the holder, and its end gives the token free.
      await app.resume(token, { text: 'to the first' });
      same('first run', await app.value(first), { heldBy: null, got: 'to the first' });
      await checkLog(app, first);
      const third = await app.start('claim', [token]);
      await eventually(`hook ${token} of ${third}`, async () => {
        const hook = await app.hook(token);
        return hook?.runId === third ? hook : undefined;
      });
      await app.resume(token, { text: 'to the third' });
      same('third run', await app.value(third), { heldBy: null, got: 'to the third' });
    },
  },
  {
    name: 'a token that is taken: awaiting the hook throws',
    sdk: both,
    async run(app) {
      const token = `claim:${randomUUID()}`;
      const first = await app.start('claim', [token]);
      await eventually(`hook ${token}`, () => app.hook(token));
      const second = await app.start('claimBlindly', [token]);
      const { error, message } = await app.value<{ error: string; message: string }>(second);
      same('error', error, 'HookConflictError');
      holds('the message names the token', message.includes(token), message);
      await checkLog(app, second);
      await app.cancel(first);
      same('hook after the cancellation', await app.hook(token), undefined);
    },
  },
  {
    name: 'a disposed hook hands its token over',
    sdk: both,
    async run(app) {
      const token = `hand-over:${randomUUID()}`;
      const gate = `gate:${randomUUID()}`;
      const first = await app.start('handOver', [token, gate]);
      await eventually(`hook ${token}`, () => app.hook(token));
      await app.resume(token, { text: 'first' });
      await eventually(`${first} disposes its hook`, async () => {
        const log = await app.events(first);
        return count(log, 'hook_disposed') > 0 || undefined;
      });
      const second = await app.start('claim', [token]);
      await eventually(`hook ${token} of ${second}`, async () => {
        const hook = await app.hook(token);
        return hook?.runId === second ? hook : undefined;
      });
      await app.resume(token, { text: 'second' });
      same('second run', await app.value(second), { heldBy: null, got: 'second' });
      same('first run still runs', (await app.run(first)).status, 'running');
      await app.resume(gate, { text: 'go' });
      same('first run', await app.value(first), 'first');
      await checkLog(app, first);
    },
  },
  {
    name: 'a token that nobody holds',
    sdk: both,
    async run(app) {
      const token = `nobody:${randomUUID()}`;
      same('hook', await app.hook(token), undefined);
      const error = await app.resume(token, {}).catch((e: unknown) => e);
      const status = error instanceof UnexpectedAnswer ? error.status : error;
      same('answer to a resume', status, 404);
    },
  },
  {
    name: 'a token kept after the end of its run',
    sdk: ['5'],
    async run(app) {
      const token = `retained:${randomUUID()}`;
      const first = await app.start('retained', [token]);
      same('first run', await app.value(first), { heldBy: null });
      const second = await app.start('retained', [token]);
      same('second run', await app.value(second), { heldBy: first });
      await checkLog(app, second);
    },
  },
];
