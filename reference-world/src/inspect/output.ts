import { once } from 'node:events';
import { Payload } from './payload.js';
import type { Shown } from './records.js';
import type { Found, View } from './views.js';

/** What fits beside its name. */
const LINE = 80;

/** Characters with which a text could steer a terminal, or make it show another order of what it says. */
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/** Prints what a view found as one JSON document, in the shape of the wire's own answers. */
export async function printJson({ member }: View, { records, page }: Found): Promise<void> {
  await write(`{${JSON.stringify(member)}:${page ? '[' : ''}`);
  let comma = '';
  for await (const record of records) {
    await write(comma + JSON.stringify(record));
    comma = ',\n';
  }
  const { cursor, hasMore } = page ?? {};
  await write(`${page ? `],"page":${JSON.stringify({ cursor, hasMore })}` : ''}}\n`);
}

/** Prints what a view found for a person: a line for each record and one for each of its fields. */
export async function printText(view: View, { records, page }: Found): Promise<void> {
  const { title, hidden, member } = view;
  const passed = new Set([...title, ...hidden]);
  for await (const record of records) {
    const words = title.map((name) => record[name]).filter((word) => word !== undefined);
    const fields = member === 'runs' ? [] : linesOf(record).filter(([name]) => !passed.has(name));
    const width = Math.max(0, ...fields.map(([name]) => name.length));
    const lines = fields.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
    await write(`${[words.map(String).map(printable).join('  '), ...lines].join('\n')}\n`);
  }
  if (page?.hasMore) await write(`more with --cursor ${page.cursor}\n`);
}

/** The fields of a record with dots between their names, and what each says. */
function linesOf(record: Shown, above = ''): [string, string][] {
  return Object.entries(record).flatMap(([name, value]): [string, string][] => {
    const path = `${above}${printable(name)}`;
    if (value instanceof Payload) return [[path, payloadText(value)]];
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isGroup && Object.keys(value).length > 0) return linesOf(value as Shown, `${path}.`);
    return [[path, printable(typeof value === 'string' ? value : JSON.stringify(value))]];
  });
}

function payloadText({ prefix, bytes, names, outcome }: Payload): string {
  const { keyId, publicKey } = names;
  const key = keyId ? `, key ${keyId}` : publicKey ? `, public key ${publicKey}` : '';
  const size = `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const sealed = `${prefix === undefined ? '' : `${prefix}, `}${size}${printable(key)}`;
  if (outcome === undefined) return sealed;
  if ('failure' in outcome)
    return `${sealed}: cannot be opened (${outcome.failure}): ${printable(outcome.message)}`;
  const short = JSON.stringify(outcome.value);
  if (short.length <= LINE) return `${sealed}: ${printable(short)}`;
  const long = JSON.stringify(outcome.value, null, 2).split('\n').map(printable);
  return [`${sealed}:`, ...long].join('\n    ');
}

function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
