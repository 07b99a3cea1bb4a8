/** Loaded by `node --import` before what is to be a mutant, whose patches WORLDWIRE_PATCHES holds. */
import { register } from 'node:module';
import type { Patches } from './mutant.js';

const data: Patches = JSON.parse(process.env.WORLDWIRE_PATCHES ?? '{"folder":"","patches":[]}');
if (data.patches.length > 0) register('./hooks.js', import.meta.url, { data });
