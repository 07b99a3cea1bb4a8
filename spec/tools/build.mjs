/** Makes what is made from the spec's sources: the registry, the data files, and the tables within the chapters. */
import { fileURLToPath } from 'node:url';
import { writeOutputs } from './outputs.mjs';
import { readProtocol } from './protocol.mjs';
import { readSpec } from './registry.mjs';

const dir = fileURLToPath(new URL('../', import.meta.url));
const spec = readSpec(dir);
writeOutputs(dir, spec, readProtocol());
console.log(`${spec.registry.requirements.length} requirements`);
for (const problem of spec.problems) console.error(problem);
process.exitCode = spec.problems.length === 0 ? 0 : 1;
