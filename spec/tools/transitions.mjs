import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { outcomesOf, phrase } from './outcomes.mjs';
import { REVISION } from './requirements.mjs';

/** Reads `transitions.yaml` of a spec folder. */
export function readTransitions(dir) {
  const source = parse(readFileSync(join(dir, 'transitions.yaml'), 'utf8'));
  return { revision: REVISION, ...source };
}

/** The form for programs: every cell a list of outcomes, and each row with its table's entity and state. */
export function transitionsJson({ revision, runs, entities, given, tables }) {
  const expanded = Object.entries(tables).map(([name, table]) => [
    name,
    { ...table, rows: table.rows.map((row) => expand(row, table)) },
  ]);
  return { revision, runs, entities, given, tables: Object.fromEntries(expanded) };
}

function expand(row, { entity }) {
  return {
    id: row.id,
    capability: row.capability ?? '',
    event: row.event,
    given: row.given ?? '',
    state: entity === undefined ? '' : row[entity],
    runs: Object.fromEntries(
      Object.entries(row.runs).map(([run, cell]) => [run, outcomesOf(cell)]),
    ),
  };
}

/** One requirement for each row. */
export function transitionRequirements(transitions) {
  return Object.values(transitions.tables).flatMap((table) =>
    table.rows.map((row) => ({
      id: row.id,
      level: 'MUST',
      sentence: sentenceOf(row, table, transitions),
      chapter: table.chapter,
      since: row.since ?? '1.0',
      capability: row.capability ?? '',
    })),
  );
}

/** What is wrong with the tables: unknown states and reasons, ids out of their chapter. */
export function transitionProblems(transitions, reasons) {
  const problems = [];
  for (const [name, table] of Object.entries(transitions.tables))
    for (const row of table.rows) {
      const problem = (text) => problems.push(`transitions.yaml: ${row.id}: ${text}`);
      if (!new RegExp(`^WW-${table.chapter}-[1-9]\\d\\d$`).test(row.id))
        problem(`is no id of table ${name}`);
      if (row.given !== undefined && transitions.given[row.given] === undefined)
        problem(`given "${row.given}" is not described`);
      if (table.entity !== undefined && !stateOf(row, table, transitions))
        problem(`${table.entity} "${row[table.entity]}" is not described`);
      for (const [run, cell] of Object.entries(row.runs)) {
        if (!table.runs.includes(run)) problem(`run "${run}" is no column of table ${name}`);
        for (const outcome of outcomesOf(cell))
          if (outcome.refuse !== undefined && !reasons.has(outcome.refuse))
            problem(`there is no reason ${outcome.refuse}`);
      }
    }
  return problems;
}

function stateOf(row, { entity }, { entities }) {
  return entities[entity]?.[row[entity]];
}

function sentenceOf(row, table, { given }) {
  const entity = table.entity && `of a ${table.entity} in state ${row[table.entity]}`;
  const event = [`\`${row.event}\``, entity, given[row.given]].filter(Boolean).join(' ');
  const cells = Object.entries(row.runs).map(([run, cell]) => `run ${run}: ${phrase(cell)}`);
  return `The World MUST answer ${event} as follows: ${cells.join('; ')}.`;
}
