/** A report as Markdown: what failed, grouped by the causes that findings.yaml names. */
const VERDICTS = ['pass', 'fail', 'warn', 'not applicable', 'not testable', 'harness error'];
const BROKEN = ['fail', 'not testable', 'harness error'];

/** Where a check broke something, the cause of it is the first finding that names the check. */
export function reportOf(name, { name: pack, version }, report, findings) {
  const checks = (report.checks ?? []).map((check) => ({ ...check, verdict: verdictOf(check) }));
  const broken = checks.filter(({ verdict }) => BROKEN.includes(verdict));
  const groups = new Map(findings.map((finding) => [finding, []]));
  const rest = [];
  for (const check of broken) {
    const finding = findings.find(
      ({ checks: patterns, told = '' }) =>
        patterns.some(matches(check.id)) && `${check.message} ${check.actual}`.includes(told),
    );
    (finding === undefined ? rest : groups.get(finding)).push(check);
  }
  const counts = VERDICTS.map((verdict) => [
    verdict,
    checks.filter((check) => check.verdict === verdict).length,
  ]).filter(([, count]) => count > 0);
  const summary = counts.map(([verdict, count]) => `${count} ${verdict}`).join(', ');
  const levels = new Map((report.requirements ?? []).map(({ id, level }) => [id, level]));
  const warnings = checks.filter(({ verdict }) => verdict === 'warn');
  const at = String(report.startedAt ?? '').slice(0, 10);
  const text = [
    `# ${pack} ${version}`,
    '',
    `Judged over the bridge by suite ${report.suiteVersion}, specification ${report.specRevision}, on ${at}, races at effort ${effortOf(report)}${leftOutOf(report)}: part by part, each with a fresh World and a seed of its own.${againOf(report)}`,
    '',
    '```sh',
    `node judge.mjs ${name}     # judges it again, part by part, at half effort`,
    `node confirm.mjs ${name}   # shows what is marked confirmed, without suite and bridge`,
    '```',
    '',
    ...table(
      ['verdict', 'checks'],
      counts.map(([verdict, count]) => [verdict, String(count)]),
    ),
    '',
    '## Findings',
    '',
    '*Confirmed*: shown against the World itself. *Read*: seen in its published source. *Open*: not confirmed, and not',
    'said to be the fault of the World. What is confirmed is the behaviour; that a check fails by it was told from what the',
    'check saw, and not shown for each.',
    '',
    ...table(
      ['what the World does', 'status', 'requirements', 'checks'],
      [
        ...[...groups]
          .filter(([, found]) => found.length > 0)
          .map(([finding, found]) => [
            finding.says,
            statusOf(finding),
            requirementsOf(found, levels),
            idsOf(found),
          ]),
        ...rest.map((check) => [
          `${said(check)}`,
          'open',
          requirementsOf([check], levels),
          idsOf([check]),
        ]),
      ],
    ),
    '',
    '## Warnings',
    '',
    warnings.length === 0 ? 'None.' : idsOf(warnings),
    '',
  ].join('\n');
  const stale = [...groups]
    .filter(([{ rare }, found]) => !rare && found.length === 0)
    .map(([{ says }]) => says);
  return { text, summary, stale };
}

function statusOf({ shown_by: shown, read, open }) {
  if (shown !== undefined) return `confirmed: \`${[shown].flat().join('`, `')}\``;
  if (read !== undefined) return `read: ${read}`;
  return open === undefined ? 'open' : `open: ${open}`;
}

/** The requirement that a check says is broken, else those that it shows. */
function requirementsOf(checks, levels) {
  const ids = checks.flatMap(({ brokenRequirement, requirements = [] }) =>
    brokenRequirement ? [brokenRequirement] : requirements,
  );
  const must = ids.filter((id) => (levels.get(id) ?? 'LEVEL_MUST') === 'LEVEL_MUST');
  return [...new Set(must)].sort().join(' ');
}

function idsOf(checks) {
  return checks.map(({ id }) => `\`${id}\``).join(', ');
}

function said({ message = '', expected = '', actual = '' }) {
  const cut = (text) => shortOf(withoutFolders(text)).replaceAll('\n', ' ');
  const compared = expected || actual ? ` (wanted ${cut(expected)}; was ${cut(actual)})` : '';
  return `${cut(message)}${compared}`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function verdictOf({ verdict = '' }) {
  return verdict.replace('VERDICT_', '').toLowerCase().replaceAll('_', ' ');
}

/** Patterns are ids of checks, with * for anything. */
function matches(id) {
  return (pattern) =>
    new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(
      id,
    );
}

function effortOf({ command = '' }) {
  return /--effort (\S+)/.exec(command)?.[1] ?? '1';
}

/** Which checks were left out. */
function leftOutOf({ command = '' }) {
  const patterns = [...command.matchAll(/--exclude '?([^\s']+)'?/g)].map(([, pattern]) => pattern);
  return patterns.length === 0 ? '' : `, without \`${patterns.join('`, `')}\``;
}

/** What was judged later than the rest. */
function againOf({ judgedAgain = [] }) {
  if (judgedAgain.length === 0) return '';
  return ` Judged again alone, with four times the time, and merged: \`${judgedAgain.join('`, `')}\`.`;
}

const shortOf = (text) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

/** Folders of the machine that judged say nothing. */
function withoutFolders(text) {
  return text.replaceAll(/\/\S*?\/worldwire-[a-z]+-\w{6}/g, '{data}');
}
