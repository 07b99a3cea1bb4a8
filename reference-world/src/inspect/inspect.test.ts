import { readdirSync } from 'node:fs';
import { RunKeys, seal } from '@worldwire/sdk/envelope';
import { describe, expect, it } from 'vitest';
import { append, inspectedWorld, payloadsOf } from './testing/inspected-world.js';
import { altered, encr, key, made, RUN, streamed, wrongKey } from './testing/payloads.js';

const world = inspectedWorld();

const VIEWS = [
  ['run', RUN],
  ['steps', RUN],
  ['events', RUN],
  ['hooks', RUN],
  ['hooks'],
  ['stream', RUN, 'encr'],
  ['stream', RUN, 'encp'],
];
/** What the payloads of the run hold. */
const CONTENT = /greeting|hello, |日本|nested|line 0/;
const small = made('core-5/devl/small').value;
const unicode = made('vercel-workflow/devl/unicode').value;
const large = made('core-5/gzip/large').value;

describe('without --decrypt', () => {
  // As sealed, also where the key is at hand.
  it.each(VIEWS.map((view) => ({ view, name: view.join(' ') })))('$name', async ({ view }) => {
    const env = { WORLDWIRE_KEY: key.text };
    const { code, stderr, document } = await world.json(view, env);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const payloads = Object.entries(payloadsOf(document));
    expect(payloads.length).toBeGreaterThan(0);
    for (const [path, { prefix, bytes, keyId, publicKey, ...more }] of payloads) {
      expect(more, path).toEqual({});
      expect(bytes).toBeGreaterThan(12);
      if (prefix === 'devl') continue;
      expect(prefix).toMatch(/^enc[rp]$/);
      expect(keyId).toBe(key.id);
      expect(publicKey).toMatch(/^[0-9a-f]{16}$/);
    }
    const text = await world.inspect(view, env);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(new RegExp(`enc[rp], \\d+ bytes, key ${key.id}`));
    const shown = JSON.stringify(document) + text.stdout;
    expect(shown).not.toMatch(CONTENT);
    // Nor in base64, as the wire's own JSON has them.
    expect(shown).not.toMatch(/ZW5j|ZGV2/);
  });

  it('lists runs and streams', async () => {
    const runs = await world.json(['runs']);
    expect(runs.document.runs).toMatchObject([{ runId: RUN, workflowName: 'hello' }]);
    expect(payloadsOf(runs.document)).toEqual({});
    expect((await world.inspect(['runs'])).stdout).toMatch(
      new RegExp(`^${RUN}  RUN_STATUS_RUNNING  \\S+Z  hello\n$`),
    );
    const listed = await world.json(['streams', RUN]);
    const tailIndex = String(streamed.length - 1);
    expect(listed.document.streams).toEqual([
      { name: 'encr', tailIndex, done: false },
      { name: 'encp', tailIndex, done: false },
    ]);
  });

  it('does not mind settings for keys that are wrong', async () => {
    const env = { WORLDWIRE_KEY: 'nonsense', WORLDWIRE_KEY_FILE: 'none' };
    expect((await world.inspect(['run', RUN], env)).code).toBe(0);
  });
});

describe('with the key at hand', () => {
  it.each([
    ['WORLDWIRE_KEY_FILE', () => [[], { WORLDWIRE_KEY_FILE: world.keyFile }] as const],
    ['--key-file', () => [['--key-file', world.keyFile], { WORLDWIRE_KEY: 'nonsense' }] as const],
  ])('%s says where it is', async (_, way) => {
    const [args, env] = way();
    const { code, document } = await world.json(['run', RUN, '--decrypt', ...args], env);
    expect(code).toBe(0);
    expect(payloadsOf(document)['run.input']?.value).toEqual(small);
  });

  it('opens every payload', async () => {
    const env = { WORLDWIRE_KEY: key.text };
    const all: Record<string, unknown> = {};
    for (const view of VIEWS) {
      const { code, stderr, document } = await world.json([...view, '--decrypt'], env);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      for (const [path, { value }] of Object.entries(payloadsOf(document)))
        all[`${view[2] ?? ''}${path}`] = value;
    }
    expect(all).toEqual({
      'run.input': small,
      'steps.0.input': unicode,
      'steps.0.output': large,
      'steps.0.error.payload': unicode,
      'steps.1.input': small,
      'steps.1.error.payload': small,
      'events.0.runCreated.input': small,
      'events.2.stepCreated.input': unicode,
      'events.4.stepRetrying.error.payload': unicode,
      'events.5.stepCompleted.result': large,
      'events.6.stepCreated.input': small,
      'events.7.stepFailed.error.payload': small,
      'events.8.hookCreated.metadata': unicode,
      'events.9.hookReceived.payload': large,
      'hooks.0.metadata': unicode,
      ...Object.fromEntries(
        streamed.flatMap(({ value }, i) => [
          [`encrchunks.${i}.data`, value],
          [`encpchunks.${i}.data`, value],
        ]),
      ),
    });
  });

  it('shows how each was sealed and compressed, or that it was not', async () => {
    const env = { WORLDWIRE_KEY: key.text };
    const shown = payloadsOf((await world.json(['steps', RUN, '--decrypt'], env)).document);
    expect(shown['steps.0.output']).toMatchObject({ seal: 'encr', compression: 'gzip' });
    expect(shown['steps.1.input']).not.toHaveProperty('seal');
    const { stdout } = await world.inspect(['run', RUN, '--decrypt'], env);
    const line = `  input +encr, \\d+ bytes, key ${key.id}: \\[{"greeting":"hello","count":42}\\]`;
    expect(stdout).toMatch(new RegExp(`^${line}$`, 'm'));
  });
});

