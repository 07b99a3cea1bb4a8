import { withoutCode } from './chapters.mjs';

const KEYWORDS =
  /\b(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|NOT RECOMMENDED|RECOMMENDED|REQUIRED|MAY|OPTIONAL)\b/g;
const LEVELS = {
  MUST: 'MUST',
  'MUST NOT': 'MUST',
  SHOULD: 'SHOULD',
  'SHOULD NOT': 'SHOULD',
  MAY: 'MAY',
};

/** The RFC 2119 key words of a text, in capitals and outside code. */
export function keywordsOf(text) {
  return [...withoutCode(text).matchAll(KEYWORDS)].map(([keyword]) => keyword);
}

/** The level of a sentence by its one key word, or undefined where it has none, several, or one that is not used here. */
export function levelOf(sentence) {
  const keywords = keywordsOf(sentence);
  return keywords.length === 1 ? LEVELS[keywords[0]] : undefined;
}
