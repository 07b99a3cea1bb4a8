/** Whatever comes in, a World answers lawfully, changes nothing that it refuses, and goes on. */
import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { services } from '@worldwire/proto';
import type { WorldClient } from '@worldwire/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type WorldServer } from '../harness/world.js';
import { judgeUnary, type Outcome } from './bad-input/answers.js';
import { type Attack, randomAttack } from './bad-input/attack.js';
import { cases } from './bad-input/cases.js';
import { fill, picture } from './bad-input/project.js';
import { Random } from './bad-input/random.js';
import { type Outgoing, Wire } from './bad-input/transport.js';
import type { Known } from './bad-input/values.js';
import { openClient, positions, startRun, upTo } from './clients.js';

const ARBITRARY = 2_500;
const CORRUPT = 1_500;
const MIB = 1024 * 1024;

/** Printed, and taken from the environment to repeat what failed. */
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
console.log(`SEED=${seed}`);

let world: WorldServer;
let wire: Wire;
let pid: number;
/** Another user of the same World, in a project of its own. */
let witness: Witness;

beforeAll(async () => {
  world = await startWorld();
  pid = world.pid;
  wire = new Wire(world.url);
  witness = new Witness(openClient(world.url, { project: 'witness' }));
});
afterAll(async () => {
  try {
    await witness?.check();
    expect(faults(world.logs)).toEqual([]);
  } finally {
    wire?.close();
    await world?.stop();
  }
});
afterEach(async () => {
  const { status } = await fetch(`${world.url}/healthz`);
  expect(status).toBe(200);
  expect(world.pid).toBe(pid);
});

/** Writes all the time, and misses nothing. */
class Witness {
  readonly #client: WorldClient;
  readonly #done: Promise<{ runId: string; count: number }>;
  #stop = false;

  constructor(client: WorldClient) {
    this.#client = client;
    this.#done = this.#write();
    this.#done.catch(() => {});
  }

