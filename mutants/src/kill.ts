/**
 * `node mutants/dist/kill.js [--full] [name…]`: shows which checks kill which mutants. Without --full each mutant meets
 * the checks that are meant for it, and each benign one all of them.
 */
import { parseArgs } from 'node:util';
import { gallery, mutantNamed } from './gallery/index.js';
import { sdkGallery } from './gallery/sdk/index.js';
import { Judges } from './judges.js';
import { departures, misses } from './verdicts.js';

const { values, positionals } = parseArgs({
  options: { full: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const chosen =
  positionals.length === 0
    ? [...gallery, ...sdkGallery]
    : positionals.map(
        (name) => sdkGallery.find((mutant) => mutant.name === name) ?? mutantNamed(name),
      );
const judges = new Judges();
let faults = 0;
await Promise.all(
  chosen.map(async (mutant) => {
    const found = await judges.judge({ name: mutant.name, full: values.full });
    const wrong = mutant.kills.length === 0 ? departures(found) : misses(mutant, found);
    faults += wrong.length === 0 ? 0 : 1;
    const killers = departures(found).map(({ id }) => id);
    console.log(`${wrong.length === 0 ? 'ok' : 'WRONG'}  ${mutant.name}: ${mutant.says}`);
    if (values.full) console.log(`       killed by ${killers.join(', ') || 'nothing'}`);
    for (const { id, verdict, message } of wrong)
      console.log(`       ${id}: ${verdict} ${message}`);
  }),
).finally(() => judges.close());
console.log(`${chosen.length - faults} of ${chosen.length} mutants as they should be`);
process.exitCode = faults === 0 ? 0 : 1;
