import { createHash, hkdfSync } from 'node:crypto';
import type { KeyAccess } from '@worldwire/proto';
import { type CapabilityName, type Check, type CheckOptions, check } from '../../check.js';
import type { Context } from '../../context.js';
import * as events from '../../fixtures/new-event.js';
import { atOf, newRunId } from '../../fixtures/records.js';
import type { Api } from '../../wire/api.js';

const KEY_BYTES = 32;
const SALT = new Uint8Array(KEY_BYTES);
const PROJECT_HEADER = 'worldwire-project';
/** Why the checks ask for keys. */
export const REASON = 'a check asks';

/** Defines a check of KeyService. */
export function keyCheck(
  id: string,
  title: string,
  options: CheckOptions,
  run: (t: Context, room: KeyRoom) => Promise<void>,
): Check {
  const capabilities: CapabilityName[] = ['KEY_SERVICE', ...(options.capabilities ?? [])];
  return check(id, title, { plainIds: true, ...options, capabilities }, async (t) =>
    run(t, await KeyRoom.open(t)),
  );
}

/** A deployment key of the harness, and what derives from it. */
export class Key {
  readonly bytes: Uint8Array;

  constructor(t: Context) {
    this.bytes = t.random.bytes(KEY_BYTES);
  }

  /** Its fingerprint. */
  get id(): string {
    return hex(this.#derive('worldwire/key-id/v1').subarray(0, 8));
  }

  /** The key of a run. */
  runKey(project: string, runId: string): Uint8Array {
    return this.#derive(`${project}|${runId}`);
  }

  #derive(info: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.bytes, SALT, info, KEY_BYTES));
  }
}

/** A project, a deployment and a log to work in: a project of the check's own where the World has several. */
export class KeyRoom {
  readonly deploymentId: string;

  private constructor(
    private readonly t: Context,
    readonly project: string,
    readonly api: Api,
  ) {
    this.deploymentId = t.unique('dpl');
  }

  static async open(t: Context): Promise<KeyRoom> {
    if (t.has('PROJECTS')) {
      const project = t.unique('project');
      const room = new KeyRoom(t, project, inProject(t, project));
      const probe = await t.outcome(() => room.api.runs.listRuns({}));
      if ('value' in probe) return room;
    }
    return new KeyRoom(t, 'default', t.api);
  }

  /** Another client of the same project. */
  client(name: string, token?: string): Api {
    return inProject(this.t, this.project, name, token);
  }

  /** Another project; not applicable where the credential opens none. */
  async another(): Promise<KeyRoom> {
    const other = await KeyRoom.open(this.t);
    if (other.project === this.project)
      this.t.notApplicable('the credential opens no further project');
    return other;
  }

  /** A run of the deployment. */
  async run(value: Parameters<typeof events.runCreated>[0] = {}): Promise<string> {
    const runId = newRunId(this.t);
    const event = events.runCreated({ deploymentId: this.deploymentId, ...value });
    await this.t.given('a run', () => this.api.events.createEvent({ runId, event }));
    return runId;
  }

  /** Leaves a key with the World. */
  async escrow(key: Key, deploymentId = this.deploymentId): Promise<void> {
    const request = { deploymentId, key: key.bytes };
    await this.t.given('a key in escrow', () => this.api.keys.escrowKey(request));
  }

  /** A key in escrow for the deployment. */
  async escrowed(): Promise<Key> {
    const key = new Key(this.t);
    await this.escrow(key);
    return key;
  }

  /** Expects that a run's key derives from a deployment key. Says nothing of the keys. */
  async expectKey(runId: string, key: Key, api = this.api): Promise<void> {
    const { t } = this;
    const { keyId, runKey } = await t.accepted('GetRunKey', () =>
      api.keys.getRunKey({ runId, reason: REASON }),
    );
    t.equal(keyId, key.id, 'the key_id');
    t.ok(
      Buffer.compare(runKey, key.runKey(this.project, runId)) === 0,
      'the run key is another one',
      'the key that derives from the deployment key, the project and the run',
      `${runKey.length} bytes that differ`,
    );
  }

  /** The whole log, read page by page. */
  async log(runId = '', api = this.api): Promise<KeyAccess[]> {
    const entries: KeyAccess[] = [];
    for (let cursor = ''; ; ) {
      const answer = await api.keys.listKeyAccess({ runId, page: { cursor, limit: 100 } });
      entries.push(...answer.entries);
      if (!answer.page?.hasMore) return entries;
      this.t.ok(answer.page.cursor !== cursor, 'the log has a page that leads nowhere');
      cursor = answer.page.cursor;
    }
  }

  /** Every listed key as "fingerprint of deployment". */
  async listed(): Promise<string[]> {
    const found: string[] = [];
    for (let cursor = ''; ; ) {
      const { keys, page } = await this.api.keys.listKeys({ page: { cursor, limit: 100 } });
      found.push(...keys.map(({ keyId, deploymentId }) => `${keyId} of ${deploymentId}`));
      if (!page?.hasMore) return found;
      cursor = page.cursor;
    }
  }
}

function inProject(t: Context, project: string, name = 'in the project', token?: string): Api {
  const headers = { [PROJECT_HEADER]: project };
  if (token === undefined) return t.client(name, { headers });
  return t.client(name, { headers: { ...headers, authorization: `Bearer ${token}` } });
}

/** The hash that an entry must have after another one; undefined for the first. */
export function hashAfter(t: Context, before: KeyAccess | undefined, entry: KeyAccess): string {
  const hash = createHash('sha256').update(
    before === undefined ? new Uint8Array(32) : Buffer.from(before.hash, 'hex'),
  );
  for (const text of [
    'worldwire/key-access/v1',
    entry.project,
    String(entry.sequence),
    String(atOf(t, 'at of an entry', entry.at)),
    entry.method,
    entry.runId,
    entry.deploymentId,
    entry.keyId,
    entry.caller,
    entry.reason,
    entry.outcome,
  ]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(text));
    hash.update(length).update(text);
  }
  return hash.digest('hex');
}

/** Lowercase hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
