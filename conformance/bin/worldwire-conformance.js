#!/usr/bin/env node
import { main } from '../dist/cli.js';

// At once: what a check that was given up left behind may hold the process open.
const code = await main(process.argv.slice(2));
// An exit would cut off what is still on its way into a pipe.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
