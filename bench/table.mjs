/** What the benchmark prints. */
import { subjects } from './subjects.mjs';
import { median, works } from './work.mjs';

const PEERS = ['local', 'postgres'];
const OURS = ['wire', 'embedded'];

/** Medians of all rounds, and how many times better this World is than each peer. */
export function renderTable(results, names) {
  const header = ['', ...names.map((name) => subjects[name].title)];
  const pairs = OURS.flatMap((ours) => PEERS.map((peer) => [ours, peer])).filter(
    ([ours, peer]) => names.includes(ours) && names.includes(peer),
  );
  header.push(...pairs.map(([ours, peer]) => `${ours} : ${peer}`));

  const rows = Object.entries(results).map(([work, values]) => {
    const { title, unit, better } = works[work];
    const medians = Object.fromEntries(names.map((name) => [name, median(values[name])]));
    const ratios = pairs.map(([ours, peer]) => {
      const ratio =
        better === 'higher' ? medians[ours] / medians[peer] : medians[peer] / medians[ours];
      return `${ratio.toFixed(1)} x`;
    });
    return [`${title} (${unit})`, ...names.map((name) => format(medians[name])), ...ratios];
  });
  return align([header, ...rows]);
}

function format(value) {
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
