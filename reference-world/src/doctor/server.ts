/** The database server: its version, its settings, its clock, and the way to it. */
import { TLSSocket } from 'node:tls';
import type { Client } from 'pg';
import { type Finding, ok, problem, rowOf, warning } from './finding.js';

const OLDEST = 15;
const CLOCK_MS = 10_000;
const QUESTIONS = 5;
/** Shorter ones of the server's own would end transactions that are in order. */
const TRANSACTION_MS = 60_000;

export async function examineServer(client: Client): Promise<Finding[]> {
  return [
    await versionOf(client),
    await encodingOf(client),
    ...(await durabilityOf(client)),
    ...(await timeoutsOf(client)),
    encryptionOf(client),
    await clockOf(client),
  ];
}

async function versionOf(client: Client): Promise<Finding> {
  const times: number[] = [];
  let version = { number: 0, name: '' };
  for (let i = 0; i < QUESTIONS; i++) {
    const asked = performance.now();
    version = await rowOf(
      client,
      `SELECT current_setting('server_version_num')::integer / 10000 AS number,
              current_setting('server_version') AS name`,
    );
    times.push(performance.now() - asked);
  }
  const text = `PostgreSQL ${version.name}, answers in ${Math.min(...times).toFixed(1)} ms`;
  return version.number < OLDEST
    ? problem('server', text, `upgrade it: PostgreSQL ${OLDEST} or newer is needed`)
    : ok('server', text);
}

async function encodingOf(client: Client): Promise<Finding> {
  const { encoding } = await rowOf<{ encoding: string }>(
    client,
    `SELECT current_setting('server_encoding') AS encoding`,
  );
  return encoding === 'UTF8'
    ? ok('encoding', encoding)
    : problem('encoding', encoding, "make the database anew: CREATE DATABASE … ENCODING 'UTF8'");
}

async function durabilityOf(client: Client): Promise<Finding[]> {
  const found = await rowOf<Record<'commits' | 'fsync' | 'pages', string> & { standby: boolean }>(
    client,
    `SELECT current_setting('synchronous_commit') AS commits, current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS pages,
       pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS standby`,
  );
  const findings: Finding[] = [];
  if (found.standby)
    findings.push(problem('writes', 'only reads are served', 'give the address of the primary'));
  for (const [name, value] of [
    ['fsync', found.fsync],
    ['synchronous_commit', found.commits],
  ] as const)
    if (value === 'off')
      findings.push(
        problem('durability', `${name} is off: a crash loses what was answered`, `turn it on`),
      );
  if (found.pages === 'off')
    findings.push(
      warning(
        'durability',
        'full_page_writes is off: a crash may tear pages',
        'turn it on, unless the file system writes pages whole',
      ),
    );
  if (findings.length === 0)
    findings.push(ok('durability', `commits are flushed (${found.commits})`));
  return findings;
}

async function timeoutsOf(client: Client): Promise<Finding[]> {
  const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
  const all = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name = ANY($1)`,
    [[...names, 'transaction_timeout']],
  );
  const settings = new Map(all.rows.map(({ name, setting }) => [name, Number(setting)]));
  const unset = names.filter((name) => settings.get(name) === 0);
  const findings: Finding[] = [];
  if (unset.length > 0)
    findings.push(
      warning(
        'timeouts',
        `${unset.join(', ')}: asked for and not in effect; a pooler has ignored it`,
        `set it for the role: ALTER ROLE … SET ${unset[0]} = '20s'`,
      ),
    );
  const whole = settings.get('transaction_timeout') ?? 0;
  if (whole > 0 && whole < TRANSACTION_MS)
    findings.push(
      warning('timeouts', `transaction_timeout is ${whole} ms`, 'set it to a minute, or to 0'),
    );
  if (findings.length === 0) findings.push(ok('timeouts', 'in effect'));
  return findings;
}

function encryptionOf(client: Client): Finding {
  const { host, connection } = client;
  const { stream } = connection;
  if (!(stream instanceof TLSSocket))
    return /^(localhost|127\.|::1$|\/|$)/.test(host)
      ? ok('encryption', 'none, on this machine')
      : warning(
          'encryption',
          'none: the network sees what is stored, and the password perhaps',
          'add sslmode=verify-full and sslrootcert=<file> to the address',
        );
  const protocol = stream.getProtocol();
  return stream.authorized
    ? ok('encryption', `${protocol}, and the certificate is checked`)
    : warning(
        'encryption',
        `${protocol}, but nobody checks whose certificate it is`,
        'add sslmode=verify-full and sslrootcert=<file> to the address',
      );
}

async function clockOf(client: Client): Promise<Finding> {
  const before = Date.now();
  const { now } = await rowOf<{ now: number }>(
    client,
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
  );
  const apart = Math.round(now - (before + Date.now()) / 2);
  const text = `the database's is ${Math.abs(apart)} ms ${apart < 0 ? 'behind' : 'ahead of'} this machine's`;
  return Math.abs(apart) < CLOCK_MS
    ? ok('clock', text)
    : warning(
        'clock',
        text,
        "let both follow one clock (NTP); delays and leases go by the database's all the same",
      );
}