  async #write(): Promise<{ runId: string; count: number }> {
    const runId = await startRun(this.#client);
    let count = 2;
    while (!this.#stop) {
      const data = { case: 'stepCreated', value: { stepName: 'x' } } as const;
      await this.#client.events.createEvent({ runId, event: { correlationId: `s${count}`, data } });
      count += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { runId, count };
  }

  async check(): Promise<void> {
    this.#stop = true;
    try {
      const { runId, count } = await this.#done;
      expect(await positions(this.#client, runId)).toEqual(upTo(count));
    } finally {
      await this.#client.close();
    }
  }
}

/** What the server logged as its own fault. */
function faults(logs: string): string[] {
  return logs.split('\n').filter((line) => /"level":[56]0|fault of the World|unhandled/.test(line));
}

/** A client that looks at a project which an attack is at. */
async function attacked<T>(
  project: string,
  act: (client: WorldClient, known: Known) => Promise<T>,
): Promise<T> {
  const client = openClient(world.url, { project });
  try {
    return await act(client, await fill(client));
  } finally {
    await client.close();
  }
}

/** Sends several at a time; what is not lawful is told with the request that it answers. */
async function sendAll(attacks: Attack[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const senders = upTo(8).map(async () => {
    while (next < attacks.length) {
      const at = next++;
      const attack = attacks[at]!;
      try {
        outcomes[at] = await attack.send(wire);
      } catch (error) {
        throw new Error(`SEED=${seed}: ${attack.label}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  });
  await Promise.all(senders);
  return outcomes;
}

describe('generated requests', () => {
  it('are answered lawfully', async () => {
    await attacked('arbitrary', async (client, known) => {
      const random = new Random(seed);
      const attacks = Array.from({ length: ARBITRARY }, () =>
        randomAttack(random, known, 'arbitrary', false),
      );
      const outcomes = await sendAll(attacks);
      const counts = new Map<string, number>();
      for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      console.log(Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)));
      // Of both kinds, or the generator is worth nothing.
      expect(counts.get('ok')).toBeGreaterThan(ARBITRARY / 20);
      expect(counts.size).toBeGreaterThan(8);
      // What was accepted can be read.
      await picture(client);
    });
  });

  it('are refused where they are corrupt, and change nothing', async () => {
    await attacked('corrupt', async (client, known) => {
      const random = new Random(seed + 1);
      const before = await picture(client);
      for (let sent = 0; sent < CORRUPT; sent += 250) {
        const attacks = Array.from({ length: 250 }, () =>
          randomAttack(random, known, 'corrupt', true),
        );
        const outcomes = await sendAll(attacks);
        const accepted = attacks.filter((_, i) => outcomes[i] === 'ok').map(({ label }) => label);
        expect(accepted, `SEED=${seed}`).toEqual([]);
        expect(await picture(client), `SEED=${seed}`).toEqual(before);
      }
    });
  });
});

describe('requests that are wrong in one way', () => {
  it('get the reason, and change nothing', async () => {
    await attacked('cases', async (client) => {
      const before = await picture(client);
      const wrong: string[] = [];
      for (const { method, request, reasons } of cases) {
        const outcome = await send(method, JSON.stringify(request), 'cases');
        if (reasons.includes(outcome)) continue;
        const shown = JSON.stringify(request).slice(0, 200);
        wrong.push(`${method} ${shown}: ${outcome}, not ${reasons.join(' or ')}`);
      }
      expect(wrong).toEqual([]);
      expect(await picture(client)).toEqual(before);
    });
  });

  it('name an event type that this World does not know', async () => {
    await attacked('unknown-type', async (client) => {
      const before = await picture(client);
      for (const number of [36, 37, 38, 99, 5_000]) {
        const event = new BinaryWriter();
        event.tag(4, WireType.LengthDelimited).string('x1');
        event.tag(number, WireType.LengthDelimited).bytes(new Uint8Array());
        const request = new BinaryWriter();
        request.tag(1, WireType.LengthDelimited).string('run-a');
        request.tag(2, WireType.LengthDelimited).bytes(event.finish());
        const outcome = await sendBytes(
          'EventService/CreateEvent',
          request.finish(),
          'unknown-type',
        );
        expect(outcome).toBe('EVENT_TYPE_REQUIRED');
      }
      expect(await picture(client)).toEqual(before);
    });
  });

  it('hold text that is not UTF-8', async () => {
    await attacked('utf8', async (client) => {
      const before = await picture(client);
      for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
        const created = new BinaryWriter();
        created.tag(1, WireType.LengthDelimited).string('d');
        created.tag(2, WireType.LengthDelimited).bytes(Uint8Array.from(bad));
        const event = new BinaryWriter();
        event.tag(20, WireType.LengthDelimited).bytes(created.finish());
        const request = new BinaryWriter();
        request.tag(1, WireType.LengthDelimited).string('run-utf8');
        request.tag(2, WireType.LengthDelimited).bytes(event.finish());
        const outcome = await sendBytes('EventService/CreateEvent', request.finish(), 'utf8');
        expect(['INVALID_ARGUMENT', 'INVALID_ID']).toContain(outcome);
      }
      expect(await picture(client)).toEqual(before);
    });
  });

  it('are too large', async () => {
    await attacked('large', async (client) => {
      const before = await picture(client);
      const { limits } = await client.getWorld();
      const tooMuch = new Uint8Array(Number(limits?.maxPayloadBytes) + 1);
      const data = { case: 'runCompleted', value: { output: tooMuch } } as const;
      await expect(
        client.events.createEvent({ runId: 'run-a', event: { data } }),
      ).rejects.toMatchObject({ reason: 'PAYLOAD_TOO_LARGE' });
      await expect(
        client.streams.append({ runId: 'run-a', name: 'out', chunks: [tooMuch] }),
      ).rejects.toMatchObject({ reason: 'PAYLOAD_TOO_LARGE' });
      await expect(
        client.queue.enqueue({ message: { queueName: 'q', body: tooMuch } }),
      ).rejects.toMatchObject({ reason: 'PAYLOAD_TOO_LARGE' });
      const request = new Uint8Array(Number(limits?.maxRequestBytes) + MIB);
      const outcome = await sendBytes('EventService/CreateEvent', request, 'large');
      expect(outcome).toBe('PAYLOAD_TOO_LARGE');
      expect(await picture(client)).toEqual(before);
    });
  });

  it('have a form that the method does not take', async () => {
    const body = Buffer.from('{}');
    const json = { 'content-type': 'application/json' };
    const refused: [Partial<Outgoing>, Outcome][] = [
      [{ headers: { 'content-type': 'text/plain' } }, 'INVALID_ARGUMENT'],
      [{ headers: { 'content-type': 'application/xml' } }, 'INVALID_ARGUMENT'],
      [{ headers: {} }, 'INVALID_ARGUMENT'],
      [{ method: 'PUT', headers: json }, 'INVALID_ARGUMENT'],
      [{ method: 'DELETE', headers: json }, 'INVALID_ARGUMENT'],
      [{ headers: { ...json, 'connect-timeout-ms': 'soon' } }, 'INVALID_ARGUMENT'],
      [{ headers: { ...json, 'connect-timeout-ms': '-1' } }, 'INVALID_ARGUMENT'],
      [{ headers: { ...json, 'content-encoding': 'zip' } }, 'INVALID_ARGUMENT'],
      [{ headers: { ...json, 'content-encoding': 'gzip' } }, 'INVALID_ARGUMENT'],
      [{ headers: { ...json, 'content-encoding': 'br' } }, 'INVALID_ARGUMENT'],
      [{ headers: { ...json, 'worldwire-project': '../other' } }, 'INVALID_ID'],
      [{ headers: { ...json, 'worldwire-project': 'x'.repeat(5_000) } }, 'INVALID_ID'],
      [{ path: '/worldwire.v1.RunService/DropRuns', headers: json }, 'METHOD_NOT_FOUND'],
      [{ path: '/worldwire.v1.NoService/ListRuns', headers: json }, 'METHOD_NOT_FOUND'],
      [{ path: '/', headers: json }, 'METHOD_NOT_FOUND'],
      [{ path: '/../../etc/passwd', headers: json }, 'METHOD_NOT_FOUND'],
      [{ path: '/worldwire.v1.RunService/ListRuns/', headers: json }, 'METHOD_NOT_FOUND'],
    ];
    const wrong: string[] = [];
    for (const [part, expected] of refused) {
      const outgoing = { path: '/worldwire.v1.RunService/ListRuns', headers: {}, body, ...part };
      const outcome = await judged(outgoing).catch((error: Error) => error.message);
      if (outcome !== expected) wrong.push(`${JSON.stringify(part)}: ${outcome}, not ${expected}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('a socket', () => {
  it('may say anything, or nothing more', async () => {
    const head = 'POST /worldwire.v1.RunService/ListRuns HTTP/1.1\r\nHost: x\r\n';
    const json = 'Content-Type: application/json\r\n';
    const said: (string | Uint8Array)[] = [
      'nonsense\r\n\r\n',
      '\0\0\0\0\r\n\r\n',
      new Random(seed).bytes(10_000),
      'GET / HTTP/9.9\r\n\r\n',
      `${head}${json}Content-Length: -1\r\n\r\n`,
      `${head}${json}Content-Length: 10\r\nContent-Length: 2\r\n\r\n{}`,
      `${head}${json}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}`,
      `${head}${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      `${head}X: ${'x'.repeat(100_000)}\r\n\r\n`,
      `${head}${json}Content-Length: 1000000\r\n\r\n{`,
      `${head}${json}`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        new Random(seed).bytes(5_000),
      ]),
      'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
      '',
    ];
    const { hostname, port } = new URL(world.url);
    for (let round = 0; round < 5; round++) {
      const sockets = said.map((text) => {
        const socket = dial(Number(port), hostname).on('error', () => {});
        socket.write(text);
        socket.resume();
        return socket;
      });
      await witnessGoesOn();
      // Half of them close in order, half of them break off.
      for (const [i, socket] of sockets.entries()) {
        if (i % 2 === 0) socket.end();
        else if (!socket.destroyed) socket.resetAndDestroy();
        if (!socket.closed) {
          setTimeout(() => socket.destroy(), 500).unref();
          await once(socket, 'close');
        }
      }
    }
  });

  it('may break off in the middle of any call', async () => {
    const random = new Random(seed + 2);
    const { hostname, port } = new URL(world.url);
    const methods = services.flatMap(({ typeName, methods }) =>
      methods.map(({ name }) => `/${typeName}/${name}`),
    );
    for (let i = 0; i < 200; i++) {
      const body = `{"runId":"run-a","event":{"runStarted":{}}${' '.repeat(random.below(100))}}`;
      const call =
        `POST ${random.pick(methods)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
        `worldwire-project: broken-off\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      const socket = dial(Number(port), hostname).on('error', () => {});
      await once(socket, 'connect');
      socket.write(call.slice(0, random.below(call.length)));
      if (random.chance(0.5)) await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
    }
    await witnessGoesOn();
  });
});

/** Whoever else uses the World notices nothing. */
async function witnessGoesOn(): Promise<void> {
  expect(await send('WorldService/GetWorld', '{}', 'witness')).toBe('ok');
}

function send(method: string, json: string, project: string): Promise<Outcome> {
  return judged({
    path: `/worldwire.v1.${method}`,
    headers: { 'content-type': 'application/json', 'worldwire-project': project },
    body: Buffer.from(json),
  });
}

function sendBytes(method: string, body: Uint8Array, project: string): Promise<Outcome> {
  return judged({
    path: `/worldwire.v1.${method}`,
    headers: { 'content-type': 'application/proto', 'worldwire-project': project },
    body,
  });
}

async function judged(outgoing: Outgoing): Promise<Outcome> {
  const reply = await wire.http1(outgoing);
  const name = outgoing.path.slice(1);
  const method = services
    .flatMap((service) => service.methods)
    .find((one) => `${one.parent.typeName}/${one.name}` === name);
  const json = outgoing.headers['content-type'] !== 'application/proto';
  // Where there is no method, there is no lawful message either: any will do to refuse one.
  return judgeUnary(reply, (method ?? services[0]!.methods[0]!).output, json);
}
