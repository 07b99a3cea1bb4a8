/** What the tests of operation share. */
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../../../reference-world/src/testing/postgres.js';
import { testTls } from '../../../reference-world/src/testing/tls.js';
import { REPOSITORY } from '../harness/paths.js';
import { run } from '../harness/process.js';

export const BIN = join(REPOSITORY, 'reference-world/bin/worldwire.js');

/** Runs `worldwire …` to its end. */
export const worldwire = (args: string[], env: Record<string, string> = {}) =>
  run(process.execPath, [BIN, ...args], { env });

/** Puts files into the folder of a database server, as its own, and lets it read its settings anew. */
export async function configure(
  url: string,
  files: Readonly<Record<string, string>>,
  statements: readonly string[],
): Promise<void> {
  const [row] = await execute<{ data_directory: string }>(url, 'SHOW data_directory');
  const folder = row!.data_directory;
  const { uid, gid } = statSync(folder);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    chownSync(join(folder, name), uid, gid);
  }
  for (const statement of statements) await execute(url, statement);
  await execute(url, 'SELECT pg_reload_conf()');
}

/** Lets a database server offer TLS, with the certificate of the tests, and ask those who use it for a password. */
export const secure = (url: string, password: string) =>
  configure(
    url,
    {
      'server.crt': testTls.cert,
      'server.key': testTls.key,
      'pg_hba.conf': 'hostssl all all all scram-sha-256\nhostnossl all all all trust\n',
    },
    [`ALTER ROLE worldwire PASSWORD '${password}'`, 'ALTER SYSTEM SET ssl = on'],
  );
