import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import { expect, it } from 'vitest';
import { StartError, startServer } from '../server.js';
import { clientsOf, failureOf, newRun, serve, temporaryFolder } from '../testing/world.js';

const bearer = (token: string, project?: string) => ({
  headers: {
    authorization: `Bearer ${token}`,
    ...(project !== undefined && { 'worldwire-project': project }),
  },
});

async function open(lines: string) {
  const tokenFile = join(temporaryFolder(), 'tokens');
  writeFileSync(tokenFile, lines);
  const { url } = await serve({ tokenFile });
  return { url, tokenFile, ...clientsOf(url) };
}

it('lets in who has a token, to the projects that it opens', async () => {
  const { runs, world } = await open('# people\nall\nsome one two # both\n\n');
  expect((await world.getWorld({})).protocolVersion).toBe('1.0');
  const refused = { code: Code.Unauthenticated, reasons: ['UNAUTHENTICATED'] };
  expect(await failureOf(runs.listRuns({}))).toMatchObject(refused);
  expect(await failureOf(runs.listRuns({}, bearer('nobody')))).toMatchObject(refused);
  expect(await failureOf(runs.listRuns({}, bearer('# people')))).toMatchObject(refused);
  await runs.listRuns({}, bearer('all'));
  await runs.listRuns({}, bearer('all', 'any'));
  await runs.listRuns({}, bearer('some', 'two'));
  expect(await failureOf(runs.listRuns({}, bearer('some')))).toMatchObject({
    code: Code.PermissionDenied,
    reasons: ['PERMISSION_DENIED'],
    metadata: { project: 'default' },
  });
});

it('asks for a token before it reads a body, whatever the path', async () => {
  const { url } = await open('secret');
  for (const path of [
    'worldwire.v1.RunService/ListRuns',
    'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  ])
    for (const type of ['application/proto', 'application/json', 'application/connect+proto']) {
      const response = await fetch(`${url}/${path}`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: 'x',
      });
      expect(await response.text()).toContain('UNAUTHENTICATED');
    }
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
  expect((await fetch(`${url}/metrics`, bearer('secret'))).status).toBe(200);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

it('reads the file again when it changes, and keeps what it had while it is broken', async () => {
  const { runs, tokenFile } = await open('old');
  await runs.listRuns({}, bearer('old'));
  writeFileSync(tokenFile, 'new-one\n');
  await expect
    .poll(
      () =>
        runs.listRuns({}, bearer('new-one')).then(
          () => true,
          () => false,
        ),
      {
        timeout: 30_000,
        interval: 200,
      },
    )
    .toBe(true);
  expect(await failureOf(runs.listRuns({}, bearer('old')))).toMatchObject({
    code: Code.Unauthenticated,
  });
});

it('keeps projects apart, and refuses a name that is none', async () => {
  const { events, runs } = clientsOf((await serve()).url);
  const other = { headers: { 'worldwire-project': 'other' } };
  await events.createEvent(newRun('r'));
  expect(await failureOf(runs.getRun({ runId: 'r' }, other))).toMatchObject({
    reasons: ['RUN_NOT_FOUND'],
  });
  await events.createEvent(newRun('r'), other);
  expect((await runs.listRuns({}, other)).runs).toHaveLength(1);
  expect(
    await failureOf(runs.listRuns({}, { headers: { 'worldwire-project': 'a/b' } })),
  ).toMatchObject({ code: Code.InvalidArgument, reasons: ['INVALID_ID'] });
});

it('refuses to serve everybody beyond loopback, unless told to', async () => {
  const dataDir = temporaryFolder();
  await expect(startServer({ host: '0.0.0.0', port: 0, dataDir })).rejects.toThrow(StartError);
  await serve({ host: '0.0.0.0', insecure: true });
});

it('refuses a token file that it cannot use', async () => {
  const dataDir = temporaryFolder();
  const tokenFile = join(dataDir, 'tokens');
  await expect(startServer({ port: 0, dataDir, tokenFile })).rejects.toThrow('token file');
  writeFileSync(tokenFile, 'secret ../x');
  await expect(startServer({ port: 0, dataDir, tokenFile })).rejects.toThrow('line 1');
});
