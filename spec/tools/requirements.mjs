import { ownText } from './chapters.mjs';
import { keywordsOf, levelOf } from './keywords.mjs';

/** The revision of the specification that the texts describe. */
export const REVISION = '1.0';

const HEAD =
  /^(?:[-*] )?\*\*\[(WW-([A-Z]+)-\d{3})\]\*\*(?: \*\((?:([A-Z_]+))?(?:, )?(?:since (\d+\.\d+))?\)\*)? +(?!\*\()(.*)$/s;
const MARKED = /^(?:[-*] )?\*\*\[WW-/;

/** Reads the requirements of a chapter: `{ requirements, problems }`. */
export function requirementsOf({ file, code, text }) {
  const requirements = [];
  const problems = [];
  for (const block of blocksOf(ownText(text))) {
    if (!MARKED.test(block)) {
      if (keywordsOf(block).length > 0)
        problems.push(`${file}: a key word without an id: ${excerpt(block)}`);
      continue;
    }
    const match = HEAD.exec(block);
    if (match === null) {
      problems.push(`${file}: cannot read the head of: ${excerpt(block)}`);
      continue;
    }
    const [, id, chapter, capability = '', since = '1.0', body] = match;
    const { sentence, note } = split(body);
    const level = levelOf(sentence);
    if (chapter !== code) problems.push(`${file}: ${id} belongs to another chapter`);
    if (level === undefined)
      problems.push(
        `${file}: ${id} must have exactly one key word in its sentence: ${excerpt(body)}`,
      );
    if (keywordsOf(note).length > 0)
      problems.push(`${file}: ${id} has a key word behind its sentence: ${excerpt(note)}`);
    requirements.push({ id, level: level ?? '', sentence, chapter, since, capability });
  }
  return { requirements, problems };
}

/** Paragraphs and list items, each on one line; no code blocks. */
function blocksOf(text) {
  return text
    .replace(/^```.*?^```$/gms, '')
    .split(/\n\s*\n|\n(?=[-*] |#+ |\|)/)
    .map((block) => block.trim().replace(/\s*\n\s*/g, ' '))
    .filter((block) => block !== '');
}

/** The normative sentence and what explains it. A point within code ends no sentence. */
function split(body) {
  const end = /[.!?](?=\s+[A-Z"“(`])/.exec(mask(body));
  if (end === null) return { sentence: body.trim(), note: '' };
  return { sentence: body.slice(0, end.index + 1), note: body.slice(end.index + 1).trim() };
}

/** The text with its code made unreadable, every character in its place. */
function mask(body) {
  return body.replace(/`[^`]*`/g, (code) => `\`${'x'.repeat(code.length - 2)}\``);
}

function excerpt(text) {
  return text.length > 90 ? `${text.slice(0, 90)}…` : text;
}
