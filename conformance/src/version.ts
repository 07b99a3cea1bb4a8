import { createRequire } from 'node:module';

/** The version of the suite. */
export const SUITE_VERSION: string = createRequire(import.meta.url)('../package.json').version;
