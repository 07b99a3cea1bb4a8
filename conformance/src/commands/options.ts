import { Command, InvalidArgumentError, Option } from 'commander';
import { RENDERINGS, type RenderingName } from '../report/index.js';
import { type Protocol, protocols } from '../wire/transport.js';

/** Options of every command that judges. */
export interface SuiteOptions {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly capability: readonly string[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
  /** Format to file. */
  readonly report: readonly ReportTarget[];
  readonly repeat: number;
  readonly seed?: bigint;
  readonly timeScale: number;
  readonly effort: number;
  readonly transport: Protocol;
  readonly concurrency: number;
  readonly quiet?: boolean;
}

/** Options of every command that judges a World. */
export interface JudgeOptions extends SuiteOptions {
  readonly token?: string;
  readonly closedProject?: string;
  readonly keylessToken?: string;
  readonly storeFault?: string;
}

/** One report to write. */
export interface ReportTarget {
  readonly format: RenderingName;
  readonly file: string;
}

/** The forms of a report. */
export const reportFormats = Object.keys(RENDERINGS) as RenderingName[];

/** Enough to keep a World busy, few enough for a laptop. */
const CONCURRENCY = 6;

/** Adds the options that judging takes, whoever is judged; `subject` is "World" or "client". */
export function addSuiteOptions(command: Command, subject: string): Command {
  const several = '(may be given several times)';
  return command
    .option(
      '--include <pattern>',
      `only these checks: id, chapter or requirement, with * ${several}`,
      collect,
      [],
    )
    .option('--exclude <pattern>', `all but these checks ${several}`, collect, [])
    .option(
      '--capability <name>',
      `only checks of a capability; "core" for those of none ${several}`,
      collect,
      [],
    )
    .option('--baseline <file>', 'known failures, each with a reason; stale entries fail')
    .option('--write-baseline <file>', 'write what fails now as a baseline')
    .option('--report <format=file>', `${reportFormats.join(', ')} ${several}`, collectReport, [])
    .option('--repeat <n>', 'run each check so often', wholeNumber(1, 1_000), 1)
    .option('--seed <n>', 'of all random choices; printed with the result', bigNumber)
    .option('--time-scale <factor>', 'multiplies every wait, for slow machines', factor, 1)
    .option(
      '--effort <factor>',
      'multiplies the rounds of races and histories: below 1 for a quick look',
      factor,
      1,
    )
    .addOption(
      new Option('--transport <name>', `how to speak with the ${subject}`)
        .choices(protocols)
        .default('connect'),
    )
    .option('--concurrency <n>', 'checks at once', wholeNumber(1, 64), CONCURRENCY)
    .option('--quiet', 'no progress');
}

/** Adds the options that judging a World takes. */
export function addJudgeOptions(command: Command): Command {
  return addSuiteOptions(command, 'World')
    .option('--token <token>', 'bearer token of every call')
    .option('--closed-project <name>', 'a project that the token does not open')
    .option(
      '--keyless-token <token>',
      'another bearer token, which has no permission for KeyService; that of --token has all',
    )
    .option(
      '--store-fault <command>',
      'makes the store refuse inserts of an event type: run as `<command> arm <type>` and `<command> disarm`; {data} as in --start',
    );
}

/** Reads the options of judging alone, for programs that judge without the command line. */
export function readJudgeOptions(args: readonly string[]): JudgeOptions {
  const command = addJudgeOptions(new Command()).exitOverride();
  return command.parse([...args], { from: 'user' }).opts<JudgeOptions>();
}

/** Reads the options that all judging takes, likewise. */
export function readSuiteOptions(args: readonly string[]): SuiteOptions {
  const command = addSuiteOptions(new Command(), 'client').exitOverride();
  return command.parse([...args], { from: 'user' }).opts<SuiteOptions>();
}

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

/** Reads one `--report`. */
export function collectReport(value: string, earlier: ReportTarget[]): ReportTarget[] {
  const at = value.indexOf('=');
  const format = value.slice(0, at) as RenderingName;
  const file = value.slice(at + 1);
  if (at < 0 || file === '' || !reportFormats.includes(format))
    throw new InvalidArgumentError(
      `Use <format>=<file> with a format of ${reportFormats.join(', ')}.`,
    );
  return [...earlier, { format, file }];
}

function wholeNumber(minimum: number, maximum: number) {
  return (value: string): number => {
    const number = Number(value);
    if (!Number.isInteger(number) || number < minimum || number > maximum)
      throw new InvalidArgumentError(`Use a whole number from ${minimum} to ${maximum}.`);
    return number;
  };
}

function bigNumber(value: string): bigint {
  if (!/^\d{1,19}$/.test(value)) throw new InvalidArgumentError('Use a whole number.');
  return BigInt(value);
}

function factor(value: string): number {
  const number = Number(value);
  if (!(number >= 0.01 && number <= 100))
    throw new InvalidArgumentError('Use a factor from 0.01 to 100.');
  return number;
}
