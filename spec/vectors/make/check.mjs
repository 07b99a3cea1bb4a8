#!/usr/bin/env node
// Lets SDK 4 and SDK 5 read every vector, whoever made it.
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { deriveRunPayloadKeys, getDeserializeStream } from 'core-5/serialization';
import { chunksOf, read4 } from './core-4.mjs';
import { read5 } from './core-5.mjs';
import { unhex } from './fixed.mjs';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}.json`, import.meta.url)));
const makers = ['core-4', 'core-5', 'vercel-workflow'].map(read);

for (const vector of makers.flatMap(({ envelopes }) => envelopes)) {
  deepEqual(await read5(vector), vector.value, vector.name);
  const known = vector.compression === undefined && vector.seal?.prefix !== 'encp';
  if (known) deepEqual(await read4(vector), vector.value, vector.name);
  else await rejects(read4(vector), vector.name);
}
for (const { runKey, chunks } of makers.flatMap(({ streams }) => streams)) {
  const keys = await deriveRunPayloadKeys(unhex(runKey));
  const values = await chunksOf(
    getDeserializeStream({}, keys),
    chunks.map(({ chunk }) => unhex(chunk)),
  );
  deepEqual(
    values,
    chunks.map(({ value }) => value),
  );
}
for (const { name, reader, ...vector } of read('rejections').rejections) {
  const says = await read5(vector).then(
    () => 'reads it',
    (error) => error.name,
  );
  equal(says, reader.says, name);
}
console.log('SDK 4 and SDK 5 read what they should');
