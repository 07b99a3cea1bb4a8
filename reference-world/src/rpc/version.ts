import { readFileSync } from 'node:fs';

/** The version of this package. */
export const version: string = readVersion();

function readVersion(): string {
  try {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  } catch {
    // Bundled into another program, the manifest is out of reach.
    return 'unknown';
  }
}
