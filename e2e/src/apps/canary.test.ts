import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { plantSecret } from '../../../examples/scenarios/index.ts';
import { prepareApps, SDKS, type Sdk } from '../harness/app.js';
import { Capture, whyNoCapture } from '../harness/capture.js';
import { PLACES, startOn } from '../harness/place.js';
import { Recorder } from '../harness/recorder.js';
import { tempDir } from '../harness/scratch.js';
import { contentCodings, tracesInFolder, tracesOf } from '../harness/traces.js';
import { startWorld } from '../harness/world.js';

const DATABASE = 'world.db';
/** Why there is no capture of packets; what a relay to the World sees is searched all the same. */
const NO_CAPTURE = whyNoCapture();
/**
 * A secret says the same so often that the SDKs compress what holds it, and that where it is cut, by pages of a file or
 * by packets, one of them is whole.
 */
const TIMES = 64;

/** Where a canary was found: in which files, and in which forms. */
interface Seen {
  running: Record<string, string[]>;
  stopped: Record<string, string[]>;
  backup: Record<string, string[]>;
  wire: string[];
  packets: string[];
  log: string[];
}

/** What an embedded World says, without what the SDK says of the application's errors. */
function embeddedLog(output: string): string {
  const entries = output.split(/^(?=worldwire: |\[[Ww]orkflow)/m);
  return entries.filter((entry) => entry.startsWith('worldwire: ')).join('');
}

/** Takes a canary through an application, and looks for it wherever the World has been. */
async function release(
  context: TestContext,
  sdk: Sdk,
  kind: (typeof PLACES)[number],
  env: Record<string, string> = {},
): Promise<Seen> {
  const canary = randomBytes(12).toString('hex');
  const server = kind === 'server' ? await startWorld({ args: ['--log-level', 'trace'] }) : null;
  context.onTestFinished(async () => void (await server?.stop()));
  const folder = server?.dataDir ?? tempDir('canary');
  const recorder = server && (await Recorder.before(server.url));
  context.onTestFinished(() => recorder?.close());

  const capture = server && NO_CAPTURE === undefined ? await Capture.of(server.url) : undefined;
  context.onTestFinished(async () => void (await capture?.stop().catch(() => {})));

  const url = recorder?.url ?? `embedded:${folder}`;
  const stranger = () => Promise.reject(new Error('nobody else looks'));
  const app = await startOn(context, sdk, { url, folder, stranger }, env);
  const [runId] = await plantSecret(app.client, Array(TIMES).fill(canary).join('-'));
  const planted = runId!.replace(/^wrun_/, '');

  // SQLite's own way, beside whoever writes.
  const copy = tempDir('backup');
  const database = new Database(join(folder, DATABASE), { readonly: true });
  await database.backup(join(copy, DATABASE));
  database.close();
  const running = tracesInFolder(folder, canary);
  // Whoever finds no secret finds at least the run that had it.
  expect(Object.keys(tracesInFolder(copy, planted))).toEqual([DATABASE]);
  expect(Object.keys(tracesInFolder(folder, planted))).toContain(`${DATABASE}-wal`);

  await app.stop();
  await server?.stop();
  const stopped = tracesInFolder(folder, canary);
  const flows = recorder?.flows ?? [];
  if (server) {
    expect(flows.flatMap((flow) => tracesOf(flow, planted))).toContain('plain');
    expect(flows.flatMap(contentCodings)).toEqual([]);
  }
  const packets = (await capture?.stop()) ?? [];
  if (capture) expect(packets.flatMap((flow) => tracesOf(flow, planted))).toContain('plain');
  const log = server ? server.logs : embeddedLog(app.output);
  if (server) expect(log).toContain('stopping');
  else if (env.WORLDWIRE_ENCRYPTION !== 'off') expect(log).toContain('made a key');
  return {
    running,
    stopped,
    backup: tracesInFolder(copy, canary),
    wire: [...new Set(flows.flatMap((flow) => tracesOf(flow, canary)))],
    packets: [...new Set(packets.flatMap((flow) => tracesOf(flow, canary)))],
    log: tracesOf(Buffer.from(log), canary),
  };
}

beforeAll(prepareApps);

describe.each(SDKS)('%s', { concurrent: true }, (sdk) => {
  describe.each(PLACES)('%s', (kind) => {
    it('leaves no trace of a secret', async (context) => {
      expect(await release(context, sdk, kind)).toEqual({
        running: {},
        stopped: {},
        backup: {},
        wire: [],
        packets: [],
        log: [],
      });
    });

    it('leaves it everywhere but in the log where encryption is off', async (context) => {
      const seen = await release(context, sdk, kind, { WORLDWIRE_ENCRYPTION: 'off' });
      expect(Object.keys(seen.running)).toContain(`${DATABASE}-wal`);
      expect(Object.keys(seen.stopped)).toContain(DATABASE);
      expect(Object.keys(seen.backup)).toEqual([DATABASE]);
      const overTheWire = kind === 'server' ? expect.arrayContaining(['plain']) : [];
      expect(seen.wire).toEqual(overTheWire);
      expect(seen.packets).toEqual(NO_CAPTURE === undefined ? overTheWire : []);
      expect(seen.log).toEqual([]);
    });
  });
});

describe('the capture of packets', () => {
  it('has all that went over loopback, both ways', async (context) => {
    context.skip(NO_CAPTURE !== undefined, NO_CAPTURE);
    const server = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const capture = await Capture.of(`tcp://127.0.0.1:${port}`);
    const sent = randomBytes(5_000_000);
    const echo = connect(port, '127.0.0.1');
    echo.end(sent);
    expect((await buffer(echo)).equals(sent)).toBe(true);
    const flows = await capture.stop();
    expect(flows.map((flow) => flow.equals(sent))).toEqual([true, true]);
  });
});

describe('the search', () => {
  const text = 'canary7f0e2d4c6b8a9c1d';
  const said = `{"a":"${text}"}`;
  const base64 = (input: string | Buffer) => Buffer.from(input).toString('base64');

  it.each<[string, string | Buffer]>([
    ['plain', said],
    ['UTF-16LE', Buffer.from(`x${said}`, 'utf16le').subarray(1)],
    ['UTF-16BE', Buffer.from(said, 'utf16le').swap16()],
    ['plain in base64+0', base64(text)],
    ['plain in base64+1', base64(`1${text}2`)],
    ['plain in base64+2', base64(`12${text}34`)],
    ['plain in base64+1', Buffer.from(`\xff${text}\xff`, 'latin1').toString('base64url')],
    ['hex, lower case', Buffer.from(said).toString('hex')],
    ['hex, upper case', Buffer.from(said).toString('hex').toUpperCase()],
    ['percent, lower case', Buffer.from(text).toString('hex').replaceAll(/../g, '%$&')],
    [
      'JSON, lower case',
      said.replaceAll(/[a-z0-9]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    ],
    ['UTF-16LE in base64+0', base64(Buffer.from(text, 'utf16le'))],
    ['plain in gzip', gzipSync(said)],
    ['plain in deflate', deflateSync(said)],
    ['plain in gzip in gzip', gzipSync(gzipSync(said))],
    [
      'plain in gzip in base64',
      base64(Buffer.concat([Buffer.from('gzip'), gzipSync(said.repeat(9))])),
    ],
    ['plain in base64+0 in base64', base64(base64(text.repeat(3)))],
  ])('finds it as %s', (form, bytes) => {
    const around = Buffer.concat([randomBytes(1_001), Buffer.from(bytes), randomBytes(1_001)]);
    expect(tracesOf(around, text)).toContain(form);
    expect(tracesOf(around, 'canary0000000000000000')).toEqual([]);
  });

  it('hears of bodies that it cannot look into', () => {
    const head = 'HTTP/1.1 200 OK\r\naccept-encoding: gzip\r\ntransfer-encoding: chunked\r\n';
    expect(contentCodings(Buffer.from(`${head}Content-Encoding: identity\r\n\r\n`))).toEqual([]);
    for (const name of ['Content-Encoding', 'connect-content-encoding', 'grpc-encoding']) {
      const body = brotliCompressSync(said);
      const message = Buffer.concat([Buffer.from(`${head}${name}: br\r\n\r\n`), body]);
      expect(contentCodings(message)).toHaveLength(1);
    }
  });
});
