/** What the benchmark prints. */
import { counts, growthWorks, median, works } from './work.mjs';

/**
 * Medians of all rounds, and for each pair of Worlds how many times better the first is.
 *
 * @param results Values by work and by World.
 * @param subjects The Worlds by their names, in the order of the columns.
 * @param pairs Names of two Worlds.
 */
export function renderWorks(results, subjects, pairs) {
  const names = Object.keys(subjects);
  const ratios = pairs.map(([one, other]) => `${subjects[one].title} : ${subjects[other].title}`);
  const header = ['', ...names.map((name) => subjects[name].title), ...ratios];
  const rows = Object.entries(results).map(([work, values]) => {
    const { title, unit, better } = { ...works, ...counts }[work];
    const medians = Object.fromEntries(
      names.map((name) => [name, values[name] && median(values[name])]),
    );
    const compared = pairs.map(([one, other]) => {
      const ratio =
        better === 'higher' ? medians[one] / medians[other] : medians[other] / medians[one];
      return Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)} x`;
    });
    return [`${title} (${unit})`, ...names.map((name) => format(medians[name])), ...compared];
  });
  return align([header, ...rows]);
}

/** What the growth of a store costs: how many times worse each is with the most than with the least. */
export function renderGrowth({ runs, parked, servers }) {
  const tables = [
    ['runs stored', runs],
    ['messages parked', parked],
    ['servers', servers],
  ];
  return tables.map(([title, values]) => renderSteps(title, values)).join('\n\n');
}

function renderSteps(title, values) {
  const counts = Object.keys(values);
  const names = Object.keys(values[counts[0]]);
  const header = [title, ...counts.map((count) => Number(count).toLocaleString('en-US')), 'cost'];
  const rows = names.map((name) => {
    const { title: work, unit, better } = { ...works, ...growthWorks }[name];
    const all = counts.map((count) => values[count][name]);
    const ratio = better === 'higher' ? all[0] / all.at(-1) : all.at(-1) / all[0];
    return [`${work} (${unit})`, ...all.map(format), `${ratio.toFixed(2)} x`];
  });
  return align([header, ...rows]);
}

/** Medians of all rounds of what takes milliseconds, by its title and by column; and how often that is in a second. */
export function renderTimes(results) {
  const columns = Object.keys(Object.values(results)[0]);
  const header = ['', ...columns.flatMap((column) => [`${column}/s`, 'ms'])];
  const rows = Object.entries(results).map(([title, times]) => [
    title,
    ...columns.flatMap((column) => {
      const ms = median(times[column]);
      return [format(1_000 / ms), ms.toFixed(3)];
    }),
  ]);
  return align([header, ...rows]);
}

function format(value) {
  if (value === undefined) return '';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 10 ? 1 : 2);
}

function align(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}
