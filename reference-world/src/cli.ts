#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { destination, pino } from 'pino';
import { verifyAudit } from './audit.js';
import { defineInspect } from './inspect/command.js';
import { parseMasterKeys } from './keys/master-keys.js';
import { version } from './rpc/version.js';
import { StartError, startServer } from './server.js';
import { faultText } from './store/postgres/faults.js';
import { migrateDatabase } from './store/postgres/index.js';
import { readKeyAccess as readDatabase } from './store/postgres/key-access.js';
import { readKeyAccess as readFolder } from './store/sqlite/key-access.js';

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl?: string;
  readonly tokenFile?: string;
  readonly masterKeyFile?: string;
  readonly insecure?: boolean;
  readonly keepRuns?: number;
  readonly drain: number;
  readonly logLevel: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

interface MigrateOptions {
  readonly databaseUrl: string;
}

interface DoctorOptions {
  readonly databaseUrl: string;
  readonly json?: boolean;
}

interface AuditOptions {
  readonly dataDir: string;
  readonly databaseUrl?: string;
  readonly expectHead: readonly string[];
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const USAGE_ERROR = 2;
const BROKEN = 1;

const program = new Command('worldwire')
  .description(
    'The reference World: the Worldwire protocol on an embedded SQLite file or on PostgreSQL.',
  )
  .version(version)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE_ERROR));

program
  .command('serve')
  .description('Serve a World until SIGTERM or SIGINT.')
  .addOption(option('--host <host>', 'address to listen on', 'HOST').default('127.0.0.1'))
  .addOption(
    option('--port <port>', 'port, 0 for a free one', 'PORT').default(7420).argParser(portOf),
  )
  .addOption(option('--data-dir <dir>', 'folder of the data', 'DATA_DIR').default('.worldwire'))
  .addOption(databaseUrl('keep the data in this PostgreSQL database, which many servers may share'))
  .addOption(
    option(
      '--token-file <file>',
      'file with lines "<token> [project …] [+escrow] [+keys]"',
      'TOKEN_FILE',
    ),
  )
  .addOption(
    option(
      '--master-key-file <file>',
      'take deployment keys in escrow, wrapped by the first of these keys: base64 of 32 bytes, one a line; or WORLDWIRE_MASTER_KEY holds them',
      'MASTER_KEY_FILE',
    ),
  )
  .addOption(option('--insecure', 'serve beyond loopback without a token file', 'INSECURE'))
  .addOption(
    option(
      '--keep-runs <time>',
      'remove runs that ended so long ago, such as 30d or 12h; by default they are kept',
      'KEEP_RUNS',
    ).argParser(durationOf),
  )
  .addOption(
    option(
      '--drain <seconds>',
      'when told to stop, serve on for so long while /readyz says 503',
      'DRAIN',
    )
      .default(0)
      .argParser(secondsOf),
  )
  .addOption(
    option('--log-level <level>', 'logs on stderr', 'LOG_LEVEL').choices(LEVELS).default('info'),
  )
  .addOption(option('--tls-cert <file>', 'certificate, in PEM', 'TLS_CERT'))
  .addOption(option('--tls-key <file>', 'key of the certificate, in PEM', 'TLS_KEY'))
  .action(serve);

program
  .command('migrate')
  .description(
    'Create or migrate the schema of a database. Servers do so themselves when they start.',
  )
  .addOption(databaseUrl('address of the PostgreSQL database').makeOptionMandatory())
  .action(migrate);

program
  .command('doctor')
  .description(
    'Examine a PostgreSQL database and its servers, and say what to do. Changes nothing. Exits with 1 where there is a problem, and with 2 where the database cannot be reached.',
  )
  .addOption(databaseUrl('address of the PostgreSQL database').makeOptionMandatory())
  .option('--json', 'print one JSON document')
  .action(examine);

program
  .command('audit')
  .description('Look into the log of who asked for keys.')
  .command('verify')
  .description(
    'Check that the log is whole, where the data lies; servers may run. Exits with 1 where it is not, and with 2 where it cannot be read.',
  )
  .addOption(option('--data-dir <dir>', 'folder of the data', 'DATA_DIR').default('.worldwire'))
  .addOption(databaseUrl('the PostgreSQL database that holds the data, if one does'))
  .option(
    '--expect-head <hash>',
    'a head that was noted earlier and has to be in the log still; may be given several times',
    hashesOf,
    [],
  )
  .action(audit);

defineInspect(program.command('inspect'));

await program.parseAsync();

