import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { Postgres } from '../../../reference-world/src/testing/postgres.js';
import { Balancer } from '../harness/balancer.js';
import { REFERENCE, runSuite } from './suite.js';

const bin = fileURLToPath(new URL('../../../reference-world/bin/worldwire.js', import.meta.url));
const script = fileURLToPath(new URL('database.mjs', import.meta.url));
const QUICK = ['--effort', '0.2'];

const postgres = new Postgres();
afterAll(() => postgres.stop());

/** A server over a database, ended with the test. */
async function serve(databaseUrl: string, { onTestFinished }: TestContext): Promise<string> {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', '--log-level', 'error'], {
    env: { ...process.env, WORLDWIRE_DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of child.stdout) {
    const url = /listening on (\S+)/.exec(String(line))?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the server did not start');
}

describe.concurrent('the reference World on PostgreSQL', () => {
  test('is conformant with one server', async () => {
    // Each World that the suite starts has a database of its own, as it has a data folder of its own.
    const database = `'${process.execPath}' '${script}' '${await postgres.createDatabase()}' {data}`;
    const { exitCode, output } = await runSuite([
      ...['world', '--start', `env WORLDWIRE_DATABASE_URL="$(${database} url)" ${REFERENCE}`],
      ...['--store-fault', database, '--quiet', ...QUICK],
    ]);
    expect(exitCode, output).toBe(0);
  });

  test('is conformant with two servers in turn', async (context) => {
    const url = await postgres.createDatabase();
    const servers = [await serve(url, context), await serve(url, context)];
    const balancer = await Balancer.before(servers);
    context.onTestFinished(() => balancer.close());
    const { exitCode, output } = await runSuite(['world', balancer.url, '--quiet', ...QUICK]);
    expect(exitCode, output).toBe(0);
  });
});
