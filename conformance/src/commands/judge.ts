import { create } from '@bufbuild/protobuf';
import { ConnectError, createClient } from '@connectrpc/connect';
import { Capability, WorldService } from '@worldwire/proto';
import { concernsWorlds } from '../audience.js';
import { catalogue } from '../catalogue.js';
import { UsageError } from '../engine/baseline.js';
import { runChecks } from '../engine/run.js';
import { storeFaultBy } from '../engine/store-fault.js';
import { oracles } from '../oracles/index.js';
import {
  Attachment,
  type Report,
  type Subject,
  SubjectSchema,
} from '../report/gen/worldwire/conformance/v1/report_pb.js';
import type { OwnedWorld, StartCommand } from '../subject/process.js';
import { WorldFacts } from '../subject/world.js';
import { describeRefusal, refusalOf } from '../wire/refusal.js';
import { Wire } from '../wire/transport.js';
import { publish, quote, reportOn } from './judging.js';
import type { JudgeOptions } from './options.js';

/** The World to judge. */
export interface Target {
  /** Where it answers. */
  readonly url: () => string;
  /** Its process and how to start another one, where the harness owns it. */
  readonly owned?: OwnedWorld;
  readonly start?: StartCommand;
  /** The npm package behind a bridge. */
  readonly bridgedPackage?: string;
  /** The command line up to the options of judging, as a user would type it. */
  readonly command: readonly string[];
}

/** Judges a World, writes the reports that the options name, prints the summary, and returns the exit code. */
export async function judgeAloud(target: Target, options: JudgeOptions): Promise<number> {
  return publish(await judge(target, options), options);
}

/** Judges a World; prints nothing but progress. */
export async function judge(target: Target, options: JudgeOptions): Promise<Report> {
  const { owned, start } = target;
  const { closedProject, keylessToken, storeFault } = options;
  const wire = new Wire({ protocol: options.transport, token: options.token });
  try {
    return await reportOn(catalogue, oracles, options, async () => {
      const facts = await factsOf(wire, target.url());
      return {
        subject: subjectOf(facts, target, options),
        concerns: concernsWorlds,
        command: commandLine(target, options),
        secrets: [options.token, keylessToken].filter((token) => token !== undefined),
        run: (checks, settings) =>
          runChecks(checks, {
            ...settings,
            facts,
            wire,
            url: target.url,
            ...(owned && { shared: owned }),
            ...(start && { start }),
            ...(storeFault !== undefined && {
              storeFault: storeFaultBy(owned?.fill(storeFault) ?? storeFault),
            }),
            ...(closedProject !== undefined && { closedProject }),
            ...(keylessToken !== undefined && { keylessToken }),
          }),
      };
    });
  } finally {
    wire.close();
  }
}

function subjectOf({ info }: WorldFacts, target: Target, options: JudgeOptions): Subject {
  return create(SubjectSchema, {
    implementation: info.implementation,
    version: info.version,
    protocolVersion: info.protocolVersion,
    capabilities: info.capabilities.map((value) => Capability[value] ?? String(value)),
    minSpecVersion: info.minSpecVersion,
    maxSpecVersion: info.maxSpecVersion,
    attachment: target.owned === undefined ? Attachment.URL : Attachment.PROCESS,
    transport: options.transport,
    bridgedPackage: target.bridgedPackage ?? '',
  });
}

/** What the World says of itself. */
export async function factsOf(wire: Wire, baseUrl: string): Promise<WorldFacts> {
  const transport = wire.transport({ baseUrl, interceptors: [], deadlineMs: 10_000 });
  try {
    return new WorldFacts(await createClient(WorldService, transport).getWorld({}));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw new UsageError(`no World answers at ${baseUrl}: ${describeRefusal(refusalOf(error))}`);
  }
}

function commandLine(target: Target, options: JudgeOptions): string[] {
  const line = ['worldwire-conformance', ...target.command];
  if (options.token !== undefined) line.push('--token …');
  if (options.closedProject !== undefined)
    line.push(`--closed-project ${quote(options.closedProject)}`);
  if (options.keylessToken !== undefined) line.push('--keyless-token …');
  if (options.storeFault !== undefined) line.push(`--store-fault ${quote(options.storeFault)}`);
  return line;
}
