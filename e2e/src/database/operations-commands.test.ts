/** What an operator asks of a World on PostgreSQL, and what the guide to its operation says. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { KeyService } from '@worldwire/proto';
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { execute, Postgres } from '../../../reference-world/src/testing/postgres.js';
import { REPOSITORY } from '../harness/paths.js';
import { tempDir } from '../harness/scratch.js';
import { until } from '../harness/until.js';
import { startWorld } from '../harness/world.js';
import { connect, startRun } from '../wire/clients.js';
import { worldwire } from './operations-harness.js';

const TOKEN = 'secret';
const headers = { authorization: `Bearer ${TOKEN}`, 'worldwire-project': 'default' };

const postgres = new Postgres();
let url: string;
beforeEach(async () => {
  url = await postgres.createDatabase();
});
afterAll(() => postgres.stop());

async function serve(...args: string[]): Promise<string> {
  const world = await startWorld({ args, env: { WORLDWIRE_DATABASE_URL: url } });
  onTestFinished(async () => void (await world.stop()));
  return world.url;
}

test('doctor examines a database that servers are at work on, and says how it is', async () => {
  const doctor = (...args: string[]) => worldwire(['doctor', '--database-url', url, ...args]);
  const before = await doctor();
  expect(before).toMatchObject({ code: 0, stdout: expect.stringMatching(/not there yet/) });
  await serve();
  await serve();
  const found = await doctor();
  expect(found.stdout).toMatch(/^ok +connections +2 servers /m);
  expect(found).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\n0 problems, 0 warnings\n$/),
  });
  expect(JSON.parse((await doctor('--json')).stdout)).toContainEqual(
    expect.objectContaining({ level: 'ok', about: 'schema' }),
  );
  await execute(url, 'INSERT INTO worldwire.migrations (version) VALUES (10000)');
  expect(await doctor()).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/-> use the rel/),
  });
  const none = await worldwire(['doctor', '--database-url', 'postgres://worldwire@127.0.0.1:9/x']);
  expect(none).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/ECONNREFUSED/),
  });
});

test('audit verify follows the log in the database, and finds a row that was tampered with', async () => {
  const folder = tempDir('keys');
  const [tokens, key] = [join(folder, 'tokens'), join(folder, 'master')];
  writeFileSync(tokens, `${TOKEN} +escrow +keys`);
  writeFileSync(key, randomBytes(32).toString('base64'));
  const address = await serve('--token-file', tokens, '--master-key-file', key);
  const { getRunKey } = createClient(
    KeyService,
    createConnectTransport({ baseUrl: address, httpVersion: '1.1' }),
  );
  for (let i = 0; i < 5; i++)
    await getRunKey({ runId: 'none', reason: `reason ${i}` }, { headers }).catch(() => {});

  const verify = (...args: string[]) =>
    worldwire(['audit', 'verify', ...args], { WORLDWIRE_DATABASE_URL: url });
  const whole = await verify();
  expect(whole).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^default: 5 entries, head/),
  });
  const [, head] = /head ([0-9a-f]{64})/.exec(whole.stdout)!;
  await execute(url, "UPDATE worldwire.key_access SET reason = 'another' WHERE sequence = 3");
  expect(await verify()).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/2 entries.*\n.*broken: entry 3 was altered/),
  });
  await execute(url, 'DELETE FROM worldwire.key_access WHERE sequence >= 3');
  expect(await verify('--expect-head', head!)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^default: 2 entries.*\nno entry in order has the hash/),
  });
  await execute(url, 'DROP SCHEMA worldwire CASCADE');
  expect(await verify()).toMatchObject({ code: 2, stdout: '' });
});

test('two servers remove runs that ended long ago, and no other', async () => {
  const keep = ['--keep-runs', '2s'];
  const clients = [await serve(...keep), await serve(...keep)].map((address) => connect(address));
  const [client] = clients;
  const active = await startRun(client!);
  const ended: string[] = [];
  for (let i = 0; i < 20; i++) {
    const runId = await startRun(clients[i % 2]!);
    await client!.events.createEvent({
      runId,
      event: { data: { case: 'runCompleted', value: {} } },
    });
    ended.push(runId);
  }
  await until('they are removed', async () => {
    const { runs } = await client!.runs.listRuns({});
    return runs.length === 1 || undefined;
  });
  for (const runId of ended) await expect(client!.runs.getRun({ runId })).rejects.toThrow();
  expect((await client!.runs.getRun({ runId: active })).run?.runId).toBe(active);
  await until('nothing is left of them', async () => {
    const [row] = await execute<{ count: number }>(
      url,
      'SELECT count(*)::integer AS count FROM worldwire.runs',
    );
    return row!.count === 1 || undefined;
  });
});

test('the guide names metrics that there are', async () => {
  const guide = readFileSync(join(REPOSITORY, 'reference-world/OPERATIONS.md'), 'utf8');
  const named = new Set(guide.match(/\b(worldwire|process|nodejs)_[a-z0-9_]+\b/g));
  expect(named.size).toBeGreaterThan(8);
  const address = await serve();
  await startRun(connect(address));
  const text = await (await fetch(`${address}/metrics`)).text();
  const there = new Set(
    [...text.matchAll(/^(?:# TYPE )?([a-z0-9_]+)[ {]/gm)].map(([, name]) => name),
  );
  for (const name of named) expect(there, name).toContain(name);
});
