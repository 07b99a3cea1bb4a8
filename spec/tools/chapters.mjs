import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The chapters' codes by the numbers of their files. */
export const CHAPTERS = {
  '01': 'OVR',
  '02': 'RUN',
  '03': 'STEP',
  '04': 'HOOK',
  '05': 'WAIT',
  '06': 'ATTR',
  '07': 'LOG',
  '08': 'PAGE',
  '09': 'QUEUE',
  10: 'STREAM',
  11: 'ERR',
  12: 'LIMIT',
  13: 'ID',
  14: 'SEC',
  15: 'CAP',
  16: 'VER',
  17: 'WIRE',
  18: 'ENV',
  19: 'KEY',
  20: 'SDK',
};

const FILE = /^(\d\d)-.*\.md$/;

/** Reads the chapters of a spec folder in their order: `{ file, code, title, text }`. */
export function readChapters(dir) {
  return readdirSync(dir)
    .filter((file) => FILE.test(file))
    .sort()
    .map((file) => {
      const text = readFileSync(join(dir, file), 'utf8');
      const code = CHAPTERS[FILE.exec(file)[1]];
      return { file, code, title: /^# (.*)$/m.exec(text)?.[1] ?? file, text };
    });
}

/** A chapter's own text: without what is generated into it. */
export function ownText(text) {
  return text.replace(/<!-- generated: .*?-->.*?<!-- end generated -->/gs, '');
}

/** A text without what is quoted as code, where key words mean nothing. */
export function withoutCode(text) {
  return text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '``');
}
