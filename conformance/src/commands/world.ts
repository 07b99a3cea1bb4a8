import type { Command } from 'commander';
import { UsageError } from '../engine/baseline.js';
import { OwnedWorld, type StartCommand } from '../subject/process.js';
import { judgeAloud } from './judge.js';
import { quote } from './judging.js';
import { addJudgeOptions, type JudgeOptions } from './options.js';

/** How long a World may take until it is ready. */
const READY_MS = 60_000;

interface WorldOptions extends JudgeOptions {
  readonly start?: string;
}

/** `world`: judges a World by its address, or one that the harness starts. */
export function worldCommand(program: Command, onExit: (code: number) => void): void {
  addJudgeOptions(
    program
      .command('world')
      .description('judge a World: by its address, or started, killed and restarted by the suite')
      .argument('[url]', 'where the World answers, such as http://127.0.0.1:7420')
      .option(
        '--start <command>',
        'start the World by this shell command; {data} stands for a data folder of its own',
      ),
  ).action(async (url: string | undefined, options: WorldOptions) => {
    onExit(await run(url, options));
  });
}

async function run(url: string | undefined, options: WorldOptions): Promise<number> {
  if ((url === undefined) === (options.start === undefined))
    throw new UsageError('give either the address of a World or --start with a command');
  if (url !== undefined) {
    if (!URL.canParse(url)) throw new UsageError(`${url} is no address`);
    const address = url.replace(/\/$/, '');
    return judgeAloud({ url: () => address, command: ['world', address] }, options);
  }
  const command = options.start!;
  return judgeStarted(
    { command, env: {}, readyMs: READY_MS * options.timeScale },
    ['world', '--start', quote(command)],
    options,
  );
}

/** Starts a World, judges it aloud, and ends it. */
export function judgeStarted(
  start: StartCommand,
  command: readonly string[],
  options: JudgeOptions,
  bridgedPackage?: string,
): Promise<number> {
  const named = bridgedPackage === undefined ? {} : { bridgedPackage };
  return withStarted(start, (owned) =>
    judgeAloud({ url: () => owned.url, owned, start, command, ...named }, options),
  );
}

/** Starts a World for as long as something is done with it; ends it also where the process is told to stop. */
export async function withStarted<T>(
  start: StartCommand,
  use: (owned: OwnedWorld) => Promise<T>,
): Promise<T> {
  const owned = new OwnedWorld(start);
  const onSignal = () => void owned.dispose().finally(() => process.exit(130));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await owned.start();
    return await use(owned);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await owned.dispose();
  }
}
