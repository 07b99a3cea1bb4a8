import { el } from './dom.js';
import { badge, counted, view } from './model.js';

/** What the reader looks at. Both views share the text, the chapter and the capability. */
export const state = {
  view: 'checks',
  text: '',
  chapter: '',
  capability: '',
  level: '',
  outcomes: { checks: new Set(), requirements: new Set() },
};

export function matches(item, kind) {
  const wanted = state.outcomes[kind];
  if (wanted.size > 0 && !wanted.has(item.outcome)) return false;
  if (state.chapter !== '' && item.chapter !== state.chapter) return false;
  if (state.capability !== '') {
    const own =
      kind === 'checks' ? (item.capabilities ?? []) : item.capability ? [item.capability] : [];
    if (state.capability === '-' ? own.length > 0 : !own.includes(state.capability)) return false;
  }
  if (kind === 'requirements' && state.level !== '' && item.level !== state.level) return false;
  if (state.text === '') return true;
  item.haystack ??= (
    kind === 'checks'
      ? [item.id, item.title, item.message, item.known, ...item.requirements]
      : [item.id, item.sentence, item.excluded, ...(item.checks ?? [])]
  )
    .join(' ')
    .toLowerCase();
  return state.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => item.haystack.includes(word));
}

export function filters(kind, update) {
  const wanted = state.outcomes[kind];
  const chips = counted(view[kind]).map(([outcome, count]) =>
    el(
      'button',
      {
        type: 'button',
        class: 'chip',
        'aria-pressed': String(wanted.has(outcome)),
        onclick: (event) => {
          if (!wanted.delete(outcome)) wanted.add(outcome);
          event.currentTarget.setAttribute('aria-pressed', String(wanted.has(outcome)));
          update();
        },
      },
      badge(outcome, true),
      el('span', { class: 'number' }, String(count)),
    ),
  );
  const capabilities = new Set(
    view.checks
      .flatMap((check) => check.capabilities ?? [])
      .concat(view.requirements.flatMap((each) => each.capability ?? [])),
  );
  return el(
    'form',
    { class: 'filters', role: 'search', onsubmit: (event) => event.preventDefault() },
    el('div', { class: 'chips', role: 'group', 'aria-label': 'Verdict' }, chips),
    el(
      'div',
      { class: 'fields' },
      el('input', {
        type: 'search',
        value: state.text,
        placeholder:
          kind === 'checks' ? 'Find a check or requirement' : 'Find a requirement or check',
        'aria-label': 'Text',
        oninput: (event) => {
          state.text = event.target.value.trim();
          update();
        },
      }),
      select(
        'chapter',
        'Every chapter',
        view.chapters.map(({ code, title }) => [code, `${code} ${title}`]),
      ),
      select('capability', 'Every capability', [
        ['-', 'Core profile'],
        ...[...capabilities].sort().map((name) => [name, name]),
      ]),
      kind === 'requirements'
        ? select(
            'level',
            'Every level',
            ['MUST', 'SHOULD', 'MAY'].map((level) => [level, level]),
          )
        : undefined,
    ),
  );

  function select(name, all, options) {
    const node = el(
      'select',
      {
        'aria-label': name,
        onchange: (event) => {
          state[name] = event.target.value;
          update();
        },
      },
      [['', all], ...options].map(([value, words]) => el('option', { value }, words)),
    );
    node.value = state[name];
    return node;
  }
}