describe('without the key', () => {
  it.each([
    ['a wrong one', { WORLDWIRE_KEY: wrongKey.text }, `WORLDWIRE_KEY has ${wrongKey.id}`],
    ['none', {}, '.worldwire-keys/keys has no key'],
  ])('%s: says which one is missing, and goes on', async (_, env, has) => {
    const { code, stderr, document } = await world.json(['steps', RUN, '--decrypt'], env);
    expect(code).toBe(1);
    expect(stderr).toBe('worldwire: 4 payloads could not be opened\n');
    const { 'steps.1.input': unsealed, ...sealed } = payloadsOf(document);
    expect(unsealed?.value).toEqual(small);
    expect(Object.keys(sealed)).toHaveLength(4);
    for (const shown of Object.values(sealed)) {
      expect(shown).toMatchObject({ keyId: key.id, error: { failure: 'key' } });
      expect(shown).not.toHaveProperty('value');
      for (const word of [RUN, key.id, has])
        expect((shown.error as { message: string }).message).toContain(word);
    }
    const text = await world.inspect(['run', RUN, '--decrypt'], env);
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/^ {2}input +encr, .*: cannot be opened \(key\): .* is missing/m);
    expect(readdirSync(world.folder), 'made no key').toEqual([]);
  });
});

describe('payloads that nobody can open', () => {
  it('says of each what is wrong with it, and opens the others', async () => {
    const run = 'wrun_broken';
    const stranger = new RunKeys({ runKey: new Uint8Array(32).fill(3) });
    const inputs: [Uint8Array, string | undefined][] = [
      [altered(encr(Buffer.from('devl["SECRET"]'))), 'authentication'],
      [seal(Buffer.from('devl["SECRET"]'), stranger), 'authentication'],
      [Buffer.from('futr SECRET'), 'prefix'],
      [Buffer.from('SECRET without a prefix'), 'prefix'],
      [new Uint8Array(), 'prefix'],
      [Buffer.from('encr'), 'format'],
      [Buffer.from('devl[SECRET'), 'format'],
      [Buffer.from('devl["fine"]'), undefined],
    ];
    const { ops } = world;
    const create = { deploymentId: 'd', workflowName: 'w', encryptionKeyId: key.id };
    await append(ops, run, { case: 'runCreated', value: create });
    await append(ops, run, { case: 'runStarted', value: {} });
    for (const [i, [input]] of inputs.entries())
      await append(ops, run, { case: 'stepCreated', value: { stepName: 's', input } }, `s${i}`);
    const { code, stderr, document } = await world.json(['steps', run, '--decrypt'], {
      WORLDWIRE_KEY: key.text,
    });
    expect(code).toBe(1);
    expect(stderr).toBe('worldwire: 7 payloads could not be opened\n');
    const shown = Object.values(payloadsOf(document));
    expect(shown.map(({ error }) => (error as { failure: string } | undefined)?.failure)).toEqual(
      inputs.map(([, failure]) => failure),
    );
    expect(shown.at(-1)?.value).toBe('fine');
    expect(JSON.stringify(document)).not.toContain('SECRET');
  });
});

describe('with a key that the World has in escrow', () => {
  const reason = ['--decrypt', '--reason', 'ticket 7'];

  async function entries(): Promise<string[][]> {
    const found = [];
    for await (const { method, outcome, reason } of world.ops.listKeyAccess({ runId: RUN }))
      found.push([method, outcome, reason]);
    return found;
  }

  it('says where there is none', async () => {
    const { code, document } = await world.json(['run', RUN, ...reason]);
    expect(code).toBe(1);
    const { error } = payloadsOf(document)['run.input']!;
    expect(error).toMatchObject({ failure: 'key', message: expect.stringContaining(RUN) });
  });

  it('opens payloads with one call, and asks for nothing that it does not need', async () => {
    await world.ops.keys.escrowKey({ deploymentId: 'd', key: key.secret });
    const before = await entries();
    // Whoever gives a reason wants it on record: the key at hand is not asked.
    const env = { WORLDWIRE_KEY: wrongKey.text };
    const { code, document } = await world.json(['events', RUN, ...reason], env);
    expect(code).toBe(0);
    const shown = payloadsOf(document);
    expect(shown['events.0.runCreated.input']?.value).toEqual(small);
    expect(shown['events.9.hookReceived.payload']?.value).toEqual(large);
    const after = await entries();
    expect(after.slice(before.length)).toEqual([['GetRunKey', 'OK', 'ticket 7']]);
    await world.inspect(['run', RUN, '--decrypt'], { WORLDWIRE_KEY: key.text });
    await world.inspect(['run', RUN]);
    await world.inspect(['streams', RUN]);
    expect(await entries()).toEqual(after);
  });

  it('is refused who has not the permission', async () => {
    const env = { WORLDWIRE_TOKEN: 'plain', WORLDWIRE_KEY: key.text };
    const { code, document } = await world.json(['run', RUN, ...reason], env);
    expect(code).toBe(1);
    const message = expect.stringMatching(`${RUN}.*${key.id}.*PERMISSION_DENIED`);
    expect(payloadsOf(document)['run.input']).toMatchObject({
      keyId: key.id,
      error: { failure: 'key', message },
    });
    expect(await entries()).toContainEqual(['GetRunKey', 'PERMISSION_DENIED', 'ticket 7']);
  });
});
