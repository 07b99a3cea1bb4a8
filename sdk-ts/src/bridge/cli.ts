import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { endBy } from './ending.js';
import { loadWorld } from './load.js';
import { QueueHost } from './queue-host.js';
import { type ServedWorld, serveWorld } from './server.js';

const USAGE = `usage: worldwire-bridge <module or path> [options]

Serves an existing World of the Workflow SDK over the Worldwire protocol. The module is found from the working
directory; the World reads its settings from the environment.

  --host <host>         address to listen on (127.0.0.1)
  --port <port>         port, 0 for a free one (7420)
  --factory <name>      export that makes the World (createWorld, the default export, or the only create…World)
  --volatile            what the World acknowledges dies with the process
  --token-file <file>   file with a token on each line
  --insecure            serve beyond loopback without a token file
  --max-held <n>        deliveries that may be open without a consumer
  --help
`;
const USAGE_ERROR = 2;

/** Connections of a World's worker are taken up while a delivery is open, so that it is to have more than its few. */
const WORKER_CONCURRENCY = '50';

/** Runs the command, and ends the process when it is told to stop. */
export async function main(args = process.argv.slice(2)): Promise<void> {
  const options = read(args);
  process.on('unhandledRejection', (error) => console.error('unhandled rejection:', error));
  process.on('uncaughtException', (error) => console.error('uncaught exception:', error));
  let served: ServedWorld | undefined;
  // From the beginning on: a World that is being loaded may already take signals for itself.
  endBy(async () => served?.close());
  try {
    process.env.WORKFLOW_POSTGRES_WORKER_CONCURRENCY ??= WORKER_CONCURRENCY;
    const queueHost = await QueueHost.open();
    const { world, name, version } = await loadWorld(options.module, {
      ...(options.factory && { factory: options.factory }),
    });
    served = await serveWorld(world, { ...options, name, version, queueHost });
    console.log(`worldwire bridge listening on ${served.url}`);
  } catch (error) {
    console.error(`worldwire bridge: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(1);
  }
}

function read(args: string[]) {
  const wrong = (problem: string): never => {
    console.error(`worldwire bridge: ${problem}\n\n${USAGE}`);
    process.exit(USAGE_ERROR);
  };
  const { values, positionals } = (() => {
    try {
      return parseArgs({
        args,
        allowPositionals: true,
        options: {
          host: { type: 'string', default: '127.0.0.1' },
          port: { type: 'string', default: '7420' },
          factory: { type: 'string' },
          volatile: { type: 'boolean', default: false },
          'token-file': { type: 'string' },
          insecure: { type: 'boolean', default: false },
          'max-held': { type: 'string' },
          help: { type: 'boolean', default: false },
        },
      });
    } catch (error) {
      return wrong((error as Error).message);
    }
  })();
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (positionals.length !== 1) wrong('name one module');
  const { host, factory, volatile } = values;
  const number = (name: string, text: string): number =>
    /^\d{1,5}$/.test(text) ? Number(text) : wrong(`--${name} must be a number`);
  const loopback =
    host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (!loopback && values['token-file'] === undefined && !values.insecure)
    wrong(
      `refusing to serve ${host} to everybody: give --token-file, or --insecure if that is meant`,
    );
  return {
    module: positionals[0]!,
    host,
    port: number('port', values.port),
    volatile,
    ...(factory !== undefined && { factory }),
    ...(values['token-file'] !== undefined && { tokenFile: values['token-file'] }),
    ...(values['max-held'] !== undefined && { maxHeld: number('max-held', values['max-held']) }),
  };
}
