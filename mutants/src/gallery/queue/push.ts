import type { Mutant, Patch } from '../../mutant.js';
import type { PushFault } from '../../push-world.js';

/** The reference World with push. */
export function pushing(wrong: PushFault): readonly Patch[] {
  const module = new URL('../../../dist/push-world.js', import.meta.url).href;
  const last = 'getLatestDeployment: world.reads(queueRules.getLatestDeployment),';
  const settle = "import { settle } from '../dispatch/settle.js';";
  return [
    {
      file: 'rpc/world.js',
      find: '    Capability.PUBLIC_KEYS,\n',
      replace: '    Capability.PUBLIC_KEYS,\n    Capability.PUSH,\n',
    },
    {
      file: 'rpc/queue.js',
      find: settle,
      replace: `${settle}
import { create } from '@bufbuild/protobuf';
import * as proto from '@worldwire/proto';
import { openPage } from '../core/pages.js';
import { refusal } from './errors.js';
import { pushHandlers } from '${module}';
const response = (method, fields) => create(proto[method + 'ResponseSchema'], fields);`,
    },
    {
      file: 'rpc/queue.js',
      find: last,
      replace: `${last}\n        ...pushHandlers(world, { receive, settle, openPage, refusal, response }, ${JSON.stringify(wrong)}),`,
    },
  ];
}

const pushMutant = (
  wrong: NonNullable<PushFault>,
  says: string,
  ...kills: readonly string[]
): Mutant => ({
  name: `push-${wrong}`,
  says,
  patches: pushing(wrong),
  kills: kills.map((id) => `queue/${id}`),
});

/** Worlds that push, as the reference World does not: one as it should be, and others. */
export const pushMutants: readonly Mutant[] = [
  pushMutant('unsigned', 'the signature is not of the body', 'push-delivers'),
  pushMutant('any-answer-acknowledges', 'any answer acknowledges', 'push-again'),
  pushMutant('never-acknowledges', 'no answer acknowledges', 'push-delivers', 'push-again'),
  pushMutant('bare-body', 'posts are the bodies of messages', 'push-delivers', 'push-again'),
  pushMutant('any-url', 'any url is taken', 'push-urls'),
  pushMutant('secret-listed', 'secrets are listed', 'push-secret'),
  pushMutant('secret-bare', 'a secret does not say what it is', 'push-secret'),
  pushMutant('any-deployment', 'endpoints stand for no deployment', 'push-delivers'),
];
