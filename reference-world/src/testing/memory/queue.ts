import assert from 'node:assert/strict';
import { isEnded } from '../../core/run.js';
import type {
  DeadMessageRow,
  Key,
  LeasedMessage,
  LeaseHolder,
  LeaseRequest,
  MessageInsert,
  MessageRow,
  QueueRow,
  Slice,
  Sliced,
  StrandedRun,
} from '../../store/operations.js';
import { sliceOf } from './slices.js';
import type { RunCell } from './store.js';

interface MessageCell extends MessageInsert {
  readonly key: Key;
  readonly project: string;
  idempotencyKey: string | undefined;
  visibleAt: number;
  attempt: number;
  lease: { readonly id: string; readonly consumer: string; expiresAt: number } | undefined;
  diedAt: number | undefined;
  lastError: string;
}

/** The queue operations of a store over plain maps. */
export class MemoryQueue {
  readonly state = {
    messages: new Map<Key, MessageCell>(),
    deployments: new Map<string, { deploymentId: string; attachedAt: number }[]>(),
    /** Queues in the order in which they were first sent to. */
    queues: new Map<string, Key>(),
  };
  constructor(
    private readonly nextKey: () => Key,
    private readonly runs: ReadonlyMap<Key, RunCell>,
  ) {}

  #all(): MessageCell[] {
    return [...this.state.messages.values()];
  }
  #cell(key: Key): MessageCell {
    const cell = this.state.messages.get(key);
    assert(cell, `no message has key ${key}`);
    return cell;
  }
  #row({ key, messageId, queueName, attempt }: MessageCell): MessageRow {
    return { key, messageId, queueName, attempt };
  }
  findMessage(project: string, queueName: string, idempotencyKey: string): MessageRow | undefined {
    const found = this.#all().find(
      (cell) =>
        cell.project === project &&
        cell.queueName === queueName &&
        cell.idempotencyKey === idempotencyKey &&
        cell.diedAt === undefined,
    );
    return found && this.#row(found);
  }
  insertMessage(project: string, message: MessageInsert): void {
    const { queueName, idempotencyKey, messageId } = message;
    if (idempotencyKey !== undefined)
      assert(!this.findMessage(project, queueName, idempotencyKey), 'a key stands once');
    assert(!this.#all().some((cell) => cell.messageId === messageId), 'a message id is new');
    const key = this.nextKey();
    const queue = `${project}/${queueName}`;
    if (!this.state.queues.has(queue)) this.state.queues.set(queue, key);
    const own = { attempt: 0, lease: undefined, diedAt: undefined, lastError: '' };
    this.state.messages.set(key, { ...message, key, project, ...own });
  }
  #takes(cell: MessageCell, who: Pick<LeaseRequest, 'queuePrefixes' | 'deploymentId'>): boolean {
    return (
      cell.diedAt === undefined &&
      who.queuePrefixes.some((prefix) => cell.queueName.startsWith(prefix)) &&
      (cell.deploymentId === '' || cell.deploymentId === who.deploymentId)
    );
  }
  leaseMessages(request: LeaseRequest): readonly LeasedMessage[] {
    const { now, leaseExpiresAt, consumerId } = request;
    const leased: LeasedMessage[] = [];
    for (const cell of this.#all()) {
      if (leased.length >= request.limit || cell.project !== request.project) continue;
      if (!this.#takes(cell, request) || cell.visibleAt > now) continue;
      if (cell.lease !== undefined && cell.lease.expiresAt > now) continue;
      if (cell.attempt >= request.maxDeliveries) {
        this.buryMessage(cell.key, now, cell.lastError);
        continue;
      }
      cell.attempt += 1;
      cell.lease = { id: request.newLeaseId(), consumer: consumerId, expiresAt: leaseExpiresAt };
      const { visibleAt: _visibleAt, runId: _runId, ...message } = cell;
      leased.push({ ...message, leaseId: cell.lease.id, leaseExpiresAt });
    }
    return leased;
  }
  nextVisibleAt(
    project: string,
    queuePrefixes: readonly string[],
    deploymentId: string,
  ): number | undefined {
    const times = this.#all()
      .filter((cell) => cell.project === project)
      .filter((cell) => this.#takes(cell, { queuePrefixes, deploymentId }))
      .map((cell) => cell.lease?.expiresAt ?? cell.visibleAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }
  getLease(project: string, leaseId: string): MessageRow | undefined {
    const found = this.#all().find(
      (cell) => cell.project === project && cell.lease?.id === leaseId,
    );
    return found && this.#row(found);
  }
  deleteMessage(key: Key): void {
    assert(this.state.messages.delete(key), 'the message exists');
  }
  returnMessage(key: Key, visibleAt: number, attempts: number, error: string): void {
    const returned = { lease: undefined, visibleAt, attempt: attempts, lastError: error };
    Object.assign(this.#cell(key), returned);
  }
  buryMessage(key: Key, now: number, error: string): void {
    const dead = { lease: undefined, diedAt: now, lastError: error, idempotencyKey: undefined };
    Object.assign(this.#cell(key), dead);
  }
  extendLease(key: Key, leaseExpiresAt: number): void {
    const { lease } = this.#cell(key);
    assert(lease, 'the message is leased');
    lease.expiresAt = leaseExpiresAt;
  }
  releaseConsumer(project: string, consumerId: string, until: number): void {
    for (const { lease, project: owner } of this.#all())
      if (owner === project && lease?.consumer === consumerId)
        lease.expiresAt = Math.min(lease.expiresAt, until);
  }
  listLeaseHolders(now: number): readonly LeaseHolder[] {
    const holders = new Map<string, LeaseHolder>();
    for (const { lease, project } of this.#all())
      if (lease !== undefined && lease.expiresAt > now) {
        const holder = { project, consumerId: lease.consumer };
        holders.set(JSON.stringify(holder), holder);
      }
    return [...holders.values()];
  }
  listQueues(
    project: string,
    after: Key | undefined,
    limit: number,
    now: number,
  ): Sliced<QueueRow> {
    const cells = this.#all().filter((cell) => cell.project === project);
    const inUse = new Set(cells.map((cell) => cell.queueName));
    const names = [...this.state.queues].filter(
      ([queue]) => queue.startsWith(`${project}/`) && inUse.has(queue.slice(project.length + 1)),
    );
    const rows = names.map(([queue, key]) => {
      const queueName = queue.slice(project.length + 1);
      const own = cells.filter((cell) => cell.queueName === queueName);
      const live = own.filter((cell) => cell.diedAt === undefined);
      const free = live.filter((cell) => (cell.lease?.expiresAt ?? 0) <= now);
      const delayed = free.filter((cell) => cell.visibleAt > now).length;
      const value = {
        queueName,
        ready: free.length - delayed,
        delayed,
        leased: live.length - free.length,
        dead: own.length - live.length,
      };
      return { key, value };
    });
    return sliceOf(rows, { after, descending: false, limit });
  }
  listDeadMessages(project: string, queueName: string, slice: Slice): Sliced<DeadMessageRow> {
    const dead = this.#all()
      .filter((cell) => cell.project === project && cell.diedAt !== undefined)
      .filter((cell) => queueName === '' || cell.queueName === queueName);
    return sliceOf(
      dead.map((cell) => ({
        key: cell.key,
        value: { ...cell, attempts: cell.attempt, diedAt: cell.diedAt! },
      })),
      slice,
    );
  }
  reviveMessage(project: string, messageId: string, now: number): boolean {
    const cell = this.#all().find((c) => c.project === project && c.messageId === messageId);
    if (cell?.diedAt === undefined) return false;
    Object.assign(cell, { diedAt: undefined, attempt: 0, visibleAt: now });
    return true;
  }
  listStrandedRuns(
    project: string,
    deploymentId: string,
    after: Key | undefined,
    limit: number,
  ): readonly StrandedRun[] {
    const named = new Set(
      this.#all()
        .filter((cell) => cell.diedAt === undefined)
        .map((cell) => cell.runId),
    );
    const stranded = [...this.runs.values()].filter(
      ({ record, project: owner }) =>
        owner === project &&
        record.deploymentId === deploymentId &&
        !isEnded(record.status) &&
        !named.has(record.runId),
    );
    const rows = stranded.map(({ key, record: { runId, workflowName } }) => ({
      key,
      value: { key, runId, workflowName },
    }));
    return sliceOf(rows, { after, descending: false, limit }).items.map(({ value }) => value);
  }
  noteDeployment(project: string, environment: string, deploymentId: string, now: number): void {
    const id = JSON.stringify([project, environment]);
    const known = this.state.deployments.get(id) ?? [];
    if (known.some((deployment) => deployment.deploymentId === deploymentId)) return;
    this.state.deployments.set(id, [...known, { deploymentId, attachedAt: now }]);
  }
  latestDeployment(project: string, environment: string) {
    return this.state.deployments.get(JSON.stringify([project, environment]))?.at(-1);
  }
}
