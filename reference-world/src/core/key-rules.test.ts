import { randomBytes } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  EscrowKeyRequestSchema,
  GetRunKeyRequestSchema,
  ListKeyAccessRequestSchema,
  ListKeysRequestSchema,
} from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MasterKeys } from '../keys/master-keys.js';
import { CREATION, ev, TestWorld } from '../testing/memory/world.js';
import { keyRules, Rejection, type Rule } from './index.js';
import { KeyAccessChain } from './key-access.js';
import { keyIdOf, runKeyOf } from './key-derivation.js';
import type { Audited, KeyCall, KeyPermission } from './key-rules.js';

const KEY = new Uint8Array(randomBytes(32));
const DPL = CREATION.deploymentId;

let world: TestWorld;
let vault: MasterKeys;
let permissions: ReadonlySet<KeyPermission>;
beforeEach(() => {
  world = new TestWorld();
  vault = new MasterKeys([new Uint8Array(randomBytes(32))]);
  permissions = new Set<KeyPermission>(['escrow', 'keys']);
});

/** The answer, or the reason of the refusal. */
function answerOf<Req, Res>(rule: Rule<KeyCall<Req>, Audited<Res>>, request: Req): Res | string {
  const caller = { fingerprint: 'me', permissions };
  const { answer } = world.call(rule, { request, caller, vault });
  return answer instanceof Rejection ? answer.reason : answer;
}
const escrow = (init: MessageInitShape<typeof EscrowKeyRequestSchema> = {}) =>
  answerOf(
    keyRules.escrowKey,
    create(EscrowKeyRequestSchema, { deploymentId: DPL, key: KEY, ...init }),
  );
const ask = (runId: string, reason = 'why') =>
  answerOf(keyRules.getRunKey, create(GetRunKeyRequestSchema, { runId, reason }));
const list = () => answerOf(keyRules.listKeys, create(ListKeysRequestSchema, {}));
const listAccess = (cursor = '') =>
  answerOf(keyRules.listKeyAccess, create(ListKeyAccessRequestSchema, { page: { cursor } }));
const log = () => world.store.keys.state.access.map(({ value }) => value);
const outcomes = () => log().map(({ method, outcome }) => `${method} ${outcome}`);

describe('keys of runs', () => {
  it('derive from the key that the run names, or the newest of its deployment', () => {
    const [named, newer] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))];
    escrow({ key: named });
    escrow({ key: newer });
    world.write('bare', ev('runCreated', CREATION));
    world.write('named', ev('runCreated', { ...CREATION, encryptionKeyId: keyIdOf(named) }));
    expect(ask('bare')).toMatchObject({
      keyId: keyIdOf(newer),
      runKey: runKeyOf(newer, 'default', 'bare'),
    });
    expect(ask('named')).toMatchObject({ runKey: runKeyOf(named, 'default', 'named') });
    world.project = 'other';
    world.write('named', ev('runCreated', { ...CREATION, encryptionKeyId: keyIdOf(named) }));
    expect(ask('named')).toBe('KEY_NOT_FOUND');
  });

  it('are not found under a master key that is gone, until the key is escrowed again', () => {
    escrow();
    world.write('r', ev('runCreated', CREATION));
    vault = new MasterKeys([new Uint8Array(randomBytes(32))]);
    expect(ask('r')).toBe('KEY_NOT_FOUND');
    expect(log().at(-1)).toMatchObject({ keyId: keyIdOf(KEY), outcome: 'KEY_NOT_FOUND' });
    escrow();
    expect(ask('r')).toMatchObject({ runKey: runKeyOf(KEY, 'default', 'r') });
  });
});

describe('the log', () => {
  it('has an entry of every call but of answered lists', () => {
    expect(ask('none')).toBe('RUN_NOT_FOUND');
    escrow({ key: new Uint8Array(31) });
    escrow({ requestId: 'once' });
    escrow({ requestId: 'once' });
    expect(escrow({ requestId: 'once', deploymentId: 'other' })).toBe('REQUEST_ID_REUSED');
    list();
    expect(listAccess('x')).toBe('INVALID_CURSOR');
    permissions = new Set<KeyPermission>(['escrow']);
    for (const call of [() => list(), () => listAccess(), () => ask('none'), () => ask('')])
      expect(call()).toBe('PERMISSION_DENIED');
    permissions = new Set<KeyPermission>(['keys']);
    expect(escrow()).toBe('PERMISSION_DENIED');
    listAccess();
    expect(outcomes()).toEqual([
      'GetRunKey RUN_NOT_FOUND',
      'EscrowKey INVALID_ARGUMENT',
      'EscrowKey OK',
      'EscrowKey OK',
      'EscrowKey REQUEST_ID_REUSED',
      'ListKeyAccess INVALID_CURSOR',
      'ListKeys PERMISSION_DENIED',
      'ListKeyAccess PERMISSION_DENIED',
      'GetRunKey PERMISSION_DENIED',
      'GetRunKey PERMISSION_DENIED',
      'EscrowKey PERMISSION_DENIED',
    ]);
    const chain = new KeyAccessChain('default');
    for (const entry of log()) expect(chain.follow(entry)).toBeUndefined();
  });

  it('takes nothing from a request that the rules would not take', () => {
    permissions = new Set();
    ask('../x', 'x'.repeat(501));
    ask('r'.repeat(300), 'a\0b');
    ask('r', 'x'.repeat(500));
    escrow({ deploymentId: 'd\n' });
    expect(log().map(({ runId, deploymentId, reason }) => [runId, deploymentId, reason])).toEqual([
      ['', '', ''],
      ['', '', ''],
      ['r', '', 'x'.repeat(500)],
      ['', '', ''],
    ]);
    expect(log().every(({ caller }) => caller === 'me')).toBe(true);
  });
});
