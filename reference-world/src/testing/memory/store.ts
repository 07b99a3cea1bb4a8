import assert from 'node:assert/strict';
import { fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import {
  type Event,
  EventSchema,
  EventType,
  type Failure,
  FailureSchema,
  type Hook,
  HookSchema,
  type Run,
  RunSchema,
  type Step,
  StepSchema,
  type Wait,
  WaitSchema,
} from '@worldwire/proto';
import { hookRunContext } from '../../core/hook.js';
import { stripEvent, stripRun, stripStep } from '../../core/payloads.js';
import { isEnded } from '../../core/run.js';
import { millisOf } from '../../core/time.js';
import type {
  HookState,
  Key,
  LogEnd,
  OutcomeRow,
  PayloadChoice,
  Payloads,
  ResumeRow,
  RunFilter,
  RunRow,
  Slice,
  Sliced,
  StoreOperations,
} from '../../store/operations.js';
import { MemoryKeys } from './keys.js';
import { MemoryQueue } from './queue.js';
import { sliceOf } from './slices.js';
import { MemoryStreams } from './streams.js';

/** A record in its encoded form: what it held before does not change with what a caller does to it. */
class Cell<T extends MessageShape<GenMessage<never>>> {
  #bytes = new Uint8Array();
  constructor(
    private readonly schema: GenMessage<never>,
    value: T,
  ) {
    this.value = value;
  }
  get value(): T {
    return fromBinary(this.schema, this.#bytes) as T;
  }
  set value(value: T) {
    this.#bytes = toBinary(this.schema, value as never);
  }
}

interface EntityCell<T> {
  readonly key: Key;
  value: T;
  payloads: Payloads;
}

interface HookCell {
  readonly key: Key;
  readonly hook: Hook;
  state: HookState;
}

/** A run with all that is its own. */
export interface RunCell {
  readonly key: Key;
  readonly project: string;
  record: Run;
  payloads: Payloads;
  end: LogEnd;
  readonly events: Event[];
  readonly steps: Map<string, EntityCell<Step>>;
  readonly hooks: Map<string, HookCell>;
  readonly waits: Map<string, { readonly key: Key; value: Wait }>;
  readonly resumes: Map<string, ResumeRow>;
}

interface TokenCell {
  readonly run: Key;
  readonly hookId: string;
}

/** Copies by way of the wire, so that whatever the wire would lose is lost here too. */
function copy<T>(schema: unknown, value: T): T {
  return new Cell(schema as GenMessage<never>, value as never).value as T;
}

const copyRun = (run: Run): Run => copy(RunSchema, run);
const copyStep = (step: Step): Step => copy(StepSchema, step);
const copyEvent = (event: Event): Event => copy(EventSchema, event);
const copyHook = (hook: Hook): Hook => copy(HookSchema, hook);
const copyWait = (wait: Wait): Wait => copy(WaitSchema, wait);

function copyPayloads({ input, output, error }: Payloads): Payloads {
  return {
    ...(input === undefined ? {} : { input: input.slice() }),
    ...(output === undefined ? {} : { output: output.slice() }),
    ...(error === undefined ? {} : { error: copy<Failure>(FailureSchema, error) }),
  };
}

function chosen(payloads: Payloads, choice: PayloadChoice): Payloads {
  if (choice === 'none') return {};
  if (choice === 'all') return copyPayloads(payloads);
  return payloads.input === undefined ? {} : copyPayloads({ input: payloads.input });
}

const tokenKey = (project: string, token: string): string => JSON.stringify([project, token]);

/** Every operation of a store over plain maps, honest to the letter, with its constraints as assertions. */
export class MemoryStore implements StoreOperations {
  readonly outcomes = new Map<string, OutcomeRow & { readonly at: number }>();
  readonly runs = new Map<Key, RunCell>();
  readonly tokens = new Map<string, TokenCell>();
  readonly topics: string[] = [];
  readonly #keys = { last: 0 };
  readonly queue = new MemoryQueue(() => this.#nextKey(), this.runs);
  readonly streams = new MemoryStreams(() => this.#nextKey());
  readonly keys = new MemoryKeys(() => this.#nextKey());

  #nextKey(): Key {
    this.#keys.last += 1;
    return this.#keys.last;
  }

  #cell(key: Key): RunCell {
    const cell = this.runs.get(key);
    assert(cell, `no run has key ${key}`);
    return cell;
  }

  #find(project: string, runId: string): RunCell | undefined {
    for (const cell of this.runs.values())
      if (cell.project === project && cell.record.runId === runId) return cell;
    return undefined;
  }

  /** Everything that a commit could change, for comparison. */
  snapshot(): unknown {
    const { outcomes, runs, tokens, queue, streams, keys } = this;
    const parts = { queue: queue.state, streams: streams.state, keys: keys.state };
    return structuredClone({ outcomes, runs, tokens, ...parts });
  }

  getOutcome(project: string, requestId: string): OutcomeRow | undefined {
    return this.outcomes.get(JSON.stringify([project, requestId]));
  }
  putOutcome(project: string, requestId: string, outcome: OutcomeRow, now: number): void {
    const id = JSON.stringify([project, requestId]);
    assert(!this.outcomes.has(id), 'an outcome is kept once');
    this.outcomes.set(id, { ...outcome, response: outcome.response.slice(), at: now });
  }

  getRun(project: string, runId: string, payloads: PayloadChoice): RunRow | undefined {
    const cell = this.#find(project, runId);
    if (cell === undefined) return undefined;
    const { key, end } = cell;
    const run = { ...this.#runOf(cell), ...chosen(cell.payloads, payloads) };
    return { key, run, lastEventAt: end.lastEventAt, bytes: end.bytes };
  }
  #runOf(cell: RunCell): Run {
    return { ...copyRun(cell.record), lastPosition: BigInt(cell.end.lastPosition) };
  }
  insertRun(project: string, run: Run): Key {
    assert(!this.#find(project, run.runId), 'a run id is taken once');
    const key = this.#nextKey();
    this.runs.set(key, {
      key,
      project,
      record: copyRun(stripRun(run)),
      payloads: copyPayloads(run),
      end: { lastPosition: 0, lastEventAt: 0, bytes: 0 },
      events: [],
      steps: new Map(),
      hooks: new Map(),
      waits: new Map(),
      resumes: new Map(),
    });
    return key;
  }
  updateRun(key: Key, run: Run, payloads: Payloads): void {
    const cell = this.#cell(key);
    assert.deepEqual(stripRun(run), run, 'the record carries no payloads');
    assert.equal(run.runId, cell.record.runId);
    cell.record = copyRun(run);
    cell.payloads = { ...cell.payloads, ...copyPayloads(payloads) };
  }
  listRuns(project: string, filter: RunFilter, slice: Slice, choice: PayloadChoice): Sliced<Run> {
    const found = [...this.runs.values()].filter((cell) => cell.project === project);
    return sliceOf(
      found
        .filter(({ record }) => matches(record, filter))
        .map((cell) => ({
          key: cell.key,
          value: { ...this.#runOf(cell), ...chosen(cell.payloads, choice) },
        })),
      slice,
    );
  }
  listAttributeKeys(
    project: string,
    filter: RunFilter,
    after: string | undefined,
    limit: number,
  ): ReturnType<StoreOperations['listAttributeKeys']> {
    const times = new Map<string, number[]>();
    for (const { record, project: owner } of this.runs.values())
      if (owner === project && matches(record, filter))
        for (const key of Object.keys(record.attributes))
          times.set(key, [...(times.get(key) ?? []), millisOf(record.createdAt!)]);
    const rest = [...times].sort(([a], [b]) => (a < b ? -1 : 1));
    const wanted = rest.filter(([key]) => after === undefined || key > after);
    return {
      items: wanted.slice(0, limit).map(([key, at]) => ({
        key,
        runCount: at.length,
        firstSeenAt: Math.min(...at),
        lastSeenAt: Math.max(...at),
      })),
      more: wanted.length > limit,
    };
  }
  releaseRun(key: Key, now: number): void {
    const cell = this.#cell(key);
    assert(isEnded(cell.record.status), 'only an ended run is released');
    for (const [hookId, { hook, state }] of cell.hooks) {
      const until = hook.tokenRetentionUntil;
      if (state === 'live' && until !== undefined && millisOf(until) > now) continue;
      cell.hooks.delete(hookId);
      if (state === 'live') this.tokens.delete(tokenKey(cell.project, hook.token));
    }
    cell.waits.clear();
  }
  purgeRun(project: string, key: Key, runId: string): void {
    const cell = this.#cell(key);
    cell.payloads = {};
    for (const step of cell.steps.values()) step.payloads = {};
    for (const hook of cell.hooks.values())
      delete (hook.hook as { metadata?: Uint8Array }).metadata;
    cell.events.splice(0, Infinity, ...cell.events.map(stripEvent));
    this.streams.expire(project, runId);
  }

  appendEvents(key: Key, events: readonly Event[], end: LogEnd): void {
    const cell = this.#cell(key);
    for (const event of events) {
      const position = cell.events.length + 1;
      assert.equal(Number(event.position), position, 'positions are dense');
      assert.equal(event.eventId, `evnt_${String(position).padStart(26, '0')}`);
      assert(event.createdAt && millisOf(event.createdAt) >= cell.end.lastEventAt, 'time goes on');
      cell.events.push(copyEvent(event));
    }
    assert.equal(end.lastPosition, cell.events.length);
    cell.end = { ...end };
  }
  getEvent(key: Key, position: number, payloads: boolean): Event | undefined {
    const event = this.#cell(key).events[position - 1];
    return event && this.#eventOf(event, payloads);
  }
  #eventOf(event: Event, payloads: boolean): Event {
    return payloads ? copyEvent(event) : stripEvent(copyEvent(event));
  }
  listEvents(
    key: Key,
    types: readonly EventType[],
    correlationId: string | undefined,
    slice: Slice,
    payloads: boolean,
  ): Sliced<Event> {
    return sliceOf(
      this.#cell(key)
        .events.filter((event) => types.length === 0 || types.includes(typeOf(event)))
        .filter((event) => correlationId === undefined || event.correlationId === correlationId)
        .map((event) => ({ key: Number(event.position), value: this.#eventOf(event, payloads) })),
      slice,
    );
  }
  listProjectEvents(
    project: string,
    types: readonly EventType[],
    correlationId: string,
    slice: Slice,
    payloads: boolean,
  ): Sliced<Event> {
    const events = [...this.runs.values()]
      .filter((cell) => cell.project === project)
      .flatMap(({ key, events }) => events.map((event) => ({ key, event })))
      .filter(({ event }) => types.length === 0 || types.includes(typeOf(event)))
      .filter(({ event }) => event.correlationId === correlationId);
    return sliceOf(
      events.map(({ key, event }) => ({
        key: key * 100_000 + Number(event.position),
        value: this.#eventOf(event, payloads),
      })),
      slice,
    );
  }
  hasEvent(key: Key, type: EventType, correlationId: string): boolean {
    return this.#cell(key).events.some(
      (event) => typeOf(event) === type && event.correlationId === correlationId,
    );
  }

  getStep(key: Key, stepId: string, choice: PayloadChoice): Step | undefined {
    const cell = this.#cell(key).steps.get(stepId);
    return cell && { ...copyStep(cell.value), ...chosen(cell.payloads, choice) };
  }
  insertStep(key: Key, step: Step): void {
    const { steps } = this.#cell(key);
    assert(!steps.has(step.stepId), 'a step id is taken once');
    const value = copyStep(stripStep(step));
    steps.set(step.stepId, { key: this.#nextKey(), value, payloads: copyPayloads(step) });
  }
  updateStep(key: Key, step: Step, payloads: Payloads): void {
    const cell = this.#cell(key).steps.get(step.stepId);
    assert(cell, 'the step exists');
    assert.deepEqual(stripStep(step), step, 'the record carries no payloads');
    cell.value = copyStep(step);
    cell.payloads = { ...cell.payloads, ...copyPayloads(payloads) };
  }
  listSteps(key: Key, slice: Slice, choice: PayloadChoice): Sliced<Step> {
    const cells = [...this.#cell(key).steps.values()];
    return sliceOf(
      cells.map((cell) => ({
        key: cell.key,
        value: { ...copyStep(cell.value), ...chosen(cell.payloads, choice) },
      })),
      slice,
    );
  }

  getHook(key: Key, hookId: string): ReturnType<StoreOperations['getHook']> {
    const cell = this.#cell(key).hooks.get(hookId);
    if (cell === undefined) return undefined;
    const { metadata: _metadata, run: _run, ...hook } = copyHook(cell.hook);
    return { hook, state: cell.state };
  }
  #hookOf(cell: RunCell, { hook }: HookCell, payloads: boolean): Hook {
    const { metadata, ...rest } = copyHook(hook);
    const read = { ...rest, run: hookRunContext(cell.record) };
    return payloads && metadata !== undefined ? { ...read, metadata } : read;
  }
  #liveHooks(project: string, key: Key | undefined): { cell: RunCell; hook: HookCell }[] {
    return [...this.runs.values()]
      .filter((cell) => cell.project === project && (key === undefined || cell.key === key))
      .flatMap((cell) => [...cell.hooks.values()].map((hook) => ({ cell, hook })))
      .filter(({ hook }) => hook.state === 'live')
      .sort((a, b) => a.hook.key - b.hook.key);
  }
  readHook(project: string, key: Key | undefined, hookId: string, payloads: boolean) {
    const found = this.#liveHooks(project, key).findLast(({ hook }) => hook.hook.hookId === hookId);
    return found && this.#hookOf(found.cell, found.hook, payloads);
  }
  readHookByToken(project: string, token: string, payloads: boolean): Hook | undefined {
    const holder = this.tokens.get(tokenKey(project, token));
    if (holder === undefined) return undefined;
    const cell = this.#cell(holder.run);
    return this.#hookOf(cell, cell.hooks.get(holder.hookId)!, payloads);
  }
  getToken(project: string, token: string): ReturnType<StoreOperations['getToken']> {
    const holder = this.tokens.get(tokenKey(project, token));
    if (holder === undefined) return undefined;
    const { record, hooks } = this.#cell(holder.run);
    const until = hooks.get(holder.hookId)!.hook.tokenRetentionUntil;
    return {
      runId: record.runId,
      hookId: holder.hookId,
      retainedUntil: until === undefined ? 0 : millisOf(until),
      runStatus: record.status,
    };
  }
  insertHook(project: string, key: Key, hook: Hook, state: HookState): void {
    const { hooks } = this.#cell(key);
    assert(!hooks.has(hook.hookId), 'a hook id is taken once');
    const id = tokenKey(project, hook.token);
    if (state === 'live') {
      assert(!this.tokens.has(id), 'a token has one holder');
      this.tokens.set(id, { run: key, hookId: hook.hookId });
    }
    hooks.set(hook.hookId, { key: this.#nextKey(), hook: copyHook(hook), state });
  }
  disposeHook(key: Key, hookId: string): void {
    const cell = this.#cell(key);
    const hook = cell.hooks.get(hookId);
    assert(hook?.state === 'live', 'only a live hook is disposed of');
    hook.state = 'disposed';
    this.tokens.delete(tokenKey(cell.project, hook.hook.token));
  }
  dropTokenHolder(project: string, token: string): void {
    const id = tokenKey(project, token);
    const holder = this.tokens.get(id);
    assert(holder, 'the token is held');
    this.#cell(holder.run).hooks.delete(holder.hookId);
    this.tokens.delete(id);
  }
  listHooks(project: string, key: Key | undefined, slice: Slice, payloads: boolean): Sliced<Hook> {
    return sliceOf(
      this.#liveHooks(project, key).map(({ cell, hook }) => ({
        key: hook.key,
        value: this.#hookOf(cell, hook, payloads),
      })),
      slice,
    );
  }
  getResume(key: Key, resumeId: string): ResumeRow | undefined {
    return this.#cell(key).resumes.get(resumeId);
  }
  insertResume(key: Key, resumeId: string, resume: ResumeRow): void {
    const { resumes } = this.#cell(key);
    assert(!resumes.has(resumeId), 'a resume id lands once');
    resumes.set(resumeId, { ...resume });
  }

  getWait(key: Key, waitId: string): Wait | undefined {
    const cell = this.#cell(key).waits.get(waitId);
    return cell && copyWait(cell.value);
  }
  insertWait(key: Key, wait: Wait): void {
    const { waits } = this.#cell(key);
    assert(!waits.has(wait.waitId), 'a wait id is taken once');
    waits.set(wait.waitId, { key: this.#nextKey(), value: copyWait(wait) });
  }
  updateWait(key: Key, wait: Wait): void {
    const cell = this.#cell(key).waits.get(wait.waitId);
    assert(cell, 'the wait exists');
    cell.value = copyWait(wait);
  }
  listWaits(key: Key, status: number, slice: Slice): Sliced<Wait> {
    const cells = [...this.#cell(key).waits.values()];
    return sliceOf(
      cells.filter(({ value }) => status === 0 || value.status === status),
      slice,
    );
  }

  findMessage: StoreOperations['findMessage'] = (...args) => this.queue.findMessage(...args);
  insertMessage: StoreOperations['insertMessage'] = (...args) => this.queue.insertMessage(...args);
  leaseMessages: StoreOperations['leaseMessages'] = (...args) => this.queue.leaseMessages(...args);
  nextVisibleAt: StoreOperations['nextVisibleAt'] = (...args) => this.queue.nextVisibleAt(...args);
  getLease: StoreOperations['getLease'] = (...args) => this.queue.getLease(...args);
  deleteMessage: StoreOperations['deleteMessage'] = (...args) => this.queue.deleteMessage(...args);
  returnMessage: StoreOperations['returnMessage'] = (...args) => this.queue.returnMessage(...args);
  buryMessage: StoreOperations['buryMessage'] = (...args) => this.queue.buryMessage(...args);
  extendLease: StoreOperations['extendLease'] = (...args) => this.queue.extendLease(...args);
  releaseConsumer: StoreOperations['releaseConsumer'] = (...a) => this.queue.releaseConsumer(...a);
  listLeaseHolders: StoreOperations['listLeaseHolders'] = (...a) =>
    this.queue.listLeaseHolders(...a);
  listQueues: StoreOperations['listQueues'] = (...args) => this.queue.listQueues(...args);
  listDeadMessages: StoreOperations['listDeadMessages'] = (...a) =>
    this.queue.listDeadMessages(...a);
  reviveMessage: StoreOperations['reviveMessage'] = (...args) => this.queue.reviveMessage(...args);
  listStrandedRuns: StoreOperations['listStrandedRuns'] = (...a) =>
    this.queue.listStrandedRuns(...a);
  noteDeployment: StoreOperations['noteDeployment'] = (...a) => this.queue.noteDeployment(...a);
  latestDeployment: StoreOperations['latestDeployment'] = (...a) =>
    this.queue.latestDeployment(...a);

  getStream: StoreOperations['getStream'] = (...args) => this.streams.getStream(...args);
  findStream: StoreOperations['findStream'] = (...args) => this.streams.findStream(...args);
  insertStream: StoreOperations['insertStream'] = (...args) => this.streams.insertStream(...args);
  appendChunks: StoreOperations['appendChunks'] = (...args) => this.streams.appendChunks(...args);
  closeStream: StoreOperations['closeStream'] = (...args) => this.streams.closeStream(...args);
  getWriter: StoreOperations['getWriter'] = (...args) => this.streams.getWriter(...args);
  putWriter: StoreOperations['putWriter'] = (...args) => this.streams.putWriter(...args);
  listChunks: StoreOperations['listChunks'] = (...args) => this.streams.listChunks(...args);
  listStreams: StoreOperations['listStreams'] = (...args) => this.streams.listStreams(...args);

  putDeploymentKey: StoreOperations['putDeploymentKey'] = (...a) =>
    this.keys.putDeploymentKey(...a);
  findDeploymentKey: StoreOperations['findDeploymentKey'] = (...a) =>
    this.keys.findDeploymentKey(...a);
  latestDeploymentKey: StoreOperations['latestDeploymentKey'] = (...a) =>
    this.keys.latestDeploymentKey(...a);
  listDeploymentKeys: StoreOperations['listDeploymentKeys'] = (...a) =>
    this.keys.listDeploymentKeys(...a);
  latestKeyAccess: StoreOperations['latestKeyAccess'] = (...a) => this.keys.latestKeyAccess(...a);
  appendKeyAccess: StoreOperations['appendKeyAccess'] = (...a) => this.keys.appendKeyAccess(...a);
  listKeyAccess: StoreOperations['listKeyAccess'] = (...a) => this.keys.listKeyAccess(...a);

  pruneOutcomes(before: number, limit: number): number {
    const old = [...this.outcomes].filter(([, { at }]) => at < before).slice(0, limit);
    for (const [id] of old) this.outcomes.delete(id);
    return old.length;
  }
  pruneRetainedHooks(now: number, limit: number): number {
    let pruned = 0;
    for (const [id, { run, hookId }] of this.tokens) {
      const { record, hooks } = this.#cell(run);
      const until = hooks.get(hookId)!.hook.tokenRetentionUntil;
      if (pruned === limit || !isEnded(record.status) || (until && millisOf(until) > now)) continue;
      hooks.delete(hookId);
      this.tokens.delete(id);
      pruned += 1;
    }
    return pruned;
  }
  hideRuns(endedBefore: number, limit: number): number {
    const old = [...this.runs.values()].filter(
      ({ key, record }) =>
        isEnded(record.status) &&
        millisOf(record.completedAt!) < endedBefore &&
        ![...this.tokens.values()].some(({ run }) => run === key),
    );
    const hidden = old.slice(0, limit);
    for (const { key, project, record } of hidden) {
      this.runs.delete(key);
      this.streams.remove(project, record.runId);
    }
    return hidden.length;
  }
  removeHidden(): number {
    return 0;
  }
  notify(topic: string): void {
    this.topics.push(topic);
  }
}

function matches(run: Run, filter: RunFilter): boolean {
  const created = millisOf(run.createdAt!);
  const { workflowName, statuses, createdFrom, createdBefore } = filter;
  return (
    (workflowName === undefined || run.workflowName === workflowName) &&
    (statuses.length === 0 || statuses.includes(run.status)) &&
    (createdFrom === undefined || created >= createdFrom) &&
    (createdBefore === undefined || created < createdBefore) &&
    Object.entries(filter.attributes).every(
      ([key, value]) => Object.hasOwn(run.attributes, key) && run.attributes[key] === value,
    )
  );
}

/** The type of an event, from its data. */
export function typeOf(event: Event): EventType {
  const name = event.data.case!.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  return EventType[name as keyof typeof EventType];
}
