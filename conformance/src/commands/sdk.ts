import { create } from '@bufbuild/protobuf';
import type { Command } from 'commander';
import { concernsClients } from '../audience.js';
import { UsageError } from '../engine/baseline.js';
import { NotTestable } from '../outcome.js';
import { type Description, Feature } from '../report/gen/worldwire/conformance/v1/driver_pb.js';
import {
  Attachment,
  type Report,
  SubjectSchema,
} from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { sdkCatalogue } from '../sdk/catalogue.js';
import { protocolsOf } from '../sdk/context.js';
import { Driver } from '../sdk/driver.js';
import { runSdkChecks } from '../sdk/run.js';
import { publish, quote, reportOn } from './judging.js';
import { addSuiteOptions, type SuiteOptions } from './options.js';

/** `sdk`: judges a client through its driver. */
export function sdkCommand(program: Command, onExit: (code: number) => void): void {
  addSuiteOptions(
    program
      .command('sdk')
      .description('judge a client of Worlds: a driver program makes it do what the suite asks for')
      .usage('[options] -- <command...>')
      .argument('<command...>', 'the driver and its arguments, such as: node driver.mjs'),
    'client',
  ).action(async (command: string[], options: SuiteOptions) => {
    onExit(publish(await judgeSdk(command, options), options));
  });
}

/** Judges a client; prints nothing but progress. */
export function judgeSdk(command: readonly string[], options: SuiteOptions): Promise<Report> {
  return reportOn(sdkCatalogue, [], options, async () => {
    const description = await describe(command);
    const protocol = options.transport;
    if (!protocolsOf(description).includes(protocol))
      throw new UsageError(`the driver's client does not speak ${protocol}`);
    return {
      subject: create(SubjectSchema, {
        implementation: description.implementation,
        version: description.version,
        protocolVersion: description.protocolVersion,
        capabilities: description.features.map((value) => Feature[value] ?? String(value)),
        attachment: Attachment.DRIVER,
        transport: protocol,
      }),
      concerns: concernsClients,
      command: ['worldwire-conformance', 'sdk'],
      rest: ['--', ...command.map(quote)],
      secrets: [],
      run: (checks, settings) =>
        runSdkChecks(checks, { ...settings, command, description, protocol }),
    };
  });
}

async function describe(command: readonly string[]): Promise<Description> {
  const driver = new Driver(command);
  try {
    return await driver.describe();
  } catch (error) {
    if (error instanceof NotTestable) throw new UsageError(error.message);
    throw error;
  } finally {
    await driver.end();
  }
}
