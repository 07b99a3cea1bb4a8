import { catalogue } from './catalogue.js';
import { oracles } from './oracles/index.js';
import { chapterOf, requirements } from './requirements.js';
import { sdkCatalogue } from './sdk/catalogue.js';

/** The chapter that requires things of clients alone. */
const CLIENTS = 'SDK';

const ofWorlds = new Set([...catalogue, ...oracles].flatMap(({ requirements: cited }) => cited));
const ofClients = new Set([
  ...sdkCatalogue.flatMap(({ requirements: cited }) => cited),
  ...[...requirements.keys()].filter((id) => chapterOf({ id, requirements: [id] }) === CLIENTS),
]);

/** Whether a client can meet a requirement: those of its chapter, and what the checks of clients cite of others. */
export function concernsClients(requirementId: string): boolean {
  return ofClients.has(requirementId);
}

/** Whether a World can meet a requirement. */
export function concernsWorlds(requirementId: string): boolean {
  return ofWorlds.has(requirementId) || !ofClients.has(requirementId);
}
