/** Fails where the specification breaks its own rules; says each problem on a line. */
import { fileURLToPath } from 'node:url';
import { problemsOf } from './problems.mjs';
import { readProtocol } from './protocol.mjs';

const problems = problemsOf(fileURLToPath(new URL('../', import.meta.url)), readProtocol());
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
