import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { Capability, ResolveData, type Run, RunSchema, RunStatus } from '@worldwire/proto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WorldError } from '../../client/error.js';
import {
  deriveRunKey,
  keyIdOf,
  publicKeyText,
  RunKeys,
  seal,
  sealToPublicKey,
} from '../../envelope/index.js';
import { readConfig, type WorldOptions } from '../config.js';
import type { Session } from '../session.js';
import { RunKeyStore } from './run-key-store.js';

const RUN = 'wrun_1';
const [A, B] = [1, 2].map((n) => {
  const secret = new Uint8Array(32).fill(n);
  const runKey = deriveRunKey(secret, 'default', RUN);
  const keys = new RunKeys({ runId: RUN, runKey });
  return {
    text: Buffer.from(secret).toString('base64'),
    id: keyIdOf(secret),
    runKey,
    keys,
    publicKey: publicKeyText(keys.pair.publicKey),
  };
}) as [Key, Key];

interface Key {
  text: string;
  id: string;
  runKey: Uint8Array;
  keys: RunKeys;
  publicKey: string;
}

/** The run that the World has, and what was asked of it. */
let run: Run | undefined;
let asked: ResolveData[];

function given(fields: MessageInitShape<typeof RunSchema>): void {
  run = create(RunSchema, { runId: RUN, deploymentId: 'default', ...fields });
}

function storeOf(options: WorldOptions, capabilities = [Capability.KEY_IDS]) {
  const config = readConfig(options, {});
  const getRun = async ({ resolveData }: { resolveData: ResolveData }) => {
    asked.push(resolveData);
    if (run === undefined) {
      throw new WorldError('no such run', { code: 'not_found', reason: 'RUN_NOT_FOUND' });
    }
    const found = clone(RunSchema, run);
    if (resolveData === ResolveData.NONE) found.input = undefined;
    return { run: found };
  };
  const session = { client: { runs: { getRun } }, info: { capabilities }, config };
  const store = new RunKeyStore(
    async () => session as unknown as Session,
    () => config,
  );
  return { store, session: session as unknown as Session };
}

async function keyOf(options: WorldOptions, capabilities?: Capability[]) {
  const held = await storeOf(options, capabilities).store.of(RUN);
  return held && { id: held.keyId, runKey: held.keys.runKey };
}

const value = Buffer.from('devl["secret"]');
const both = { key: `${A.text},${B.text}` };

