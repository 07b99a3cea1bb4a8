import { createRequire } from 'node:module';
import type { CapabilityName } from '../../check.js';

/** What becomes of an event: exactly one of the members, as spec/transitions.yaml says. */
export interface Outcome {
  readonly refuse?: string;
  readonly nothing?: true;
  readonly repeat?: true;
  readonly append?: readonly string[];
  readonly becomes?: Becomes;
}

/** What is so afterwards. */
export interface Becomes {
  readonly run?: string;
  readonly step?: string;
  readonly hook?: string;
  readonly wait?: string;
  readonly attempt?: number;
  readonly delayed?: true;
  readonly created?: true;
  readonly released?: true;
  readonly purged?: true;
  readonly takes_over?: true;
  readonly resume?: true;
}

interface Row {
  readonly id: string;
  readonly event: string;
  readonly given?: string;
  readonly state?: string;
  readonly capability?: CapabilityName | '';
  readonly runs: Readonly<Record<string, readonly Outcome[]>>;
}

interface RunState {
  readonly any?: readonly string[];
  readonly capability?: CapabilityName | '';
}

interface EntityState {
  readonly after?: readonly string[];
  readonly capability?: CapabilityName | '';
}

interface Transitions {
  readonly runs: Readonly<Record<string, RunState>>;
  readonly entities: Readonly<Record<string, Readonly<Record<string, EntityState>>>>;
  readonly tables: Readonly<
    Record<string, { readonly entity?: string; readonly rows: readonly Row[] }>
  >;
}

/** One cell: an event of one kind, in one state of its entity, in one state of its run. */
export interface Cell {
  readonly requirement: string;
  readonly table: string;
  readonly event: string;
  /** What tells the event apart from others of its type; empty where nothing does. */
  readonly given: string;
  /** The state of the entity; empty where the table has none. */
  readonly state: string;
  /** The state of the run as the table names it. */
  readonly run: string;
  /** The states that it stands for. */
  readonly runStates: readonly string[];
  readonly capabilities: readonly CapabilityName[];
  /** Each of them is lawful. */
  readonly outcomes: readonly Outcome[];
}

const transitions: Transitions = createRequire(import.meta.url)('@worldwire/spec/transitions');

/** Every cell that can be reached by events. */
export const cells: readonly Cell[] = Object.entries(transitions.tables).flatMap(
  ([table, { entity, rows }]) => rows.flatMap((row) => cellsOf(table, entity, row)),
);

function cellsOf(table: string, entity: string | undefined, row: Row): Cell[] {
  const state = row.state ?? '';
  const entityState = transitions.entities[entity ?? '']?.[state];
  if (entityState !== undefined && state !== 'absent' && entityState.after === undefined) return [];
  return Object.entries(row.runs).map(([run, outcomes]) => {
    const runState = transitions.runs[run] ?? {};
    return {
      requirement: row.id,
      table,
      event: row.event,
      given: row.given ?? '',
      state,
      run,
      runStates: runState.any ?? [run],
      capabilities: [
        row.capability,
        runState.capability,
        // It is an attribute that asks for the removal of payloads.
        runState.capability === 'RUN_RETENTION' ? 'ATTRIBUTES' : undefined,
        entityState?.capability,
      ].filter((capability): capability is CapabilityName => Boolean(capability)),
      outcomes,
    };
  });
}
