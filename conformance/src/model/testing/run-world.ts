import { refused } from '../history.js';
import type { Accepted, LoggedEvent, RunInput, RunOutput, WriteInput } from '../run-log.types.js';
import { Outcomes } from './outcomes.js';
import type { Task, TestWorld } from './simulate.js';

/** What is wrong with a World. */
export type RunBug =
  | 'check then insert'
  | 'two endings'
  | 'event after the end'
  | 'two endings of a step'
  | 'attempt not counted'
  | 'lost event'
  | 'position taken early'
  | 'row of a refused event'
  | 'request id ignored'
  | 'stale read'
  | 'retry time ignored'
  | 'attributes overwritten';

interface TestStep {
  status: string;
  attempt: number;
  later: boolean;
}

const ENDINGS = ['run_completed', 'run_failed', 'run_cancelled'];

/** A World of one run, in the plainest way. */
export class TestRunWorld implements TestWorld<RunInput, RunOutput> {
  readonly #log: LoggedEvent[] = [];
  readonly #steps = new Map<string, TestStep>();
  readonly #hooks = new Map<string, 'live' | 'gone'>();
  readonly #waits = new Map<string, 'waiting' | 'completed'>();
  readonly #writes = new Set<string>();
  readonly #resumes = new Map<string, { hook: string; event: LoggedEvent }>();
  readonly #outcomes = new Outcomes<RunOutput>();
  #attributes: Record<string, string> = {};
  #status = 'absent';
  #events = 0;
  #stale: LoggedEvent[] = [];

  constructor(
    private readonly bug?: RunBug,
    private readonly positions = true,
  ) {}

  *handle(input: RunInput, requestId: string | undefined): Task<RunOutput> {
    if (input.op !== 'write') return this.#read(input);
    const id = this.bug === 'request id ignored' ? undefined : requestId;
    return yield* this.#outcomes.once(id, () => this.#write(input));
  }

  #read(input: Exclude<RunInput, WriteInput>): RunOutput {
    if (input.op === 'list_events') {
      const events = this.bug === 'stale read' ? this.#stale : [...this.#log];
      this.#stale = [...this.#log];
      return { kind: 'events', events };
    }
    if (input.op === 'get_run')
      return { kind: 'record', status: this.#status, attributes: { ...this.#attributes } };
    const step = this.#steps.get(input.id!);
    if (step === undefined) return refused('STEP_NOT_FOUND');
    return { kind: 'record', status: step.status, attempt: step.attempt };
  }

