import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { ErrorInfoSchema, GetWorldResponseSchema, RunService } from '@worldwire/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Context } from './context.js';
import { Departure, NotTestable } from './outcome.js';
import { Random } from './random.js';
import { WorldFacts } from './subject/world.js';
import { Recorder } from './wire/recorder.js';
import { Wire } from './wire/transport.js';

/** What GetRun answers. */
let answer: () => object;

const world = createServer(
  connectNodeAdapter({ routes: ({ service }) => service(RunService, { getRun: () => answer() }) }),
);
const wire = new Wire({ protocol: 'connect', token: undefined });

beforeAll(() => once(world.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => {
  wire.close();
  world.close();
});

/** A context over a World that answers GetRun by a function. */
function contextOver(getRun: () => object): Context {
  answer = getRun;
  return new Context({
    facts: new WorldFacts(create(GetWorldResponseSchema)),
    random: new Random('test'),
    recorder: new Recorder([], 'shared'),
    wire,
    timeScale: 0.1,
    effort: 1,
    plainIds: false,
    url: () => `http://127.0.0.1:${(world.address() as AddressInfo).port}`,
  });
}

function refusal(code: Code, reason: string, domain = 'worldwire', metadata = {}) {
  return () => {
    const info = { desc: ErrorInfoSchema, value: { reason, domain, metadata } };
    throw new ConnectError('no', code, undefined, [info]);
  };
}

async function departure(getRun: () => object): Promise<string> {
  const t = contextOver(getRun);
  try {
    await t.refused('the read', () => t.api.runs.getRun({}), 'RUN_NOT_FOUND', { run_id: 'r' });
  } catch (error) {
    if (error instanceof Departure) return error.message;
    throw error;
  }
  return 'none';
}

describe('a refusal is taken', () => {
  test('with the right code, reason and metadata only', async () => {
    const metadata = { run_id: 'r' };
    expect(await departure(refusal(Code.NotFound, 'RUN_NOT_FOUND', 'worldwire', metadata))).toBe(
      'none',
    );
    expect(await departure(refusal(Code.NotFound, 'STEP_NOT_FOUND'))).toMatch(/another reason/);
    expect(await departure(refusal(Code.Internal, 'RUN_NOT_FOUND'))).toMatch(/another code/);
    expect(await departure(refusal(Code.NotFound, 'RUN_NOT_FOUND'))).toMatch(/name run_id/);
    expect(await departure(refusal(Code.NotFound, 'RUN_NOT_FOUND', 'example.org'))).toMatch(
      /another reason/,
    );
    expect(await departure(() => ({}))).toMatch(/was accepted/);
  });

  test('not where the harness itself throws', async () => {
    const t = contextOver(() => ({}));
    const broken = () => Promise.reject(new TypeError('oops'));
    await expect(t.refused('x', broken, 'RUN_NOT_FOUND')).rejects.toThrow(TypeError);
  });
});

describe('what a check stands on', () => {
  test('makes it not testable', async () => {
    const t = contextOver(refusal(Code.Internal, 'INTERNAL'));
    await expect(t.given('a run', () => t.api.runs.getRun({}))).rejects.toThrow(NotTestable);
    const departs = () => Promise.reject(new Departure('no run', 'one', 'none'));
    await expect(t.given('a run', departs)).rejects.toThrow(NotTestable);
  });
});

describe('values', () => {
  test('compare by what they say', () => {
    const t = contextOver(() => ({}));
    t.equal(new Uint8Array([1, 2]), Buffer.from([1, 2]), 'bytes');
    t.equal(create(GetWorldResponseSchema), create(GetWorldResponseSchema), 'messages');
    expect(() => t.equal(new Uint8Array([1]), new Uint8Array([2]), 'bytes')).toThrow(Departure);
    expect(() => t.equal([1, 2], [2, 1], 'lists')).toThrow(Departure);
    expect(() => t.equal({ a: 1 }, { a: 1, b: 2 }, 'objects')).toThrow(Departure);
  });
});

test('what never happens is a departure', async () => {
  const t = contextOver(() => ({}));
  await expect(t.eventually('a sign', () => undefined, 100)).rejects.toThrow(Departure);
  expect(await t.eventually('a sign', () => 7)).toBe(7);
});
