/**
 * `node confirm.mjs <name> [finding…]`: shows the findings of a World against its own API, without bridge and suite. The
 * exit code is 1 where one is not shown.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { worldOf } from './names.mjs';
import { Postgres } from './postgres.mjs';
import { install, subject } from './subjects.mjs';

const [name, ...only] = process.argv.slice(2);
const judged = worldOf(name);
const findings = await import(`./confirm/${name}.mjs`);
const how = subject(judged.name, judged.version);
install(how);
const postgres = new Postgres();
let missing = 0;
try {
  for (const [id, finding] of Object.entries(findings)) {
    if (only.length > 0 && !only.includes(id)) continue;
    const data = mkdtempSync(join(tmpdir(), 'worldwire-confirm-'));
    const url = how.postgres ? await postgres.createDatabase() : undefined;
    const settings = { dataDir: data, ...(url && { connectionString: url }) };
    if (url) install(how, { WORKFLOW_POSTGRES_URL: url });
    const opened = [];
    try {
      const open = async () => {
        const from = createRequire(join(how.folder, 'package.json')).resolve(judged.name);
        const module = await import(pathToFileURL(from).href);
        const create = ['createWorld', 'createLocalWorld']
          .map((each) => module[each])
          .find(Boolean);
        const world = create(settings);
        opened.push(world);
        return world;
      };
      await finding({ open, world: await open(), data, url, show: shows(id) });
    } catch (error) {
      missing++;
      console.log(`${id}: NOT SHOWN: ${error.stack}`);
    } finally {
      for (const world of opened) await world.close?.().catch(() => undefined);
      rmSync(data, { recursive: true, force: true, maxRetries: 3 });
    }
  }
} finally {
  await postgres.stop();
}
process.exit(missing === 0 ? 0 : 1);

/** Prints what the World did, and counts it as missing where the fault is not there. */
function shows(id) {
  return (what, fault, seen) => {
    if (!fault) missing++;
    const told = seen === undefined ? '' : `: ${JSON.stringify(seen)}`;
    console.log(`${id}: ${fault ? 'shown' : 'NOT SHOWN'}: ${what}${told}`);
  };
}
