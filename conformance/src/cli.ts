import { Command, CommanderError } from 'commander';
import { bridgeCommand } from './commands/bridge.js';
import { doctorCommand } from './commands/doctor.js';
import { EXIT } from './commands/judging.js';
import { listCommand } from './commands/list.js';
import { reportCommands } from './commands/report.js';
import { sdkCommand } from './commands/sdk.js';
import { worldCommand } from './commands/world.js';
import { UsageError } from './engine/baseline.js';
import { isOutcome, NotTestable } from './outcome.js';
import { SUITE_VERSION } from './version.js';

/** Runs a command line and returns the exit code: 0 conformant, 1 not, 2 usage, 3 the harness's own fault. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.conformant;
  let lost = false;
  const program = new Command('worldwire-conformance')
    .description('Judges any World that speaks the Worldwire protocol, and any client of one.')
    .version(SUITE_VERSION)
    // So that --version after "bridge" is that of the World.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)');
  const onExit = (exit: number) => {
    code = exit;
  };
  worldCommand(program, onExit);
  bridgeCommand(program, onExit);
  sdkCommand(program, onExit);
  listCommand(program);
  doctorCommand(program, onExit);
  reportCommands(program, onExit);
  // The run goes on and its report is written; that something was lost is the suite's own fault all the same.
  process.on('unhandledRejection', (error) => {
    if (isOutcome(error)) return;
    console.error('the suite lost track of a call that failed:', error);
    lost = true;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return lost ? EXIT.harness : code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.conformant : EXIT.usage;
    if (error instanceof UsageError) {
      console.error(error.message);
      return EXIT.usage;
    }
    if (error instanceof NotTestable) {
      console.error(error.message);
      return EXIT.notConformant;
    }
    console.error(error);
    return EXIT.harness;
  }
}
