#!/usr/bin/env node
// Makes ../core-4.json, ../core-5.json and ../rejections.json with the packages of the Workflow SDK.
import { writeFileSync } from 'node:fs';
import { core4 } from './core-4.mjs';
import { CORE, core5 } from './core-5.mjs';
import { rejections } from './rejections.mjs';

const runtime = `node ${process.version}`;

function write(name, content) {
  const file = new URL(`../${name}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify({ runtime, ...content }, null, 2)}\n`);
}

const five = await core5();
write('core-4', await core4());
write('core-5', five);
write('rejections', {
  madeBy: `${CORE}, then altered`,
  rejections: await rejections(five.envelopes),
});
