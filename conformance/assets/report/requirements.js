import { cell } from './checks.js';
import { el, say } from './dom.js';
import { filters, matches } from './filters.js';
import { badge, checks, ORDER, requirementLink, view } from './model.js';

export function drawRequirements() {
  const list = el('section', { class: 'requirements', 'aria-label': 'Requirements' });
  const update = () => {
    const shown = view.requirements.filter((each) => matches(each, 'requirements'));
    list.replaceChildren(
      el('h2', {}, 'Requirements ', el('small', {}, String(shown.length))),
      shown.length === 0
        ? el('p', { class: 'none' }, 'No requirement fits the filter.')
        : requirementTable(shown),
    );
    say(`${shown.length} of ${view.requirements.length} requirements`);
  };
  update();
  return [drawCoverage(), filters('requirements', update), list];
}

function requirementTable(shown) {
  const head = ['Verdict', 'Requirement', 'Sentence', 'Checks'].map((name) =>
    el('th', { scope: 'col' }, name),
  );
  const bodies = view.chapters.flatMap(({ code, title }) => {
    const own = shown.filter((each) => each.chapter === code);
    if (own.length === 0) return [];
    const rows = own.map((each) =>
      el(
        'tr',
        {},
        el('td', { class: 'verdict' }, badge(each.outcome, true)),
        el(
          'th',
          { scope: 'row' },
          requirementLink(each.id),
          el('span', { class: 'level' }, each.level),
          each.capability ? el('span', { class: 'capability' }, each.capability) : undefined,
        ),
        el(
          'td',
          { class: 'sentence' },
          each.sentence,
          each.excluded ? el('span', { class: 'reason' }, `Excluded: ${each.excluded}`) : undefined,
        ),
        el('td', { class: 'citing' }, signs(each.checks ?? [])),
      ),
    );
    return el(
      'tbody',
      {},
      el(
        'tr',
        { class: 'chapter' },
        el('th', { colspan: '4', scope: 'rowgroup' }, el('span', { class: 'code' }, code), title),
      ),
      rows,
    );
  });
  return el('table', { class: 'list' }, el('thead', {}, el('tr', {}, head)), bodies);
}

function signs(ids) {
  return ids.flatMap((id) => (checks.has(id) ? [cellOf(checks.get(id)), ' '] : []));

  function cellOf(check) {
    const node = cell(check);
    node.removeAttribute('tabindex');
    return node;
  }
}

function drawCoverage() {
  const outcomes = ORDER.filter((outcome) =>
    view.requirements.some((each) => each.outcome === outcome),
  );
  const columns = ['MUST', 'SHOULD', 'MAY'].map((level) => [
    level,
    view.requirements.filter((each) => each.level === level),
  ]);
  const musts = columns[0][1];
  columns.push(['all', view.requirements]);
  const judged = musts.filter((each) =>
    ['pass', 'fail', 'known', 'warn'].includes(each.outcome),
  ).length;
  const share = musts.length === 0 ? 0 : Math.floor((judged / musts.length) * 100);
  const row = (name, of) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, name),
      columns.map(([, items]) => {
        const count = items.filter(of).length;
        return el('td', { class: count === 0 ? 'zero' : undefined }, String(count));
      }),
    );
  return el(
    'section',
    { class: 'coverage', 'aria-labelledby': 'coverage-title' },
    el('h2', { id: 'coverage-title' }, 'Coverage'),
    el(
      'p',
      {},
      `This run judged ${judged} of ${musts.length} requirements of level MUST (${share} %).`,
    ),
    el(
      'table',
      {},
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          el('td'),
          columns.map(([name]) => el('th', { scope: 'col' }, name)),
        ),
      ),
      el(
        'tbody',
        {},
        outcomes.map((outcome) => row(badge(outcome, true), (each) => each.outcome === outcome)),
        row('all', () => true),
      ),
    ),
  );
}
