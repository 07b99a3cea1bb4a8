/** What is in deploy/: read as it stands, and carried out as far as that goes without a container engine. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { execute, Postgres } from '../../../reference-world/src/testing/postgres.js';
import { testTls } from '../../../reference-world/src/testing/tls.js';
import { REPOSITORY } from '../harness/paths.js';
import { Process, run } from '../harness/process.js';
import { tempDir } from '../harness/scratch.js';
import { until } from '../harness/until.js';
import { secure, worldwire } from './operations-harness.js';

/** Seconds that a server may need to stop, besides those for which it drains. */
const STOPS_WITHIN = 20;
const LISTENING = /^worldwire listening on http:\/\/\S+:(\d+)$/m;
const PASSWORD = 'not to be seen';

const read = (name: string) => readFileSync(join(REPOSITORY, 'deploy', name), 'utf8');
const lines = read('Containerfile').replaceAll('\\\n', ' ').split('\n');
/** What follows an instruction of the image, each time that it stands there. */
const instructions = (name: string) =>
  lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

const imageEnv = Object.fromEntries(
  instructions('ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('='))),
) as Record<string, string>;
const entrypoint = JSON.parse(instructions('ENTRYPOINT')[0]!) as string[];
const healthCheck = JSON.parse(/CMD (\[.*\])$/.exec(instructions('HEALTHCHECK')[0]!)![1]!);

const postgres = new Postgres();
let url: string;
/** The files that the manifests mount. */
let files: string;
beforeAll(async () => {
  url = await postgres.createDatabase();
  await secure(url, PASSWORD);
  files = join(tempDir('deploy'), 'files');
  mkdirSync(files);
  for (const [name, text] of Object.entries({
    'database-password': PASSWORD,
    tokens: 'the-token',
    'ca.crt': testTls.cert,
  }))
    writeFileSync(join(files, name), text);
});
afterAll(() => postgres.stop());

/** Starts what a container of the image would, with its paths and its host being those of the test. */
function container(args: string[], env: Record<string, string>, folder: string): Process {
  const { host, pathname } = new URL(url);
  const here = { ...imageEnv, ...env, WORLDWIRE_PORT: '0', WORLDWIRE_DATA_DIR: tempDir('data') };
  const replaced = Object.entries(here).map(([name, value]) => [
    name,
    value
      .replaceAll(`${folder}/`, `${files}/`)
      .replace('@postgres/worldwire', `@${host.replace('127.0.0.1', 'localhost')}${pathname}`),
  ]);
  const [node, script] = entrypoint;
  expect(node).toBe('node');
  const program = script!.replace('/app', REPOSITORY);
  const child = new Process(process.execPath, [program, ...args], {
    env: Object.fromEntries(replaced),
  });
  onTestFinished(() => child.kill());
  return child;
}

async function addressOf(server: Process): Promise<string> {
  const [, port] = await server.prints(LISTENING);
  return `http://127.0.0.1:${port}`;
}

const statusOf = async (address: string, init?: RequestInit) => (await fetch(address, init)).status;

const getWorld = (address: string, token: string) =>
  statusOf(`${address}/worldwire.v1.RunService/ListRuns`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: '{}',
  });

