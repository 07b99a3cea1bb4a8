#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { destination, pino } from 'pino';
import { version } from './rpc/version.js';
import { StartError, startServer } from './server.js';

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
  readonly logLevel: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const USAGE_ERROR = 2;

const program = new Command('worldwire')
  .description('The reference World: the Worldwire protocol on an embedded SQLite file.')
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
  .addOption(option('--token-file <file>', 'file with lines "<token> [project …]"', 'TOKEN_FILE'))
  .addOption(option('--insecure', 'serve beyond loopback without a token file', 'INSECURE'))
  .addOption(
    option('--log-level <level>', 'logs on stderr', 'LOG_LEVEL').choices(LEVELS).default('info'),
  )
  .addOption(option('--tls-cert <file>', 'certificate, in PEM', 'TLS_CERT'))
  .addOption(option('--tls-key <file>', 'key of the certificate, in PEM', 'TLS_KEY'))
  .action(serve);

await program.parseAsync();

async function serve(options: ServeOptions): Promise<void> {
  const log = pino({ level: options.logLevel, base: null }, destination({ dest: 2, sync: true }));
  // A fault outside of every call. What is durable stays so; serving on is better than a World that is gone.
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
  process.on('uncaughtException', (err) => log.error({ err }, 'uncaught exception'));
  try {
    const { host, port, dataDir, tokenFile, insecure } = options;
    const tls = tlsOf(options);
    const server = await startServer({
      host,
      port,
      dataDir,
      log,
      ...(tokenFile !== undefined && { tokenFile }),
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

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('not a port');
  return port;
}
