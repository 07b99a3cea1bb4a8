import { checkBody } from './body.js';
import { drawChecks } from './checks.js';
import { closeDetail, openDetail } from './detail.js';
import { command, el } from './dom.js';
import { matches, state } from './filters.js';
import { badge, checks, GRAVE, requirements, view } from './model.js';
import { drawRequirements } from './requirements.js';

const main = document.getElementById('main');

function route() {
  const [, kind, rest] = /^#([a-z]+)(?:\/(.*))?$/.exec(location.hash) ?? [];
  const id = decode(rest);
  const check = kind === 'check' ? checks.get(id) : undefined;
  const requirement = kind === 'requirement' ? requirements.get(id) : undefined;
  if (kind === 'checks' || kind === 'requirements') draw(kind);
  if (check !== undefined) openDetail('checks', check);
  else if (requirement !== undefined) openDetail('requirements', requirement);
  else closeDetail();
}

function decode(text) {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    return '';
  }
}

function draw(kind) {
  if (state.view === kind && main.querySelector('nav') !== null) return;
  state.view = kind;
  const tab = (name, words) =>
    el(
      'a',
      { href: `#${name}`, 'aria-current': kind === name ? 'page' : undefined },
      `${words} `,
      el('small', {}, String(view[name].length)),
    );
  const nav = el(
    'nav',
    { 'aria-label': 'Views' },
    tab('checks', 'Checks'),
    tab('requirements', 'Requirements'),
  );
  const parts = kind === 'checks' ? drawChecks() : drawRequirements();
  main.replaceChildren(nav, ...parts.filter(Boolean));
}

function drawFacts() {
  const declared =
    view.capabilities.length === 0
      ? 'none declared: the core profile'
      : el(
          'ul',
          {},
          view.capabilities.map((name) => el('li', {}, name)),
        );
  const about = el(
    'details',
    { class: 'about', open: matchMedia('(min-width: 641px)').matches },
    el('summary', {}, 'About this run'),
    el(
      'dl',
      {},
      view.facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
    ),
    el('div', { class: 'capabilities' }, el('span', { class: 'label' }, 'Capabilities'), declared),
    view.command === '' ? undefined : command(view.command),
  );
  document.getElementById('facts').append(about);
}

// On paper every finding stands in full after the matrix.
addEventListener('beforeprint', () => {
  const shown = view.checks.filter(
    (check) => GRAVE.includes(check.outcome) && matches(check, 'checks'),
  );
  const print = el(
    'section',
    { class: 'printed' },
    shown
      .slice(0, 200)
      .map((check) =>
        el(
          'article',
          {},
          el('h2', {}, badge(check.outcome, true), ' ', check.id),
          checkBody(check, true).filter(Boolean),
        ),
      ),
  );
  main.append(print);
});
addEventListener('afterprint', () => {
  main.querySelector('.printed')?.remove();
});

drawFacts();
draw(location.hash.startsWith('#requirement') ? 'requirements' : 'checks');
addEventListener('hashchange', route);
route();