interface Container {
  readonly args: string[];
  readonly env: { readonly name: string; readonly value: string }[];
  readonly volumeMounts: { readonly name: string; readonly mountPath: string }[];
  readonly ports: { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly startupProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

test('the image is made of what there is, and runs as nobody of importance', () => {
  const workspaces = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).workspaces;
  const sources = instructions('COPY').filter((line) => !line.startsWith('--from'));
  for (const source of sources.flatMap((line) => line.split(' ').slice(0, -1)))
    expect(existsSync(join(REPOSITORY, source)), source).toBe(true);
  // npm ci wants the manifest of every workspace of the lock file.
  for (const workspace of workspaces)
    expect(sources).toContain(`${workspace}/package.json ${workspace}/`);
  for (const [, workspace] of instructions('RUN')
    .join('\n')
    .matchAll(/run build -w (\S+)/g)) {
    const manifest = readFileSync(join(REPOSITORY, workspace!, 'package.json'), 'utf8');
    expect(JSON.parse(manifest).scripts.build).toBeDefined();
  }
  expect(instructions('FROM')).toHaveLength(2);
  expect(instructions('USER')).toEqual(['1000:1000']);
  expect(instructions('EXPOSE')).toEqual([imageEnv.WORLDWIRE_PORT]);
});

test('what the files tell servers, servers know', async () => {
  const { stdout } = await worldwire(['serve', '--help']);
  const known = new Set(stdout.match(/WORLDWIRE_\w+/g));
  for (const name of ['Containerfile', 'compose.yaml', 'kubernetes.yaml', 'README.md'])
    for (const [variable] of read(name).matchAll(/WORLDWIRE_\w+/g))
      expect(known, `${variable} in ${name}`).toContain(variable);
});

test('Kubernetes: the pod migrates, serves over TLS, answers its probes, and drains', async () => {
  const documents = parseAllDocuments(read('kubernetes.yaml')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
  const of = (kind: string) => documents.find((document) => document.kind === kind);
  const { spec } = of('Deployment');
  const pod = spec.template.spec;
  const [migrate, server] = [pod.initContainers[0], pod.containers[0]] as [Container, Container];
  for (const selector of [of('Service').spec.selector, of('PodDisruptionBudget').spec.selector])
    expect(selector.matchLabels ?? selector).toEqual(spec.template.metadata.labels);
  expect(server.ports).toEqual([{ name: 'world', containerPort: Number(imageEnv.WORLDWIRE_PORT) }]);
  expect(of('Service').spec.ports[0].targetPort).toBe('world');
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
  const env = Object.fromEntries(server.env.map(({ name, value }) => [name, value]));
  const drain = Number(env.WORLDWIRE_DRAIN);
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + STOPS_WITHIN);
  const folder = server.volumeMounts[0]!.mountPath;
  const secret = /create secret generic (\S+) \\\n(.*)/.exec(read('README.md'))!;
  expect(pod.volumes[0].secret.secretName).toBe(secret[1]);
  for (const [, file] of Object.values(env)
    .join('\n')
    .matchAll(RegExp(`${folder}/([\\w.-]+)`, 'g')))
    expect(secret[2]).toContain(`--from-file=${file}`);

  const migration = container(migrate.args, env, folder);
  expect(await migration.exited, migration.output).toBe(0);
  const process = container(server.args, { ...env, WORLDWIRE_DRAIN: '3' }, folder);
  const address = await addressOf(process);
  for (const probe of ['readinessProbe', 'livenessProbe', 'startupProbe'] as const) {
    expect(server[probe].httpGet.port).toBe('world');
    expect(await statusOf(address + server[probe].httpGet.path)).toBe(200);
  }
  expect(await getWorld(address, 'the-token')).toBe(200);
  expect(await getWorld(address, 'another')).toBe(401);
  const sessions = await execute<{ ssl: boolean }>(
    url,
    `SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
      WHERE a.application_name LIKE 'worldwire%'`,
  );
  expect(sessions).toEqual([{ ssl: true }]);
  process.signal('SIGTERM');
  await until('it is not ready', async () => {
    const status = await statusOf(address + server.readinessProbe.httpGet.path);
    return status === 503 || undefined;
  });
  expect(await statusOf(address + server.livenessProbe.httpGet.path)).toBe(200);
  expect(await process.exited).toBe(0);
});

test('Compose: servers find their database, and the balancer finds them', async () => {
  const compose = parse(read('compose.yaml'), { merge: true });
  const { services } = compose;
  const upstreams = [...read('Caddyfile').matchAll(/h2c:\/\/(\S+):(\d+)/g)];
  expect(upstreams.map(([, name]) => name)).toEqual(['world-1', 'world-2']);
  for (const [, name, port] of upstreams) {
    expect(services[name!].command).toEqual(['serve']);
    expect(port).toBe(imageEnv.WORLDWIRE_PORT);
    const { environment, secrets, stop_grace_period: grace } = services[name!];
    expect(Number.parseInt(grace, 10)).toBeGreaterThanOrEqual(
      Number(environment.WORLDWIRE_DRAIN) + STOPS_WITHIN,
    );
    for (const secret of secrets)
      expect(read('README.md')).toContain(compose.secrets[secret].file.replace('./', ''));
  }
  const start = (name: string) =>
    container(
      services[name].command,
      { ...services[name].environment, WORLDWIRE_DRAIN: '0' },
      '/run/secrets',
    );
  const migration = start('migrate');
  expect(await migration.exited, migration.output).toBe(0);
  const servers = [start('world-1'), start('world-2')];
  for (const server of servers) {
    const address = await addressOf(server);
    expect(await getWorld(address, 'the-token')).toBe(200);
    const [, ...check] = healthCheck as string[];
    const env = { WORLDWIRE_PORT: new URL(address).port };
    expect(await run(process.execPath, check, { env })).toMatchObject({ code: 0 });
  }
  for (const server of servers) expect(await server.stop()).toBe(0);
  const [, ...check] = healthCheck as string[];
  expect(await run(process.execPath, check, { env: { WORLDWIRE_PORT: '9' } })).toMatchObject({
    code: 1,
  });
});
