import { faultText } from '../store/postgres/faults.js';
import { examine } from './examine.js';
import type { Finding } from './finding.js';

const PROBLEM = 1;
const UNREACHABLE = 2;

/** Examines a database and prints what it found. Returns the exit code. */
export async function doctor(url: string, json: boolean): Promise<number> {
  let findings: Finding[];
  try {
    findings = await examine(url);
  } catch (error) {
    console.error(`worldwire: cannot examine the database: ${faultText(error)}`);
    return UNREACHABLE;
  }
  console.log(json ? JSON.stringify(findings) : textOf(findings));
  return findings.some(({ level }) => level === 'problem') ? PROBLEM : 0;
}

function textOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const lines = findings.flatMap(({ level, about, text, advice }) => {
    const line = `${level.padEnd('problem'.length)}  ${about.padEnd(width)}  ${text}`;
    return advice === undefined
      ? [line]
      : [line, `${' '.repeat('problem'.length + 2 + width + 2)}-> ${advice}`];
  });
  const count = (level: Finding['level']) =>
    findings.filter((found) => found.level === level).length;
  return [...lines, `${count('problem')} problems, ${count('warning')} warnings`].join('\n');
}
