import { join } from 'node:path';
import { outputsOf, textOf } from './outputs.mjs';
import { danglingReferences } from './references.mjs';
import { readReasons, readSpec } from './registry.mjs';
import { revisionProblems } from './revisions.mjs';
import { transitionProblems } from './transitions.mjs';

/** Everything that is wrong with a spec folder, in words; empty where nothing is. */
export function problemsOf(dir, protocol) {
  const spec = readSpec(dir);
  const { requirements } = spec.registry;
  const withdrawn = Object.keys(readReasons(dir, 'requirements/withdrawn.yaml'));
  const known = new Set([...requirements.map(({ id }) => id), ...withdrawn]);
  return [
    ...spec.problems,
    ...transitionProblems(spec.transitions, new Set(protocol.errors.map(({ reason }) => reason))),
    ...capabilityProblems(requirements, protocol),
    ...danglingReferences(dir, known),
    ...revisionProblems(dir, requirements),
    ...staleOutputs(dir, outputsOf(dir, spec, protocol)),
  ];
}

function capabilityProblems(requirements, { capabilities }) {
  const known = new Set(['', ...capabilities.map(({ capability }) => capability)]);
  return requirements
    .filter(({ capability }) => !known.has(capability))
    .map(({ id, capability }) => `${id}: there is no capability ${capability}`);
}

function staleOutputs(dir, outputs) {
  return [...outputs]
    .filter(([path, text]) => textOf(join(dir, path)) !== text)
    .map(([path]) => `${path} is stale: run node spec/tools/build.mjs`);
}
