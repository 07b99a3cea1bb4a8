import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { isOfDeadProcess, ownTag, tagOf } from './process-tag.js';

/** Another process. */
function sleeper() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { pid: child.pid!, gone: new Promise((resolve) => child.once('exit', resolve)), child };
}

it('knows the living from the dead', async () => {
  const { pid, gone, child } = sleeper();
  const consumer = `${tagOf(pid)}id`;
  expect(isOfDeadProcess(consumer)).toBe(false);
  expect(isOfDeadProcess(ownTag())).toBe(false);
  child.kill('SIGKILL');
  await gone;
  expect(isOfDeadProcess(consumer)).toBe(true);
});

it.runIf(existsSync('/proc/self/stat'))('is not misled by a process id that is used again', () => {
  const [kind, host, pid, startedAt] = ownTag().slice(0, -1).split(':');
  expect(Number(startedAt)).toBeGreaterThan(0);
  expect(isOfDeadProcess(`${kind}:${host}:${pid}:${Number(startedAt) - 1}/id`)).toBe(true);
});

it('takes nobody for dead whom it cannot know', () => {
  const [kind, , , startedAt] = ownTag().slice(0, -1).split(':');
  const beyond = 2 ** 22 + 1;
  for (const text of [
    '',
    'a-server-made-this-id',
    `${kind}:elsewhere:${beyond}:${startedAt}/id`,
    ownTag().replace(/:\d+:/, ':0:'),
    ownTag().replace(/:\d+:/, ':x:'),
  ])
    expect(isOfDeadProcess(text), text).toBe(false);
});
