import { checkBody, requirementBody } from './body.js';
import { el } from './dom.js';
import { matches, state } from './filters.js';
import { badge, chapterName, view } from './model.js';

const dialog = document.getElementById('detail');

export function openDetail(kind, item) {
  const items = view[kind].filter((each) => matches(each, kind));
  const at = items.indexOf(item);
  const singular = kind === 'checks' ? 'check' : 'requirement';
  const step = (by, words, sign) => {
    const goal = at < 0 ? undefined : items[at + by];
    return el(
      'button',
      {
        type: 'button',
        'aria-label': words,
        title: words,
        disabled: goal === undefined,
        onclick: () => go(`#${singular}/${encodeURI(goal.id)}`),
      },
      sign,
    );
  };
  dialog.replaceChildren(
    el(
      'header',
      {},
      el(
        'div',
        { class: 'bar' },
        badge(item.outcome, true),
        el('span', { class: 'chapter' }, chapterName(item.chapter)),
        el(
          'span',
          { class: 'buttons' },
          step(-1, `Previous ${singular}`, '‹'),
          step(1, `Next ${singular}`, '›'),
          el(
            'button',
            {
              type: 'button',
              'aria-label': 'Close',
              title: 'Close',
              onclick: () => dialog.close(),
            },
            '×',
          ),
        ),
      ),
      el('h2', { id: 'detail-title', tabindex: '-1' }, item.id),
    ),
    el(
      'div',
      { class: 'body' },
      (kind === 'checks' ? checkBody(item) : requirementBody(item)).filter(Boolean),
    ),
  );
  if (!dialog.open) dialog.showModal();
  dialog.querySelector('h2').focus();
  dialog.querySelector('.body').scrollTop = 0;
}

/** Closes the detail, where one is open. */
export function closeDetail() {
  if (dialog.open) dialog.close();
}

/** Goes to another detail without a step in the history: Back leaves the details. */
function go(hash) {
  history.replaceState(undefined, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

function isDetail(hash) {
  return /^#(check|requirement)\//.test(hash);
}

dialog.addEventListener('close', () => {
  if (isDetail(location.hash)) history.replaceState(undefined, '', `#${state.view}`);
});
dialog.addEventListener('click', (event) => {
  // A click beside the dialog falls on the dialog itself.
  if (event.target !== dialog) return;
  const box = dialog.getBoundingClientRect();
  if (event.clientX < box.left || event.clientY < box.top || event.clientX > box.right)
    dialog.close();
});
