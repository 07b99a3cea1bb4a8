import { el, say, visible } from './dom.js';
import { filters, matches } from './filters.js';
import { badge, checkLink, checks, counted, GRAVE, view } from './model.js';

/** Findings that are shown before the reader asks for all. */
const FIRST_FINDINGS = 12;

let allFindings = false;

export function drawChecks() {
  const findings = el('section', { class: 'findings', 'aria-label': 'Findings' });
  const matrix = el('section', { class: 'matrix', 'aria-labelledby': 'matrix-title' });
  const update = () => {
    const shown = view.checks.filter((check) => matches(check, 'checks'));
    findings.replaceChildren(...drawFindings(shown, update));
    matrix.replaceChildren(...drawMatrix(shown));
    say(`${shown.length} of ${view.checks.length} checks`);
  };
  update();
  const notice =
    view.baseline.length === 0
      ? undefined
      : el(
          'section',
          { class: 'notice' },
          el('h2', {}, 'The baseline does not hold'),
          el(
            'ul',
            {},
            view.baseline.map(({ check, problem }) =>
              el(
                'li',
                {},
                checks.has(check) ? checkLink(check) : el('code', {}, check),
                `: ${problem}`,
              ),
            ),
          ),
        );
  return [notice, filters('checks', update), findings, matrix];
}

function drawFindings(shown, update) {
  const grave = GRAVE.flatMap((outcome) => shown.filter((check) => check.outcome === outcome));
  if (grave.length === 0) return [];
  const some = allFindings ? grave : grave.slice(0, FIRST_FINDINGS);
  const rows = some.map((check) =>
    el(
      'li',
      {},
      el(
        'a',
        { class: 'finding', href: `#check/${encodeURI(check.id)}` },
        badge(check.outcome),
        el(
          'span',
          { class: 'what' },
          el('span', { class: 'id' }, check.id),
          el(
            'span',
            { class: 'message' },
            (check.message ?? check.title).split('\n')[0].slice(0, 300),
          ),
        ),
        el(
          'span',
          { class: 'ids' },
          (check.broken ? [check.broken] : check.requirements).join(' '),
        ),
      ),
    ),
  );
  const more =
    grave.length > some.length
      ? el(
          'button',
          {
            type: 'button',
            class: 'more',
            onclick: () => {
              allFindings = true;
              update();
              document.querySelectorAll('.finding')[FIRST_FINDINGS]?.focus();
            },
          },
          `Show all ${grave.length}`,
        )
      : undefined;
  return [
    el('h2', {}, 'Findings ', el('small', {}, String(grave.length))),
    el('ul', {}, rows),
    more,
  ].filter(Boolean);
}

function drawMatrix(shown) {
  const title = el(
    'h2',
    { id: 'matrix-title' },
    'Chapters and checks ',
    el('small', {}, String(shown.length)),
  );
  if (shown.length === 0) return [title, el('p', { class: 'none' }, 'No check fits the filter.')];
  const rows = view.chapters.flatMap(({ code, title: name }) => {
    const own = shown.filter((check) => check.chapter === code);
    if (own.length === 0) return [];
    const numbers = counted(own).map(([outcome, count]) =>
      el('span', { class: `count o-${outcome}` }, `${count} ${view.labels[outcome].word}`),
    );
    return el(
      'div',
      { class: 'row' },
      el(
        'h3',
        { id: `chapter-${code}` },
        el('span', { class: 'code' }, code),
        el('span', { class: 'name' }, name),
        el('span', { class: 'counts' }, numbers),
      ),
      el(
        'ul',
        { class: 'cells', 'aria-labelledby': `chapter-${code}` },
        own.map((check) => el('li', {}, cell(check))),
      ),
    );
  });
  const grid = el('div', { class: 'rows', onkeydown: moveByArrow, onfocusin: holdPlace }, rows);
  grid.querySelector('.cell').tabIndex = 0;
  return [
    title,
    el('p', { class: 'hint' }, 'Each sign is a check; the arrow keys move between them.'),
    grid,
  ];
}

export function cell(check) {
  const { sign, word } = view.labels[check.outcome];
  const name = visible(`${check.id} · ${word}\n${check.title.slice(0, 200)}`);
  return el(
    'a',
    {
      class: `cell o-${check.outcome}`,
      href: `#check/${encodeURI(check.id)}`,
      tabindex: '-1',
      title: name,
      'aria-label': name,
    },
    el('span', { 'aria-hidden': 'true' }, sign),
  );
}

/** The matrix is one stop of the Tab key; within it the arrow keys move, up and down by what is seen. */
function moveByArrow(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const cells = [...event.currentTarget.querySelectorAll('.cell')];
  const at = cells.indexOf(document.activeElement);
  if (at < 0) return;
  const goals = {
    ArrowRight: () => cells[at + 1],
    ArrowLeft: () => cells[at - 1],
    Home: () => cells[0],
    End: () => cells.at(-1),
    ArrowDown: () => nearest(1),
    ArrowUp: () => nearest(-1),
  };
  const goal = goals[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  goal()?.focus();

  function nearest(direction) {
    const here = cells[at].getBoundingClientRect();
    const beyond = cells
      .map((each) => [each, each.getBoundingClientRect()])
      .filter(([, box]) => (box.top - here.top) * direction > here.height / 2);
    const row = Math.min(...beyond.map(([, box]) => Math.abs(box.top - here.top)));
    return beyond
      .filter(([, box]) => Math.abs(box.top - here.top) < row + here.height / 2)
      .sort(([, a], [, b]) => Math.abs(a.left - here.left) - Math.abs(b.left - here.left))[0]?.[0];
  }
}

function holdPlace(event) {
  if (!event.target.classList.contains('cell')) return;
  for (const each of event.currentTarget.querySelectorAll('.cell[tabindex="0"]'))
    each.tabIndex = -1;
  event.target.tabIndex = 0;
}
