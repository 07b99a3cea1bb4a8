import { createWorldClient, type WorldClient, WorldError } from '@worldwire/sdk';
import type { InspectOptions } from './command.js';
import { describe, Keys } from './keys.js';
import { printJson, printText } from './output.js';
import { Payloads } from './payload.js';
import { views } from './views.js';

/** Nobody waits for minutes before a terminal. */
const RETRY_MS = 5_000;
const FAILED = 1;
const USAGE_ERROR = 2;

/**
 * Shows one view of a World on stdout.
 *
 * @param name The view's name.
 * @param words What follows it, such as a run id.
 * @returns The exit code: 1 where the World refused or a payload could not be opened, 2 where the options are wrong.
 */
export async function inspectWorld(
  name: string,
  words: readonly string[],
  options: InspectOptions,
): Promise<number> {
  const view = views[name]!;
  const problem = problemOf(options);
  if (problem !== undefined) return fail(problem, USAGE_ERROR);
  // A reader that has seen enough, such as head, is no fault.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) =>
    process.exit(code === 'EPIPE' ? 0 : FAILED),
  );
  const { url, token, project, limit = 0, cursor = '', reason, keyFile } = options;
  let client: WorldClient | undefined;
  try {
    client = createWorldClient({
      ...(url !== undefined && { url }),
      ...(token !== undefined && { token }),
      ...(project !== undefined && { project }),
      retry: { budgetMs: RETRY_MS },
      onStatus: () => {},
    });
    const keys = new Keys(client, reason === undefined ? { keyFile, project } : { reason });
    const payloads = new Payloads(keys, options.decrypt ?? false);
    const found = await view.read({ client, keys, payloads }, words, { limit, cursor });
    await (options.json ? printJson : printText)(view, found);
    const { failures } = payloads;
    if (failures === 0) return 0;
    return fail(`${failures} ${failures === 1 ? 'payload' : 'payloads'} could not be opened`);
  } catch (error) {
    return fail(error instanceof WorldError ? describe(error) : (error as Error).message);
  } finally {
    await client?.close();
  }
}

/** What is wrong with the options beyond what each of them says by itself. */
function problemOf({ url, decrypt, reason, keyFile }: InspectOptions): string | undefined {
  if (url?.startsWith('embedded:'))
    return `an embedded World has no address: serve its folder with "worldwire serve --data-dir ${url.slice('embedded:'.length)}"`;
  if (!decrypt && reason !== undefined) return '--reason goes with --decrypt';
  if (!decrypt && keyFile !== undefined) return '--key-file goes with --decrypt';
  return undefined;
}

function fail(message: string, code = FAILED): number {
  console.error(`worldwire: ${message}`);
  return code;
}
