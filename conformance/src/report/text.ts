/** The text cut to so many characters, with a word on what was left out. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let end = limit;
  // Half of a surrogate pair is no character.
  if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end--;
  return `${text.slice(0, end)}… (${text.length - end} more characters)`;
}

/** At most so many lines of the text, with a word on what was left out. */
export function shortenLines(text: string, limit: number): string {
  const lines = text.split('\n');
  if (lines.length <= limit) return text;
  return [...lines.slice(0, limit), `… (${lines.length - limit} more lines)`].join('\n');
}

/** The text with every line begun by a prefix. */
export function indent(text: string, prefix: string): string {
  return text
    .split('\n')
    .map((line) => prefix + line)
    .join('\n');
}

/** The text on one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/**
 * The text with what would steer a terminal, turn the reading direction or be invisible written as an
 * escape, such as `\x1b`: what a World answers must not move the cursor, and must still be seen.
 */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNPRINTABLE, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** Control characters other than tab and line feed, marks of direction, lone surrogates, non-characters. */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** The text with lone surrogates replaced, which no encoding can hold. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** A copy of a message in which every text went through a function. */
export function mapTexts<T extends object>(message: T, change: (text: string) => string): T {
  const copied = (value: unknown): unknown => {
    if (typeof value === 'string') return change(value);
    if (Array.isArray(value)) return value.map(copied);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, own]) => [key, key === '$typeName' ? own : copied(own)]),
    );
  };
  return copied(message) as T;
}
