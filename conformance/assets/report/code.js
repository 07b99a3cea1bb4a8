import { el, visible } from './dom.js';

/** Indents JSON, also JSON lines. Numbers that a script cannot hold exactly leave the text as it is. */
export function pretty(text) {
  if (!/^\s*[[{]/.test(text) || /[[:,]\s*-?\d{16,}/.test(text)) return text;
  for (const parts of [[text], text.split('\n')]) {
    try {
      return parts.map((part) => JSON.stringify(JSON.parse(part), undefined, 2)).join('\n');
    } catch {}
  }
  return text;
}

/** A block of code; JSON is tinted, and the lines in `marked` are marked. */
export function block(text, label, marked = new Set()) {
  const pre = el('pre', { tabindex: '0', role: 'region', 'aria-label': label });
  for (const [index, line] of text.split('\n').entries()) {
    const holder = marked.has(line) ? el('mark') : pre;
    if (index > 0) pre.append('\n');
    const key = /^(\s*)("(?:[^"\\]|\\.)*")(: )(.*)$/.exec(line);
    if (key === null) holder.append(visible(line));
    else {
      holder.append(key[1], el('span', { class: 'key' }, key[2]), key[3], visible(key[4]));
    }
    if (holder !== pre) pre.append(holder);
  }
  return pre;
}

/** The lines of one text that the other lacks, where both have several. */
export function only(text, other) {
  const lines = text.split('\n');
  const others = new Set(other.split('\n'));
  return lines.length > 1 && others.size > 1
    ? new Set(lines.filter((line) => !others.has(line)))
    : new Set();
}
