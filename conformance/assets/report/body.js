import { block, only, pretty } from './code.js';
import { command, el } from './dom.js';
import {
  badge,
  chapterName,
  checkLink,
  checks,
  requirementLink,
  requirements,
  view,
} from './model.js';

export function checkBody(check, printed) {
  const expected = check.expected === undefined ? '' : pretty(check.expected);
  const actual = check.actual === undefined ? '' : pretty(check.actual);
  const facts = [
    `took ${check.took}`,
    check.capabilities ? `needs ${check.capabilities.join(', ')}` : '',
    check.repetitions
      ? `repetitions: ${check.repetitions.map((each) => view.labels[each].word).join(', ')}`
      : '',
  ].filter(Boolean);
  return [
    el('p', { class: 'lead' }, check.title),
    check.message ? el('p', { class: `message o-${check.outcome}` }, check.message) : undefined,
    check.known ? el('p', { class: 'message o-known' }, `Known: ${check.known}`) : undefined,
    check.expected !== undefined || check.actual !== undefined
      ? el(
          'div',
          { class: 'values' },
          check.expected === undefined
            ? undefined
            : part('Expected', block(expected, 'Expected', only(expected, actual))),
          check.actual === undefined
            ? undefined
            : part('Actual', block(actual, 'Actual', only(actual, expected))),
        )
      : undefined,
    part(
      check.requirements.length === 1 ? 'Requirement' : 'Requirements',
      el(
        'ul',
        { class: 'sentences' },
        check.requirements.map((id) => sentenceOf(id, id === check.broken)),
      ),
    ),
    check.reproduce ? part('Reproduce', command(check.reproduce)) : undefined,
    check.trace ? traceOf(check, printed) : undefined,
    el('p', { class: 'facts' }, facts.join(' · ')),
  ];
}

export function requirementBody(requirement) {
  return [
    el('p', { class: 'lead' }, requirement.sentence),
    el(
      'p',
      { class: 'facts' },
      [
        requirement.level,
        chapterName(requirement.chapter),
        requirement.capability ?? 'core profile',
      ]
        .filter(Boolean)
        .join(' · '),
    ),
    requirement.excluded
      ? part('Why no check can show it', el('p', {}, requirement.excluded))
      : undefined,
    requirement.checks
      ? part(
          'Checks',
          el(
            'ul',
            { class: 'citations' },
            requirement.checks.map((id) => {
              const check = checks.get(id);
              return el(
                'li',
                {},
                check === undefined ? el('code', {}, id) : [badge(check.outcome), checkLink(id)],
                check === undefined ? undefined : el('p', {}, check.message ?? check.title),
              );
            }),
          ),
        )
      : requirement.excluded
        ? undefined
        : el('p', {}, 'No check that cites it was run.'),
  ];
}

function sentenceOf(id, broken) {
  const requirement = requirements.get(id);
  return el(
    'li',
    { class: broken ? 'broken' : undefined },
    requirement === undefined ? el('span', { class: 'id' }, id) : requirementLink(id),
    requirement === undefined ? undefined : el('span', { class: 'level' }, requirement.level),
    broken ? el('span', { class: 'level o-fail' }, 'broken') : undefined,
    requirement === undefined ? undefined : el('p', {}, requirement.sentence),
  );
}

function part(title, ...children) {
  return el('section', {}, el('h3', {}, title), children);
}

function traceOf(check, printed) {
  const exchanges = check.trace.map((exchange, at) => {
    const failed = exchange.error !== undefined || !['ok', '…'].includes(exchange.ending);
    return el(
      'details',
      { class: 'exchange', open: printed || at === check.trace.length - 1 },
      el(
        'summary',
        {},
        el('span', { class: 'at' }, `+${exchange.at}`),
        exchange.client ? el('span', { class: 'client' }, exchange.client) : undefined,
        el(
          'span',
          { class: 'method' },
          exchange.method.slice(exchange.method.lastIndexOf('.') + 1),
        ),
        el('span', { class: failed ? 'ending bad' : 'ending' }, exchange.ending),
        el('span', { class: 'took' }, exchange.took),
      ),
      exchange.request
        ? [el('h4', {}, 'Request'), block(pretty(exchange.request), 'Request')]
        : undefined,
      exchange.response
        ? [el('h4', {}, 'Response'), block(pretty(exchange.response), 'Response')]
        : undefined,
      exchange.error ? [el('h4', {}, 'Error'), block(exchange.error, 'Error')] : undefined,
    );
  });
  const toggle = el(
    'button',
    { type: 'button', class: 'small', 'aria-pressed': 'false' },
    'Open all',
  );
  toggle.addEventListener('click', () => {
    const open = exchanges.some((each) => !each.open);
    for (const each of exchanges) each.open = open;
    toggle.textContent = open ? 'Close all' : 'Open all';
  });
  return el(
    'section',
    {},
    el(
      'h3',
      {},
      `On the wire `,
      el('small', {}, String(exchanges.length)),
      exchanges.length > 1 ? toggle : undefined,
    ),
    check.omitted
      ? el('p', { class: 'hint' }, `${check.omitted} earlier exchanges were left out.`)
      : undefined,
    exchanges,
  );
}