  *#write(input: WriteInput): Task<RunOutput> {
    const { type, id = '' } = input;
    const ended = ['completed', 'failed', 'cancelled'].includes(this.#status);
    if (type === 'run_created') {
      if (this.#status !== 'absent') return refused('RUN_ALREADY_EXISTS');
      this.#status = 'pending';
      return this.#accept(input, { status: 'pending' });
    }
    if (type === 'run_started') {
      if (ended) return refused('RUN_GONE');
      if (this.#status === 'running') return { kind: 'accepted', event: null, status: 'running' };
      if (this.#status === 'absent') {
        if (!input.create) return refused('RUN_NOT_FOUND');
        this.#append('run_created', undefined);
      }
      this.#status = 'running';
      return this.#accept(input, { status: 'running' });
    }
    if (this.#status === 'absent') return refused('RUN_NOT_FOUND');
    if (ENDINGS.includes(type)) {
      if (this.#status === 'cancelled' && type === 'run_cancelled')
        return { kind: 'accepted', event: null, status: 'cancelled' };
      if (ended) return refused('RUN_ALREADY_ENDED');
      if (this.bug === 'two endings') yield;
      this.#status = type.slice('run_'.length);
      this.#hooks.clear();
      this.#waits.clear();
      return this.#accept(input, { status: this.#status });
    }
    const [kind] = type.split('_');
    if (kind === 'step') return yield* this.#writeStep(input, ended);
    if (kind === 'hook') return yield* this.#writeHook(input, ended);
    if (kind === 'wait') {
      const wait = this.#waits.get(id);
      if (type === 'wait_created') {
        if (ended) return refused('RUN_ALREADY_ENDED');
        if (wait !== undefined) return refused('WAIT_ALREADY_EXISTS');
        this.#waits.set(id, 'waiting');
        return this.#accept(input, { status: 'waiting' });
      }
      if (wait === undefined) return refused('WAIT_NOT_FOUND');
      if (wait === 'completed') return refused('WAIT_ALREADY_COMPLETED');
      this.#waits.set(id, 'completed');
      return this.#accept(input, { status: 'completed' });
    }
    if (ended) return refused('RUN_ALREADY_ENDED');
    const before = { ...this.#attributes };
    if (this.bug === 'attributes overwritten') {
      yield;
      if (['completed', 'failed', 'cancelled'].includes(this.#status))
        return refused('RUN_ALREADY_ENDED');
    }
    if (!input.byStep) {
      if (this.#writes.has(id)) return refused('ATTRIBUTES_ALREADY_SET');
      this.#writes.add(id);
    }
    for (const [key, value] of Object.entries(input.changes ?? {}))
      if (value === null) delete before[key];
      else before[key] = value;
    this.#attributes = before;
    return this.#accept(input, {});
  }

  *#writeStep(input: WriteInput, ended: boolean): Task<RunOutput> {
    const { type, id = '', create } = input;
    const step = this.#steps.get(id);
    if (type === 'step_created' || create) {
      if (ended) return refused('RUN_ALREADY_ENDED');
      if (step !== undefined) {
        if (this.bug === 'row of a refused event') this.#append(type, id);
        return refused('STEP_ALREADY_EXISTS');
      }
      if (this.bug === 'check then insert') yield;
      const status = create ? 'running' : 'pending';
      const attempt = create ? 1 : 0;
      if (create) this.#append('step_created', id);
      this.#steps.set(id, { status, attempt, later: false });
      return this.#accept(input, { status, attempt });
    }
    if (step === undefined) return refused('STEP_NOT_FOUND');
    if (['completed', 'failed'].includes(step.status)) return refused('STEP_ALREADY_ENDED');
    if (type === 'step_started') {
      if (ended) return refused('RUN_GONE');
      if (step.later && this.bug !== 'retry time ignored') return refused('TOO_EARLY');
      if (!(this.bug === 'attempt not counted' && step.status === 'running')) step.attempt += 1;
      step.status = 'running';
      step.later = false;
    } else if (type === 'step_retrying') {
      step.status = 'pending';
      step.later = input.later === true;
    } else {
      if (type === 'step_failed' && ended && step.status !== 'running') return refused('RUN_GONE');
      if (this.bug === 'two endings of a step') yield;
      step.status = type === 'step_failed' ? 'failed' : 'completed';
    }
    return this.#accept(input, { status: step.status, attempt: step.attempt });
  }

  *#writeHook(input: WriteInput, ended: boolean): Task<RunOutput> {
    const { type, id = '', resumeId } = input;
    if (type === 'hook_created') {
      if (ended) return refused('RUN_ALREADY_ENDED');
      if (this.#hooks.has(id)) return refused('HOOK_ALREADY_EXISTS');
      this.#hooks.set(id, 'live');
      return this.#accept(input, {});
    }
    const resume = resumeId === undefined ? undefined : this.#resumes.get(resumeId);
    if (type === 'hook_received' && resume !== undefined)
      return resume.hook === id
        ? { kind: 'accepted', event: resume.event }
        : refused('RESUME_CONFLICT');
    if (this.#hooks.get(id) !== 'live') return refused('HOOK_NOT_FOUND');
    if (type === 'hook_disposed') this.#hooks.set(id, 'gone');
    if (this.bug === 'event after the end') yield;
    const accepted = this.#accept(input, {});
    if (type === 'hook_received' && resumeId !== undefined)
      this.#resumes.set(resumeId, { hook: id, event: accepted.event! });
    return accepted;
  }

  #accept(input: WriteInput, shown: Omit<Accepted, 'kind' | 'event'>): Accepted {
    return { kind: 'accepted', event: this.#append(input.type, input.id), ...shown };
  }

  #append(type: string, id: string | undefined): LoggedEvent {
    this.#events += 1;
    const early = this.bug === 'position taken early' && this.#events % 5 === 0;
    const position = this.#log.length + (early ? 2 : 1);
    const event: LoggedEvent = {
      type,
      ...(id === undefined ? {} : { id }),
      eventId: `e${this.#events}`,
      ...(this.positions ? { position } : {}),
    };
    if (this.bug !== 'lost event' || this.#events % 7 !== 0) this.#log.push(event);
    return event;
  }
}