async function serve(options: ServeOptions): Promise<void> {
  const log = pino({ level: options.logLevel, base: null }, destination({ dest: 2, sync: true }));
  // A fault outside of every call. What is durable stays so; serving on is better than a World that is gone.
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
  process.on('uncaughtException', (err) => log.error({ err }, 'uncaught exception'));
  try {
    const { host, port, dataDir, tokenFile, insecure } = options;
    const tls = tlsOf(options);
    const masterKeys = masterKeysOf(options);
    const server = await startServer({
      host,
      port,
      dataDir,
      drainMs: options.drain * 1_000,
      ...(options.keepRuns !== undefined && { keepRunsMs: options.keepRuns }),
      log,
      ...(options.databaseUrl !== undefined && { databaseUrl: options.databaseUrl }),
      ...(tokenFile !== undefined && { tokenFile }),
      ...(masterKeys && { masterKeys }),
      ...(insecure && { insecure }),
      ...(tls && { tls }),
    });
    const stop = (signal: NodeJS.Signals): void => {
      log.info({ signal }, 'stopping');
      server.close().then(
        () => process.exit(0),
        (err: unknown) => {
          log.error({ err }, 'could not stop cleanly');
          process.exit(1);
        },
      );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    console.log(`worldwire listening on ${server.url}`);
  } catch (error) {
    if (!(error instanceof StartError)) log.debug({ err: error }, 'could not start');
    console.error(`worldwire: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}

async function migrate({ databaseUrl: url }: MigrateOptions): Promise<void> {
  try {
    const { from, to } = await migrateDatabase({ url });
    console.log(
      from === to ? `schema version ${to}: nothing to do` : `schema version ${from} -> ${to}`,
    );
  } catch (error) {
    console.error(`worldwire: cannot migrate the database: ${faultText(error)}`);
    process.exitCode = BROKEN;
  }
}

async function examine({ databaseUrl: url, json = false }: DoctorOptions): Promise<void> {
  const { doctor } = await import('./doctor/command.js');
  process.exitCode = await doctor(url, json);
}

async function audit({ dataDir, databaseUrl, expectHead }: AuditOptions): Promise<void> {
  try {
    const entries = databaseUrl === undefined ? readFolder(dataDir) : readDatabase(databaseUrl);
    const { logs, missing } = await verifyAudit(entries, expectHead);
    for (const { project, count, head, problem } of logs) {
      console.log(`${project}: ${count} ${count === 1 ? 'entry' : 'entries'}, head ${head}`);
      if (problem !== undefined) console.log(`${project}: broken: ${problem}`);
    }
    if (logs.length === 0) console.log('no entries');
    for (const hash of missing) console.log(`no entry in order has the hash ${hash}`);
    const whole = missing.length === 0 && logs.every(({ problem }) => problem === undefined);
    process.exitCode = whole ? 0 : BROKEN;
  } catch (error) {
    console.error(`worldwire: cannot read the log: ${faultText(error)}`);
    process.exitCode = USAGE_ERROR;
  }
}

function masterKeysOf({ masterKeyFile }: ServeOptions): Uint8Array[] | undefined {
  const { WORLDWIRE_MASTER_KEY: text } = process.env;
  if (masterKeyFile === undefined && !text) return undefined;
  if (masterKeyFile !== undefined && text)
    throw new StartError(
      '--master-key-file and WORLDWIRE_MASTER_KEY are two ways to say one thing',
    );
  try {
    return parseMasterKeys(text || readFileSync(masterKeyFile!, 'utf8'));
  } catch (error) {
    throw new StartError(`cannot read the master key: ${(error as Error).message}`);
  }
}

function tlsOf({ tlsCert, tlsKey }: ServeOptions) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new StartError('--tls-cert and --tls-key go together');
  try {
    return { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) };
  } catch (error) {
    throw new StartError(`cannot read the certificate or its key: ${(error as Error).message}`);
  }
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`WORLDWIRE_${variable}`);
}

/** A password should not stand among the arguments of a process: the variable is the usual way. */
function databaseUrl(description: string): Option {
  return option('--database-url <url>', description, 'DATABASE_URL');
}

function hashesOf(text: string, earlier: readonly string[]): string[] {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('not a hash');
  return [...earlier, text];
}

/** Milliseconds. */
function durationOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (unit === undefined || Number(count) === 0)
    throw new InvalidArgumentError('not a time such as 30d, 12h, 90m or 30s');
  return Number(count) * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's']!;
}

function secondsOf(text: string): number {
  if (!/^\d{1,6}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('not a number of seconds');
  return Number(text);
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('not a port');
  return port;
}
