import { createWorldClient } from '@worldwire/sdk';
import { describe, expect, it } from 'vitest';
import { append, inspectedWorld, type Json } from './testing/inspected-world.js';
import { RUN } from './testing/payloads.js';

const world = inspectedWorld();

describe('worldwire inspect', () => {
  it('lists page by page', async () => {
    const positions: number[] = [];
    let cursor: string[] = [];
    for (let more = true; more; ) {
      const args = ['events', RUN, '--limit', '4', ...cursor];
      const { events, page } = (await world.json(args)).document as { events: Json[]; page: Json };
      expect(events.length).toBeLessThanOrEqual(4);
      positions.push(...events.map(({ position }) => Number(position)));
      more = page.hasMore === true;
      const hint = `more with --cursor ${page.cursor}\n`;
      expect((await world.inspect(args)).stdout.includes(hint)).toBe(more);
      cursor = ['--cursor', String(page.cursor)];
    }
    expect(positions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('says in one line what the World refuses', async () => {
    for (const [args, env, words] of [
      [['run', 'nope'], {}, 'RUN_NOT_FOUND'],
      [['events', 'nope'], {}, 'RUN_NOT_FOUND'],
      [['run', RUN], { WORLDWIRE_PROJECT: 'other' }, 'RUN_NOT_FOUND'],
      [['runs'], { WORLDWIRE_TOKEN: 'nobody' }, 'UNAUTHENTICATED'],
      [['runs', '--cursor', 'nonsense'], {}, 'INVALID_CURSOR'],
      [['runs', '--url', 'http://127.0.0.1:1'], {}, 'unavailable'],
      [['runs', '--url', 'nonsense'], {}, 'not an address'],
    ] as const) {
      const { code, stdout, stderr } = await world.inspect(args, env);
      expect(code, args.join(' ')).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^worldwire: [^\n]+\n$/);
      expect(stderr).toContain(words);
    }
  });

  it('refuses what makes no sense', async () => {
    for (const args of [
      ['run'],
      ['nonsense'],
      ['runs', '--decrypt'],
      ['runs', '--limit', '0'],
      ['runs', '--limit', '1001'],
      ['run', RUN, '--reason', 'why'],
      ['run', RUN, '--key-file', world.keyFile],
      ['run', RUN, '--decrypt', '--reason', 'why', '--key-file', world.keyFile],
      ['runs', '--url', 'embedded:.worldwire'],
    ]) {
      const { code, stdout, stderr } = await world.inspect(args);
      expect(code, args.join(' ')).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).not.toBe('');
    }
  });

  it('lets no text of a stranger steer the terminal', async () => {
    const steering = ['\u001b[2J', '\u009b2J', '\u202e'];
    const client = createWorldClient({ url: world.url, token: 'ops', project: 'rude' });
    const input = Buffer.from(`devl[${JSON.stringify(steering.join())}]`);
    const create = { deploymentId: 'd', workflowName: 'w', input };
    const message = steering.join();
    const error = { form: { case: 'structured', value: { message } } } as const;
    await append(client, 'r', { case: 'runCreated', value: create });
    await append(client, 'r', { case: 'runStarted', value: {} });
    await append(client, 'r', { case: 'runFailed', value: { error } });
    await client.close();
    const { code, stdout } = await world.inspect(['run', 'r', '--decrypt'], {
      WORLDWIRE_PROJECT: 'rude',
    });
    expect(code).toBe(0);
    expect(stdout.match(/\\u001b\[2J,\\u009b2J,\\u202e/g)).toHaveLength(2);
    for (const text of steering) expect(stdout).not.toContain(text[0]);
  });
});
