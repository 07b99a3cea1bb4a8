/** The state of a step. */
export interface StepState {
  readonly status: 'pending' | 'running' | 'completed' | 'failed';
  readonly attempt: number;
  /** Whether its retry time lies ahead. */
  readonly later: boolean;
}

/** The state of one run and of all that belongs to it, but for its log. */
export interface RunState {
  readonly status: 'absent' | 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly steps: Readonly<Record<string, StepState>>;
  readonly hooks: Readonly<Record<string, 'live' | 'disposed' | 'conflicted'>>;
  /** Holders of tokens: ids of live hooks. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly waits: Readonly<Record<string, 'waiting' | 'completed'>>;
  readonly attributes: Readonly<Record<string, string>>;
  /** Ids of the workflow's attr_set events. */
  readonly writes: Readonly<Record<string, true>>;
  readonly resumes: Readonly<Record<string, Resume>>;
}

/** What a resume id was used for. */
export interface Resume {
  readonly hook: string;
  readonly digest: string;
}

/** A run that does not exist. */
export const ABSENT: RunState = {
  status: 'absent',
  steps: {},
  hooks: {},
  tokens: {},
  waits: {},
  attributes: {},
  writes: {},
  resumes: {},
};

/** Whether the run has ended. */
export function isEnded({ status }: RunState): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** A record with one entry more, in the order of its keys, so that equal records print equal. */
export function put<T>(
  record: Readonly<Record<string, T>>,
  key: string,
  value: T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries({ ...record, [key]: value }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A record without an entry. */
export function drop<T>(
  record: Readonly<Record<string, T>>,
  key: string,
): Readonly<Record<string, T>> {
  const { [key]: _dropped, ...rest } = record;
  return rest;
}
