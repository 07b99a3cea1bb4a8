import type { Check } from './check.js';
import { attributeChecks } from './checks/attributes/index.js';
import { declarationChecks } from './checks/capabilities/declared.js';
import { worldChecks } from './checks/capabilities/world.js';
import { envelopeChecks } from './checks/envelopes/index.js';
import { badInputChecks } from './checks/errors/bad-input.js';
import { refusalChecks } from './checks/errors/refusals.js';
import { crashChecks } from './checks/faults/crash.js';
import { storeFaultChecks } from './checks/faults/store-fault.js';
import { connectionChecks } from './checks/histories/cuts.js';
import { historyChecks } from './checks/histories/histories.js';
import { killChecks } from './checks/histories/kill.js';
import { hookChecks } from './checks/hooks/index.js';
import { identifierChecks } from './checks/identifiers/index.js';
import { keyChecks } from './checks/keys/index.js';
import { limitChecks } from './checks/limits/index.js';
import { logChecks } from './checks/log/index.js';
import { pagingChecks } from './checks/paging/index.js';
import { queueChecks } from './checks/queue/index.js';
import { readerChecks } from './checks/readers/index.js';
import { runChecks } from './checks/runs/index.js';
import { credentialChecks } from './checks/security/credentials.js';
import { projectChecks } from './checks/security/projects.js';
import { stepChecks } from './checks/steps/index.js';
import { streamChecks } from './checks/streams/index.js';
import { transitionChecks } from './checks/transitions/index.js';
import { versioningChecks } from './checks/versioning/index.js';
import { waitChecks } from './checks/waits/index.js';
import { wireChecks } from './checks/wire/index.js';

/** Every check of the suite. */
export const catalogue: readonly Check[] = [
  ...runChecks,
  ...stepChecks,
  ...waitChecks,
  ...attributeChecks,
  ...hookChecks,
  ...logChecks,
  ...pagingChecks,
  ...queueChecks,
  ...transitionChecks,
  ...streamChecks,
  ...limitChecks,
  ...identifierChecks,
  ...declarationChecks,
  ...worldChecks,
  ...refusalChecks,
  ...badInputChecks,
  ...credentialChecks,
  ...projectChecks,
  ...versioningChecks,
  ...readerChecks,
  ...wireChecks,
  ...envelopeChecks,
  ...keyChecks,
  ...crashChecks,
  ...storeFaultChecks,
  ...historyChecks,
  ...killChecks,
  ...connectionChecks,
];
