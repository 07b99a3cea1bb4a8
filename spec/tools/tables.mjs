import { phrase } from './outcomes.mjs';

/** A Markdown table. */
export function markdownTable(heads, rows) {
  const line = (cells) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** The tables that are made from `transitions.yaml`, by the names of their places. */
export function transitionTables(transitions) {
  return Object.fromEntries(
    Object.entries(transitions.tables).map(([name, table]) => [
      `transitions-${name}`,
      () => transitionTable(table, transitions),
    ]),
  );
}

function transitionTable({ entity, runs, rows }, { runs: states, entities, given }) {
  const heads = ['id', 'event', ...(entity === undefined ? [] : [entity]), ...runs];
  const body = rows.map((row) => [
    row.id,
    [`\`${row.event}\``, given[row.given], gate(row.capability)].filter(Boolean).join(' '),
    ...(entity === undefined ? [] : [row[entity]]),
    ...runs.map((run) => (row.runs[run] === undefined ? '' : phrase(row.runs[run]))),
  ]);
  return [
    markdownTable(heads, body),
    meanings('run', pick(states, runs)),
    ...(entity === undefined ? [] : [meanings(entity, entities[entity])]),
  ].join('\n\n');
}

function pick(states, names) {
  return Object.fromEntries(names.map((name) => [name, states[name]]));
}

function meanings(what, states) {
  return markdownTable(
    [what, 'means'],
    Object.entries(states).map(([name, { means, capability }]) => [
      name,
      [means, gate(capability)].filter(Boolean).join(' '),
    ]),
  );
}

function gate(capability) {
  return capability === undefined ? '' : `*(${capability})*`;
}
