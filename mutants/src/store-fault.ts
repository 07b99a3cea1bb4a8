import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../faults/sqlite.mjs', import.meta.url));

/** The shell command that makes the store of a World refuse writes. */
export const STORE_FAULT = `'${process.execPath}' '${script}' {data}`;
