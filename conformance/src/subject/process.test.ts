import { afterEach, expect, it } from 'vitest';
import { OwnedWorld } from './process.js';

/** Answers nothing; that it is ready says it after a while. */
const WORLD = `setTimeout(() => console.log('listening on http://127.0.0.1:' + process.pid), 200)
setInterval(() => {}, 1000)`;
const start = {
  command: `'${process.execPath}' -e "$WORLD"`,
  env: { WORLD },
  readyMs: 20_000,
};

let world: OwnedWorld;
afterEach(() => world.dispose());

it('starts a World that was killed', async () => {
  world = new OwnedWorld(start);
  const first = await world.start();
  await world.revive();
  expect(world.url).toBe(first);
  await world.kill();
  await world.revive();
  expect(world.url).not.toBe(first);
});

it('waits for a start that is under way', async () => {
  world = new OwnedWorld(start);
  const [url] = await Promise.all([world.start(), world.revive()]);
  expect(world.url).toBe(url);
});
