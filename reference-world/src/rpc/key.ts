import type { KeyService } from '@worldwire/proto';
import { keyRules, Rejection, type Rule } from '../core/index.js';
import type { Audited, KeyCall, Vault } from '../core/key-rules.js';
import type { CallContext } from './call.js';
import type { Handlers } from './handlers.js';
import type { Runtime } from './runtime.js';

/** KeyService. */
export function keyHandlers(world: Runtime, vault: Vault): Handlers<typeof KeyService> {
  const audited =
    <Req, Res>(rule: Rule<KeyCall<Req>, Audited<Res>>) =>
    async (request: Req, { project, caller }: CallContext): Promise<Res> => {
      // Answers once the entry is on disk.
      const { answer, entry } = await world.write(rule, project, { request, caller, vault });
      if (entry !== undefined) {
        const { sequence, method, outcome } = entry;
        // Outside of the data folder, so that the log within it can be held against this.
        const hash = Buffer.from(entry.hash).toString('hex');
        world.log.info({ project, sequence, method, outcome, hash }, 'key access');
      }
      if (answer instanceof Rejection) throw answer;
      return answer;
    };
  return {
    escrowKey: audited(keyRules.escrowKey),
    listKeys: audited(keyRules.listKeys),
    getRunKey: audited(keyRules.getRunKey),
    listKeyAccess: audited(keyRules.listKeyAccess),
  };
}