beforeEach(() => {
  run = undefined;
  asked = [];
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

describe('the key of a run', () => {
  it('that does not exist is that of its deployment', async () => {
    expect(await keyOf(both)).toEqual({ id: A.id, runKey: A.runKey });
    const { store } = storeOf({ key: `blue ${A.text},${B.text}` });
    expect((await store.of(RUN, 'blue'))?.keyId).toBe(A.id);
    await expect(storeOf({ key: `blue ${A.text}` }).store.of(RUN)).rejects.toThrow(
      `no key for deployment "default" of run ${RUN}: WORLDWIRE_KEY has ${A.id} (blue)`,
    );
  });

  it('is the one that its record names, and is asked for once', async () => {
    given({ encryptionKeyId: B.id });
    const { store } = storeOf(both);
    const [one, two] = await Promise.all([store.of(RUN), store.of(RUN)]);
    expect([one?.keyId, two?.keyId]).toEqual([B.id, B.id]);
    expect(asked).toEqual([ResolveData.NONE]);
  });

  it('is the one whose public key its record shows', async () => {
    given({ encryptionPublicKey: B.publicKey });
    expect((await keyOf(both))?.id).toBe(B.id);
    given({ encryptionPublicKey: B.publicKey, encryptionKeyId: 'named by another client' });
    expect((await keyOf(both))?.id).toBe(B.id);
  });

  it.each([
    ['its own key', seal(value, B.keys)],
    ['its public key', sealToPublicKey(value, B.keys.pair.publicKey)],
  ])('is the one that opens its input, where the record says nothing: %s', async (_, input) => {
    given({ input });
    expect((await keyOf(both, []))?.id).toBe(B.id);
    expect((await keyOf(both))?.id).toBe(B.id);
  });

  it('of which nothing is sealed is that of its deployment, or none', async () => {
    given({ input: value });
    expect((await keyOf(both))?.id).toBe(A.id);
    expect(await keyOf({ ...both, encryption: 'off' })).toBeUndefined();
  });

  it('stays what it was when encryption is turned off', async () => {
    given({ encryptionKeyId: B.id });
    expect((await keyOf({ ...both, encryption: 'off' }))?.id).toBe(B.id);
    run = undefined;
    expect(await keyOf({ ...both, encryption: 'off' })).toBeUndefined();
  });

  it.each<[string, MessageInitShape<typeof RunSchema>, RegExp]>([
    ['by name', { encryptionKeyId: B.id }, new RegExp(`run ${RUN} .* deployment key ${B.id}`)],
    ['by public key', { encryptionPublicKey: B.publicKey }, /public key [0-9a-f]{16}/],
    ['by its input', { input: seal(value, B.keys) }, /the key that it was sealed with/],
    ['by what is no key', { encryptionPublicKey: 'nonsense' }, /public key malformed/],
  ])('that is missing is an outage, not a failure: %s', async (_, fields, message) => {
    given(fields);
    const error = await keyOf({ key: A.text }).catch((error) => error);
    expect(error).toMatchObject({ name: 'WorkflowWorldError', status: 503 });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`WORLDWIRE_KEY has ${A.id}`);
    expect(error.message).not.toContain(A.text);
  });

  it('that contradicts the public key is refused', async () => {
    given({ encryptionKeyId: A.id, encryptionPublicKey: B.publicKey });
    await expect(keyOf(both)).rejects.toThrow(`deployment key ${A.id} does not fit`);
  });
});

describe('a writer', () => {
  it('that has no key seals to the public key', async () => {
    given({ encryptionPublicKey: B.publicKey, encryptionKeyId: B.id });
    const sealer = await storeOf({ key: A.text }).store.sealerOf(RUN);
    expect(sealer).toEqual({ publicKey: B.keys.pair.publicKey });
    given({ encryptionKeyId: B.id });
    await expect(storeOf({ key: A.text }).store.sealerOf(RUN)).rejects.toThrow(B.id);
  });

  it('waits for a run that another deployment gives the key of', async () => {
    const { store, session } = storeOf({ key: A.text });
    store.announce(RUN);
    const sealer = store.sealerOf(RUN);
    await store.stamp(session, RUN, { deploymentId: 'other', encryptionPublicKey: B.publicKey });
    expect(await sealer).toEqual({ publicKey: B.keys.pair.publicKey });
  });
});

describe('a message that starts a run', () => {
  const start = (runInput: object) => ({
    runId: RUN,
    runInput: { deploymentId: 'default', ...runInput },
  });

  it('tells the key, so that the World need not be asked', async () => {
    const { store, session } = storeOf(both);
    const input = seal(value, B.keys);
    expect(await store.admit(start({ input }))).toBeUndefined();
    expect(asked).toEqual([]);
    expect((await store.of(RUN))?.keyId).toBe(B.id);
    // The run may have to be created from it: with the key that it was sealed with.
    expect(await store.stamp(session, RUN, { deploymentId: 'default', input })).toBe(B.id);
  });

  it.each([
    ['input', { input: seal(value, B.keys) }],
    ['public key', { encryptionPublicKey: B.publicKey, input: seal(value, B.keys) }],
  ])('waits where the key is missing: %s', async (_, runInput) => {
    const { store } = storeOf({ key: A.text });
    expect(await store.admit(start(runInput))).toBeGreaterThan(0);
    expect(await store.admit(start(runInput))).toBeGreaterThan(0);
    expect(console.warn).toHaveBeenCalledTimes(1);
    expect(vi.mocked(console.warn).mock.calls[0]![0]).toContain(RUN);
  });

  it('is let through where the run has ended', async () => {
    given({ encryptionKeyId: B.id, status: RunStatus.CANCELLED });
    expect(await storeOf({ key: A.text }).store.admit({ runId: RUN })).toBeUndefined();
    given({ encryptionKeyId: B.id, status: RunStatus.RUNNING });
    expect(await storeOf({ key: A.text }).store.admit({ runId: RUN })).toBeGreaterThan(0);
  });

  it('of no run, or of a health check, is let through', async () => {
    const { store } = storeOf({ key: 'malformed' });
    for (const message of [
      undefined,
      null,
      {},
      { runId: '' },
      { __healthCheck: true, runId: RUN },
    ]) {
      expect(await store.admit(message)).toBeUndefined();
    }
  });
});

describe('the record of a new run', () => {
  const fields = { deploymentId: 'default', input: value };

  it('names the key that was handed out for it, where the World keeps it', async () => {
    const { store, session } = storeOf(both);
    await store.of(RUN, 'default');
    expect(await store.stamp(session, RUN, fields)).toBe(A.id);
    const without = storeOf(both, []);
    await without.store.of(RUN, 'default');
    expect(await without.store.stamp(without.session, RUN, fields)).toBeUndefined();
  });

  it('names none where the public key is another deployment’s, or nothing is sealed', async () => {
    const { store, session } = storeOf({ key: A.text });
    const foreign = { ...fields, encryptionPublicKey: B.publicKey };
    expect(await store.stamp(session, RUN, foreign)).toBeUndefined();
    const off = storeOf({ key: A.text, encryption: 'off' });
    await off.store.of(RUN, 'default');
    expect(await off.store.stamp(off.session, RUN, fields)).toBeUndefined();
  });
});
