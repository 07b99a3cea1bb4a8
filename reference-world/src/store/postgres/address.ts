import { readFile } from 'node:fs/promises';
import type { ClientConfig } from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';

/** Settings of TLS that libpq takes from the environment where an address does not have them. */
const TLS_VARIABLES = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
} as const;
const SCHEME = /^(postgres(ql)?:|socket:|\/)/i;

/**
 * What an address of a database says, with the meaning that libpq gives to `sslmode` and its like. What it leaves out,
 * PGHOST, PGUSER, PGPASSWORD and the others say. `password_file` names a file that holds the password alone; it is read
 * for each connection, so that a password may change while servers run.
 */
export function settingsOf(url: string): ClientConfig {
  if (!SCHEME.test(url)) throw new Error('the address of the database must begin with postgres://');
  const { password_file: file, ...settings } = parsed(url);
  if (file === undefined) return settings;
  if (settings.password)
    throw new Error('the address of the database has both a password and a password_file');
  return { ...settings, password: async () => (await readFile(file, 'utf8')).trimEnd() };
}

function parsed(url: string): ClientConfig & { readonly password_file?: string } {
  const given = new URLSearchParams(url.split('?')[1]);
  const added = new URLSearchParams();
  for (const [name, variable] of Object.entries(TLS_VARIABLES)) {
    const value = process.env[variable];
    if (value && !given.has(name) && !isSocket(url)) added.set(name, value);
  }
  const more = added.toString().replaceAll('+', '%20');
  const whole = more === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${more}`;
  return toClientConfig(parse(whole, { useLibpqCompat: !given.has('uselibpqcompat') }));
}

/** A folder and the name of a database, which has no parameters. */
const isSocket = (url: string) => url.startsWith('/');
