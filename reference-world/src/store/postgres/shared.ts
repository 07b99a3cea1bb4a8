import type { Operation } from '../../core/program.js';

type Name = Operation['name'];

/** Changes that answer nothing: they wait until their program has come to its end, or reads again. */
const CHANGES: ReadonlySet<Name> = new Set<Name>([
  ...(['putOutcome', 'updateRun', 'appendEvents', 'insertStep', 'updateStep'] as const),
  ...(['insertHook', 'disposeHook', 'dropTokenHolder', 'insertResume', 'releaseRun'] as const),
  ...(['insertWait', 'updateWait', 'insertMessage', 'deleteMessage', 'returnMessage'] as const),
  ...(['extendLease', 'appendChunks', 'closeStream', 'putWriter'] as const),
]);

/** What several programs may ask for in one transaction besides, whose answers do not depend on the others. */
const QUESTIONS: ReadonlySet<Name> = new Set<Name>([
  ...([
    'getOutcome',
    'getRun',
    'insertRun',
    'getEvent',
    'listEvents',
    'hasEvent',
    'getStep',
  ] as const),
  ...(['getHook', 'getToken', 'getResume', 'getWait', 'findMessage', 'getLease'] as const),
  ...(['getStream', 'insertStream', 'getWriter'] as const),
]);

/** Whether an operation may wait until it is sent with others. */
export function isDeferred({ name }: Operation): boolean {
  return CHANGES.has(name);
}

/** Whether programs that ask for this may have a transaction in common. */
export function isShared({ name }: Operation): boolean {
  return CHANGES.has(name) || QUESTIONS.has(name);
}

/**
 * What an operation takes the lock of. The locks of PostgreSQL keep transactions apart; programs in one transaction
 * take turns by these claims.
 */
export function claimOf({ name, args }: Operation): string | undefined {
  switch (name) {
    case 'getOutcome':
    case 'getRun':
    case 'getToken':
    case 'getLease':
      return JSON.stringify([name, args[0], args[1]]);
    case 'getStream':
    case 'findMessage':
      return JSON.stringify([name, args[0], args[1], args[2]]);
    default:
      return undefined;
  }
}
