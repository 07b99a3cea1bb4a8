import { el } from './dom.js';

/** What html.ts wrote into the page. */
export const view = JSON.parse(document.getElementById('data').textContent);

export const checks = new Map(view.checks.map((check) => [check.id, check]));

export const requirements = new Map(view.requirements.map((each) => [each.id, each]));

/** The outcomes of findings, the gravest first. */
export const GRAVE = ['fail', 'harness-error', 'not-testable', 'known', 'warn'];

export const ORDER = [...GRAVE, 'not-applicable', 'pass', 'excluded', 'not-shown'];

export function counted(items) {
  const counts = new Map();
  for (const { outcome } of items) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return ORDER.filter((outcome) => counts.has(outcome)).map((outcome) => [
    outcome,
    counts.get(outcome),
  ]);
}

export function chapterName(code) {
  return view.chapters.find((chapter) => chapter.code === code)?.title ?? code;
}

/** The sign of an outcome, with its words for those who do not see it. */
export function badge(outcome, words) {
  const { sign, word } = view.labels[outcome];
  return el(
    'span',
    { class: `badge o-${outcome}` },
    el('span', { 'aria-hidden': 'true', class: 'sign' }, sign),
    el('span', words ? {} : { class: 'hidden' }, word),
  );
}

export function checkLink(id) {
  return el('a', { href: `#check/${encodeURI(id)}`, class: 'id' }, id);
}

export function requirementLink(id) {
  return el('a', { href: `#requirement/${encodeURI(id)}`, class: 'id' }, id);
}
