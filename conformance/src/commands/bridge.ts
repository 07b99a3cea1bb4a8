import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../engine/baseline.js';
import { quote } from './judging.js';
import { addJudgeOptions, type JudgeOptions } from './options.js';
import { judgeStarted } from './world.js';

interface BridgeOptions extends JudgeOptions {
  readonly version?: string;
  readonly env: readonly string[];
  readonly also: readonly string[];
  readonly setup: readonly string[];
  readonly bridge?: string;
  readonly bridgeArgs: readonly string[];
  readonly folder?: string;
}

/** How long a bridged World may take until it is ready: it may set up a database first. */
const READY_MS = 120_000;

/** `bridge`: installs a World of the Workflow SDK from npm, serves it by the bridge, and judges it. */
export function bridgeCommand(program: Command, onExit: (code: number) => void): void {
  addJudgeOptions(
    program
      .command('bridge')
      .description(
        'judge a World of the Workflow SDK: an npm package with a World, served by the bridge',
      )
      .argument('<package>', 'such as @workflow/world-local, with or without @version')
      .option('--version <version>', 'the version or range to install')
      .option(
        '--env <K=V>',
        'for the World; {data} stands for a data folder of its own',
        several,
        [],
      )
      .option('--also <package>', 'another package to install beside it', several, [])
      .option(
        '--setup <command>',
        'run in the folder once it is installed, such as migrations',
        several,
        [],
      )
      .option('--bridge-args <argument>', 'for the bridge, such as --volatile', several, [])
      .option(
        '--folder <folder>',
        'install there and keep it; what is installed there already is used again',
      )
      .option('--bridge <command>', 'the bridge itself; found in @worldwire/sdk where absent'),
  ).action(async (name: string, options: BridgeOptions) => {
    onExit(await run(name, options));
  });
}

async function run(argument: string, options: BridgeOptions): Promise<number> {
  const at = argument.indexOf('@', 1);
  const name = at < 0 ? argument : argument.slice(0, at);
  const version = options.version ?? (at < 0 ? 'latest' : argument.slice(at + 1));
  const env = Object.fromEntries(options.env.map(variable));
  const folder = folderFor(options.folder);
  try {
    const installed = install(folder, name, version, options.also);
    for (const command of options.setup) setup(command, folder, env);
    const bridge = options.bridge ?? `${quote(process.execPath)} ${quote(bridgeBin())}`;
    const args = options.bridgeArgs.map(quote).join(' ');
    return await judgeStarted(
      {
        command: `${bridge} ${quote(name)} --port 0 ${args}`.trimEnd(),
        env,
        cwd: folder,
        readyMs: READY_MS * options.timeScale,
      },
      reproduction(name, installed, options),
      options,
      `${name}@${installed}`,
    );
  } finally {
    if (options.folder === undefined)
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Where the package is installed: in a folder that is kept, or in one that is removed afterwards. */
function folderFor(kept: string | undefined): string {
  if (kept === undefined) return mkdtempSync(join(tmpdir(), 'worldwire-bridge-'));
  mkdirSync(kept, { recursive: true });
  return resolve(kept);
}

/** Installs the package and says which version it became. */
function install(folder: string, name: string, version: string, also: readonly string[]): string {
  const manifest = join(folder, 'node_modules', name, 'package.json');
  const installed = () =>
    (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  if (existsSync(manifest) && installed() === version) return version;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const specs = [`${name}@${version}`, ...also];
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', ...specs],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new UsageError(`npm cannot install ${specs.join(' ')}: ${stderr}`);
  return installed();
}

function setup(command: string, cwd: string, env: Readonly<Record<string, string>>): void {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], {
    cwd,
    env: { ...process.env, PATH: `${join(cwd, 'node_modules/.bin')}:${process.env.PATH}`, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new UsageError(`the setup ${command} failed: ${stdout}${stderr}`);
}

/** The bridge is a program of its own, found by where it is installed and never loaded. */
function bridgeBin(): string {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve('@worldwire/sdk/package.json');
    const { bin } = require(manifest) as { bin: Record<string, string> };
    return join(manifest, '..', bin['worldwire-bridge']!);
  } catch {
    throw new UsageError(
      'the bridge is not installed: npm install @worldwire/sdk, or give --bridge',
    );
  }
}

function reproduction(name: string, version: string, options: BridgeOptions): string[] {
  const each = (option: string, values: readonly string[]) =>
    values.flatMap((value) => [option, quote(value)]);
  return [
    ...['bridge', `${name}@${version}`],
    ...each('--env', options.env),
    ...each('--also', options.also),
    ...each('--setup', options.setup),
    ...options.bridgeArgs.map((value) => `--bridge-args=${quote(value)}`),
  ];
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--env wants NAME=value, not ${JSON.stringify(text)}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function several(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}
