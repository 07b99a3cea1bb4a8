import { type Command, InvalidArgumentError, Option } from 'commander';

/** What every view takes. */
export interface InspectOptions {
  readonly url?: string;
  readonly token?: string;
  readonly project?: string;
  readonly json?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly decrypt?: boolean;
  readonly keyFile?: string;
  readonly reason?: string;
}

const MAX_LIMIT = 1_000;

/** Adds the views to the command `inspect`. What they need is loaded when one of them is asked for. */
export function defineInspect(inspect: Command): void {
  inspect.description(
    'Look into any World over the wire. Payloads are shown as they are sealed, unless --decrypt is given. Exits with 1 where the World refuses, or a payload cannot be opened.',
  );
  const view = (usage: string, description: string): Command => {
    const [name] = usage.split(' ');
    return inspect
      .command(usage)
      .description(description)
      .addOption(fromEnv('--url <url>', "the World's address", 'URL'))
      .addOption(fromEnv('--token <token>', 'bearer token', 'TOKEN'))
      .addOption(fromEnv('--project <project>', 'project', 'PROJECT'))
      .option('--json', 'print one JSON document')
      .action(async (...args: unknown[]) => {
        const words = args.slice(0, -2) as string[];
        const { inspectWorld } = await import('./inspect.js');
        process.exitCode = await inspectWorld(name!, words, args.at(-2) as InspectOptions);
      });
  };
  paged(view('runs', 'List the runs of the project, newest first, without payloads.'));
  opening(view('run <run-id>', 'Show a run: its input, output and error.'));
  opening(paged(view('steps <run-id>', 'List the steps of a run: inputs, outputs, errors.')));
  opening(paged(view('events <run-id>', 'List the log of a run, with hook payloads.')));
  opening(paged(view('hooks [run-id]', 'List the hooks of a run or of the project: metadata.')));
  paged(view('streams <run-id>', 'List the streams of a run.'));
  opening(paged(view('stream <run-id> <name>', 'List the chunks of a stream.')));
}

function paged(command: Command): Command {
  return command
    .option('--limit <n>', `the most to list; up to ${MAX_LIMIT}`, limitOf, 100)
    .option('--cursor <cursor>', 'list on from the end of an earlier page');
}

function opening(command: Command): Command {
  return command
    .option(
      '--decrypt',
      'open payloads, with the keys of WORLDWIRE_KEY, or of WORLDWIRE_KEY_FILE, or of .worldwire-keys/keys',
    )
    .option('--key-file <file>', 'open them with the keys of this file')
    .addOption(
      new Option(
        '--reason <text>',
        "open them with keys that the World has in escrow; it logs who asked for which run's key, and this reason",
      ).conflicts('keyFile'),
    );
}

function fromEnv(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`WORLDWIRE_${variable}`);
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > MAX_LIMIT)
    throw new InvalidArgumentError(`not 1 to ${MAX_LIMIT}`);
  return limit;
}
