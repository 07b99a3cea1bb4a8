import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, Code, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { Capability, EventService, KeyService, WorldService } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { StartError, startServer } from '../server.js';
import { failureOf, newRun, serve, temporaryFolder } from '../testing/world.js';
import type { Log } from './log.js';

const key = () => new Uint8Array(randomBytes(32));
const KEY = key();
const BOTH = 'leaves-and-asks';
const TOKENS = `${BOTH} +escrow +keys\nleaves one +escrow\nasks one two +keys\nnone\n`;

/** A World that takes keys in escrow, and clients by their tokens. */
async function open(masterKeys = [key()], dataDir = temporaryFolder()) {
  const tokenFile = join(temporaryFolder(), 'tokens');
  writeFileSync(tokenFile, TOKENS);
  const lines: string[] = [];
  const keep = (facts: object, message: string) => lines.push(JSON.stringify([message, facts]));
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  const server = await serve({ tokenFile, masterKeys, dataDir, log });
  const clientOf =
    <S extends typeof KeyService | typeof EventService>(service: S) =>
    (token: string, project = 'default'): Client<S> =>
      createClient(
        service,
        createConnectTransport({
          baseUrl: server.url,
          httpVersion: '1.1',
          interceptors: [
            (next) => (request) => {
              request.header.set('authorization', `Bearer ${token}`);
              request.header.set('worldwire-project', project);
              return next(request);
            },
          ],
        }),
      );
  return { server, lines, keys: clientOf(KeyService), events: clientOf(EventService) };
}

const escrow = { deploymentId: 'dpl', key: KEY };
const ask = { runId: 'r', reason: 'why' };
const denied = { code: Code.PermissionDenied, reasons: ['PERMISSION_DENIED'] };

it('lets those leave keys, and those ask, whom the token file lets', async () => {
  const { keys, events } = await open();
  await events('none').createEvent(newRun('r'));
  await keys(BOTH).escrowKey(escrow);
  await keys('leaves', 'one').escrowKey(escrow);
  await events('none', 'one').createEvent(newRun('r'));
  await keys('asks', 'one').getRunKey(ask);
  for (const call of [
    keys('leaves', 'one').getRunKey(ask),
    keys('leaves', 'one').listKeys({}),
    keys('leaves', 'one').listKeyAccess({}),
    keys('asks', 'one').escrowKey(escrow),
    keys('none').escrowKey(escrow),
    keys('none').getRunKey(ask),
  ])
    expect(await failureOf(call)).toMatchObject(denied);
  expect(await failureOf(keys('nobody').getRunKey(ask))).toMatchObject({
    reasons: ['UNAUTHENTICATED'],
  });
});

it('keeps an entry in the project that was asked for, also where the token does not open it', async () => {
  const { keys } = await open();
  const stranger = keys('asks', 'three');
  for (const call of [stranger.getRunKey(ask), stranger.listKeyAccess({})])
    expect(await failureOf(call)).toMatchObject({ ...denied, metadata: { project: 'three' } });
  await failureOf(keys('nobody', 'three').getRunKey(ask));
  const { entries } = await keys(BOTH, 'three').listKeyAccess({});
  expect(entries.map(({ method, outcome }) => [method, outcome])).toEqual([
    ['GetRunKey', 'PERMISSION_DENIED'],
    ['ListKeyAccess', 'PERMISSION_DENIED'],
  ]);
  const [, own] = (await keys('asks', 'two').listKeyAccess({})).entries;
  expect(own).toBeUndefined();
});

it('tells its log which entry was made, and neither it nor the data folder a key or a token', async () => {
  const masterKey = key();
  const dataDir = temporaryFolder();
  const { keys, events, lines, server } = await open([masterKey], dataDir);
  await events(BOTH).createEvent(newRun('r'));
  await keys(BOTH).escrowKey(escrow);
  const { runKey } = await keys(BOTH).getRunKey(ask);
  const { entries } = await keys(BOTH).listKeyAccess({});
  for (const { hash } of entries) expect(lines.join()).toContain(hash);
  await server.close();
  const files = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name)));
  const kept = [...files, Buffer.from(lines.join())];
  for (const secret of [KEY, runKey, masterKey, Buffer.from(BOTH)])
    for (const form of ['utf8', 'hex', 'base64'] as const) {
      const text = Buffer.from(secret).toString(form);
      for (const place of kept)
        expect(place.includes(form === 'utf8' ? Buffer.from(secret) : text)).toBe(false);
    }
});

it('is there only with a master key, and a master key only with tokens', async () => {
  const { url } = await serve();
  const transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1' });
  const without = await createClient(WorldService, transport).getWorld({});
  expect(without.capabilities).not.toContain(Capability.KEY_SERVICE);
  expect(await failureOf(createClient(KeyService, transport).listKeys({}))).toMatchObject({
    reasons: ['CAPABILITY_NOT_DECLARED'],
    metadata: { capability: 'CAPABILITY_KEY_SERVICE' },
  });
  const dataDir = temporaryFolder();
  const tokenFile = join(dataDir, 'tokens');
  writeFileSync(tokenFile, TOKENS);
  const start = (options: object) => startServer({ port: 0, dataDir, ...options });
  await expect(start({ masterKeys: [key()] })).rejects.toThrow(StartError);
  await expect(start({ masterKeys: [], tokenFile })).rejects.toThrow('master key');
  await expect(start({ masterKeys: [new Uint8Array(31)], tokenFile })).rejects.toThrow('32 bytes');
  writeFileSync(tokenFile, 'x +admin\n');
  await expect(start({ tokenFile })).rejects.toThrow('line 1');
});

it('opens after a rotation what was wrapped before', async () => {
  const [old, young] = [key(), key()];
  const dataDir = temporaryFolder();
  const first = await open([old], dataDir);
  await first.events(BOTH).createEvent(newRun('r'));
  await first.keys(BOTH).escrowKey(escrow);
  const { runKey } = await first.keys(BOTH).getRunKey(ask);
  await first.server.close();

  const rotated = await open([young, old], dataDir);
  expect((await rotated.keys(BOTH).getRunKey(ask)).runKey).toEqual(runKey);
  await rotated.server.close();

  const lost = await open([young], dataDir);
  expect(await failureOf(lost.keys(BOTH).getRunKey(ask))).toMatchObject({
    reasons: ['KEY_NOT_FOUND'],
    message: expect.stringContaining('master key'),
  });
  await lost.keys(BOTH).escrowKey(escrow);
  expect((await lost.keys(BOTH).getRunKey(ask)).runKey).toEqual(runKey);
});
