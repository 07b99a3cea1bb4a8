#!/usr/bin/env node
// Starts a real workflow on the running World and shows its events as they land.
//
//   npm run example [-- --workflow <name> --args <JSON array>]
//
// The World is the one at WORLDWIRE_URL, else http://127.0.0.1:7420. The application is sdk5, built on first use and
// run in a process of its own, as any application is; this one only watches.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { buildApp } from './build.mjs';
import { startApp } from './run-app.mjs';

const EXAMPLES = dirname(fileURLToPath(import.meta.url));
const QUESTION = 'Book me a flight from Zurich to Lisbon';

const color = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim, red, green, yellow, blue, cyan] = [1, 2, 31, 32, 33, 34, 36].map(paint);

/** What an event is about gives it its colour; how it ended, where it ended. */
function colorOf(type) {
  if (/_(failed|conflict)$/.test(type)) return red;
  if (/_(completed|received)$/.test(type)) return green;
  if (/^run_/.test(type)) return blue;
  return /^step_/.test(type) ? cyan : yellow;
}

/** `stepCreated` in the definition is `step_created` everywhere else. */
const typeOf = ({ data }) => data.case.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `step//./shared/workflows/agent//searchFlights` is called searchFlights in its source. */
const shortName = (name) => name.split('//').at(-1);

async function main() {
  const { values } = parseArgs({
    options: {
      workflow: { type: 'string', default: 'bookingAgent' },
      args: { type: 'string', default: JSON.stringify([QUESTION]) },
    },
  });
  const args = JSON.parse(values.args);

  setup();
  const { createWorldClient } = await import('@worldwire/sdk');
  const url = process.env.WORLDWIRE_URL || 'http://127.0.0.1:7420';
  if (url.startsWith('embedded:')) {
    fail(`WORLDWIRE_URL is ${url}, but the example shows a World in a process of its own.`);
  }
  await findWorld(createWorldClient, url);
  await build();

  const app = await startApp(join(EXAMPLES, 'sdk5'), {
    env: {
      WORKFLOW_TARGET_WORLD: '@worldwire/sdk/world',
      WORLDWIRE_URL: url,
      // Its own, so that no other application of the same World gets its work.
      WORLDWIRE_DEPLOYMENT_ID: 'worldwire-example',
    },
  });
  process.once('SIGINT', () => app.stop().then(() => process.exit(130)));
  const client = createWorldClient({ url });
  try {
    await show(client, app, values.workflow, args);
  } finally {
    await client.close();
    await app.stop();
  }
}

/** Says which World it is, or ends where none answers. */
async function findWorld(createWorldClient, url) {
  const client = createWorldClient({ url, retry: { budgetMs: 0 }, onStatus: () => {} });
  try {
    const { implementation, version, protocolVersion } = await client.getWorld();
    console.log(`${bold(implementation)} ${version}, protocol ${protocolVersion}, at ${url}`);
  } catch (error) {
    if (error.code !== 'unavailable') fail(`The World at ${url} answers: ${error.message}`);
    fail(`No World answers at ${url}: run ${bold('npm start')} in another terminal first.`);
  } finally {
    await client.close();
  }
}

/** Builds the application unless what it is built from is what it was built from last. */
async function build() {
  const stamp = join(EXAMPLES, 'sdk5', 'dist', '.built-from');
  const digest = createHash('sha256');
  for (const path of sources(join(EXAMPLES, 'sdk5')).concat(sources(join(EXAMPLES, 'shared')))) {
    digest.update(`${path}\0`).update(readFileSync(path)).update('\0');
  }
  const wanted = digest.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log(dim('building the example application; this takes a minute, once'));
  await buildApp({ app: 'sdk5' });
  writeFileSync(stamp, wanted);
}

function sources(folder) {
  const made = new Set(['node_modules', 'dist', 'shared']);
  return readdirSync(folder)
    .filter((name) => !made.has(name) && !name.startsWith('.'))
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? sources(path) : [path]))
    .sort();
}

async function show(client, app, workflow, args) {
  console.log(`\n${bold(workflow)}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
  const { runId } = await post(`${app.baseUrl}/runs`, { workflow, args });
  console.log(`${dim('run')} ${runId}\n`);

  const names = new Map();
  let first;
  for await (const event of client.watchEvents({ runId })) {
    const at = Number(event.createdAt.seconds) * 1000 + event.createdAt.nanos / 1e6;
    first ??= at;
    const named = event.data.value.stepName || event.data.value.token;
    if (named) names.set(event.correlationId, shortName(named));
    const type = typeOf(event);
    const about = names.get(event.correlationId) ?? '';
    const ms = `+${Math.round(at - first)} ms`;
    console.log(
      `${dim(ms.padStart(9))}  ${String(event.position).padStart(3)}  ${colorOf(type)(type.padEnd(15))} ${about}`,
    );
  }

  const said = await streamText(`${app.baseUrl}/runs/${runId}/stream`);
  if (said !== '') console.log(`\n${dim('streamed')}  ${said}`);
  const result = await (await fetch(`${app.baseUrl}/runs/${runId}/result`)).json();
  const value = result.ok ? green(JSON.stringify(result.value)) : red(result.error.message);
  console.log(`${dim('result')}    ${value}`);
  if (!result.ok) process.exitCode = 1;
}

/** The text that an agent wrote to the run's stream, where it wrote any. */
async function streamText(url) {
  const info = await (await fetch(`${url}/tail`)).json();
  if (!(info.tailIndex >= 0)) return '';
  const lines = (await (await fetch(url)).text()).split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line))
    .map((chunk) => (chunk?.type === 'text-delta' ? chunk.delta : ''))
    .join('');
}

async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = await response.json();
  if (!response.ok)
    fail(json.error ?? json.message ?? `the application answers ${response.status}`);
  return json;
}

/** Ends with one line for a person. */
class Failure extends Error {}
function fail(message) {
  throw new Failure(message);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
