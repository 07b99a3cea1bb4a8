import { createServer } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { WorldService } from '@worldwire/proto';
import type { Command } from 'commander';
import { catalogue } from '../catalogue.js';
import { UsageError } from '../engine/baseline.js';
import { requirements, SPEC_REVISION } from '../requirements.js';
import { OwnedWorld } from '../subject/process.js';
import { SUITE_VERSION } from '../version.js';
import { describeRefusal, refusalOf } from '../wire/refusal.js';
import { protocols, Wire } from '../wire/transport.js';
import { EXIT } from './judging.js';

interface DoctorOptions {
  readonly start?: string;
  readonly token?: string;
}

/** How long a World may take to answer or to be ready. */
const PATIENCE_MS = 30_000;

/** `doctor`: says whether the suite can work here, and with this World, before it judges anything. */
export function doctorCommand(program: Command, onExit: (code: number) => void): void {
  program
    .command('doctor')
    .description('say whether the suite can work on this machine and reach the World')
    .argument('[url]', 'where the World answers')
    .option('--start <command>', 'start the World by this shell command')
    .option('--token <token>', 'bearer token of every call')
    .action(async (url: string | undefined, options: DoctorOptions) => {
      onExit((await examine(url, options)) ? EXIT.conformant : EXIT.notConformant);
    });
}

async function examine(url: string | undefined, options: DoctorOptions): Promise<boolean> {
  if (url !== undefined && options.start !== undefined)
    throw new UsageError('give either the address of a World or --start with a command');
  const findings: boolean[] = [];
  const tell = (ok: boolean, what: string) => {
    findings.push(ok);
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`);
  };
  tell(
    true,
    `suite ${SUITE_VERSION}, specification ${SPEC_REVISION}: ${catalogue.length} checks, ${requirements.size} requirements`,
  );
  tell(
    Number(process.versions.node.split('.')[0]) >= 20,
    `Node ${process.versions.node}; 20 or newer is needed`,
  );
  tell(await canListen(), 'ports of loopback can be opened, for proxies that cut connections');
  if (options.start !== undefined) await examineStarted(options.start, options.token, tell);
  else if (url !== undefined) await examineWires(url.replace(/\/$/, ''), options.token, tell);
  return findings.every((ok) => ok);
}

type Tell = (ok: boolean, what: string) => void;

async function examineStarted(
  command: string,
  token: string | undefined,
  tell: Tell,
): Promise<void> {
  const owned = new OwnedWorld({ command, env: {}, readyMs: PATIENCE_MS });
  try {
    const url = await owned.start();
    tell(true, `the command starts a World at ${url}`);
    await examineWires(url, token, tell);
    await owned.kill();
    tell(true, `after kill -9 it starts again at ${await owned.start()}`);
  } catch (error) {
    tell(false, error instanceof Error ? error.message : String(error));
  } finally {
    await owned.dispose();
  }
}

async function examineWires(baseUrl: string, token: string | undefined, tell: Tell): Promise<void> {
  for (const protocol of protocols) {
    const wire = new Wire({ protocol, token });
    const transport = wire.transport({ baseUrl, interceptors: [], deadlineMs: PATIENCE_MS });
    try {
      const world = await createClient(WorldService, transport).getWorld({});
      tell(
        true,
        `${protocol}: ${world.implementation} ${world.version}, protocol ${world.protocolVersion}, ` +
          `spec versions ${world.minSpecVersion} to ${world.maxSpecVersion}, ${world.capabilities.length} capabilities`,
      );
    } catch (error) {
      tell(false, `${protocol}: ${describeRefusal(refusalOf(error))}`);
    } finally {
      wire.close();
    }
  }
}

function canListen(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
