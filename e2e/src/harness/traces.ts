import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';

const MAX_INFLATED = 64 * 1024 * 1024;
/** How many codings may be around one another. */
const MAX_DEPTH = 3;

/** Without optional fields, as who compresses no files writes it. */
const GZIP = Buffer.from([0x1f, 0x8b, 0x08, 0x00]);
const GZIP_HEADER_BYTES = 10;
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

type Inflate = (bytes: Buffer, options: zlib.ZlibOptions) => Buffer;

/** Node has it from 22.15 on; the SDKs write it where Node has it. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Inflate };

/** What a text may look like to who meets it: its name, and what to search for. */
type Form = readonly [name: string, bytes: Buffer];

/**
 * In which forms a text of ASCII letters and digits is in bytes: as it is, in UTF-16, base64 at any alignment, hexadecimal,
 * escaped as in JSON or in a URL, and each of those again in longer base64 or in a compressed piece. Empty where it is not.
 */
export function tracesOf(bytes: Buffer, text: string): string[] {
  if (!/^[A-Za-z0-9]{12,}$/.test(text)) throw new Error('such a text may be there by chance');
  return tracesIn(bytes, formsOf(text));
}

/** As `tracesOf`, in every file of a folder, however deep, by the names of those that have any. */
export function tracesInFolder(folder: string, text: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    const traces = tracesOf(Buffer.from(name), text);
    if (statSync(path).isFile()) traces.push(...tracesOf(readFileSync(path), text));
    if (traces.length > 0) found[name] = traces;
  }
  return found;
}

/** Bodies of HTTP that are compressed show no trace; the headers that say so, if there are any. */
export function contentCodings(bytes: Buffer): string[] {
  const codings = /^(?:connect-content|content|grpc)-encoding:(?![ \t]*identity).*$/gim;
  return bytes.toString('latin1').match(codings) ?? [];
}

function tracesIn(bytes: Buffer, forms: readonly Form[], depth = 0): string[] {
  const found = forms.filter(([, form]) => bytes.includes(form)).map(([name]) => name);
  if (depth < MAX_DEPTH) {
    for (const [name, piece] of [...inflatedIn(bytes), ...decodedIn(bytes)]) {
      found.push(...tracesIn(piece, forms, depth + 1).map((trace) => `${trace} in ${name}`));
    }
  }
  return [...new Set(found)];
}

function formsOf(text: string): Form[] {
  const utf16 = Buffer.from(text, 'utf16le');
  const forms = new Map<string, Buffer>([
    ['plain', Buffer.from(text)],
    ['UTF-16LE', utf16],
    ['UTF-16BE', Buffer.from(utf16).swap16()],
  ]);
  const codes = [...Buffer.from(text)].map((code) => code.toString(16));
  for (const [letters, digits] of [
    ['lower', codes],
    ['upper', codes.map((code) => code.toUpperCase())],
  ] as const) {
    forms.set(`hex, ${letters} case`, Buffer.from(digits.join('')));
    forms.set(`percent, ${letters} case`, Buffer.from(digits.map((d) => `%${d}`).join('')));
    forms.set(`JSON, ${letters} case`, Buffer.from(digits.map((d) => `\\u00${d}`).join('')));
  }
  for (const [name, bytes] of [...forms]) {
    for (const [base64, digits] of base64Of(bytes)) forms.set(`${name} in ${base64}`, digits);
  }
  return [...forms];
}

/**
 * What base64 makes of bytes wherever they are, without the digits that their neighbors have a part in. Letters and
 * digits never become one of the two digits that base64 for URLs has in other forms.
 */
function* base64Of(bytes: Buffer): Generator<Form> {
  for (const offset of [0, 1, 2]) {
    const digits = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    yield [`base64+${offset}`, Buffer.from(digits.slice(start, end))];
  }
}

/** Whatever in bytes begins as gzip, zlib or zstd does and can be inflated, as far as it goes. */
function* inflatedIn(bytes: Buffer): Generator<Form> {
  for (const at of places(bytes, GZIP)) {
    // What follows the piece is an error to gunzip.
    yield* inflated('gzip', zlib.inflateRawSync, bytes, at + GZIP_HEADER_BYTES);
  }
  for (const flags of [0x01, 0x5e, 0x9c, 0xda]) {
    for (const at of places(bytes, Buffer.from([0x78, flags])))
      yield* inflated('deflate', zlib.inflateSync, bytes, at);
  }
  if (zstdDecompressSync === undefined) return;
  for (const at of places(bytes, ZSTD)) yield* inflated('zstd', zstdDecompressSync, bytes, at);
}

function* inflated(name: string, inflate: Inflate, bytes: Buffer, at: number): Generator<Form> {
  const piece = inflatePiece(inflate, bytes.subarray(at));
  if (piece !== undefined && piece.length > 0) yield [name, piece];
}

/** Bytes may begin by chance as a compressed piece does; what cannot be inflated is none. */
function inflatePiece(inflate: Inflate, bytes: Buffer): Buffer | undefined {
  try {
    // What is cut off is inflated as far as it is there.
    const finishFlush = zlib.constants.Z_SYNC_FLUSH;
    return inflate(bytes, { maxOutputLength: MAX_INFLATED, finishFlush });
  } catch {
    return undefined;
  }
}

/** Whatever in bytes may be base64 of something long enough to be of interest, at any alignment. */
function* decodedIn(bytes: Buffer): Generator<Form> {
  for (const [run] of bytes.toString('latin1').matchAll(/[A-Za-z0-9+/_-]{64,}/g)) {
    for (const offset of [0, 1, 2, 3]) yield ['base64', Buffer.from(run.slice(offset), 'base64')];
  }
}

function* places(bytes: Buffer, magic: Buffer): Generator<number> {
  for (let at = bytes.indexOf(magic); at !== -1; at = bytes.indexOf(magic, at + 1)) yield at;
}
