import type { Mutant, Patch } from '../mutant.js';

const APPEND = 'core/append.js';
const EVENTS = 'rpc/event.js';
const QUEUE = 'store/sqlite/queue.js';

/**
 * Decides events of some types on what a read of its own saw a moment before: what a World does that checks and then
 * writes in two statements. `state` says what stands in place of the state that the write finds.
 */
function decidesOnSeen(types: readonly string[], state: string): readonly Patch[] {
  return [
    {
      file: EVENTS,
      find: "import { eventRules } from '../core/index.js';",
      replace: `import { eventRules } from '../core/index.js';
import { store } from '../core/program.js';`,
    },
    {
      file: EVENTS,
      find: 'createEvent: world.writes(eventRules.createEvent),',
      replace: `createEvent: async (request, call) => {
            const { event, runId } = request;
            if (${JSON.stringify(types)}.includes(event?.data.case)) {
                event.seen = await world.read(function* (scope) {
                    const row = yield* store.getRun(scope.project, runId, 'none');
                    if (row === undefined) return undefined;
                    const { correlationId, data } = event;
                    return {
                        row,
                        step: yield* store.getStep(row.key, correlationId, 'input'),
                        hook: yield* store.getHook(row.key, correlationId),
                        token: yield* store.getToken(scope.project, data.value.token ?? ''),
                    };
                }, call.project, request);
                await new Promise((resolve) => setTimeout(resolve, 3));
            }
            return world.write(eventRules.createEvent, call.project, request);
        },`,
    },
    {
      file: APPEND,
      find: 'const state = yield* load(scope, runId, event, data, payloads);',
      replace: `let state = yield* load(scope, runId, event, data, payloads);
    const { seen } = event;
    if (seen !== undefined) state = ${state};`,
    },
  ];
}

/** Worlds whose requests are right one after another, and wrong at the same time. */
export const historyMutants: readonly Mutant[] = [
  {
    name: 'step-checked-then-inserted',
    says: 'whether a step exists is looked up before the write that inserts it',
    patches: [
      ...decidesOnSeen(['stepCreated'], '{ ...state, step: seen.step }'),
      {
        file: 'store/sqlite/steps.js',
        find: 'INSERT INTO steps (run_key',
        replace: 'INSERT OR REPLACE INTO steps (run_key',
      },
    ],
    kills: ['histories/one-run'],
  },
  {
    name: 'run-ends-twice-in-a-race',
    says: 'whether a run has ended is looked up before the write that ends it',
    patches: [
      ...decidesOnSeen(
        ['runCompleted', 'runFailed', 'runCancelled'],
        '{ ...state, row: { ...state.row, run: { ...state.row.run, status: seen.row.run.status } } }',
      ),
    ],
    kills: ['histories/one-run'],
  },
  {
    name: 'tries-counted-apart',
    says: 'the number of a try is made from a step that was read before',
    patches: decidesOnSeen(['stepStarted'], '{ ...state, step: seen.step }'),
    kills: ['histories/one-run'],
  },
  {
    name: 'payload-for-a-hook-seen-before',
    says: 'whether a hook is live is looked up before the write that appends its payload',
    patches: decidesOnSeen(['hookReceived'], '{ ...state, hook: seen.hook }'),
    kills: ['histories/one-run'],
  },
  {
    name: 'token-looked-up-then-taken',
    says: 'whether a token is free is looked up before the write that takes it',
    patches: [
      ...decidesOnSeen(['hookCreated'], '{ ...state, token: seen.token }'),
      {
        file: 'store/sqlite/hooks.js',
        find: 'INSERT INTO hooks (run_key',
        replace: 'INSERT OR REPLACE INTO hooks (run_key',
      },
    ],
    kills: ['histories/one-token'],
  },
  {
    name: 'log-read-from-a-cache',
    says: 'a page of a log is answered from a cache for half a second',
    patches: [
      {
        file: EVENTS,
        find: 'listEvents: world.reads(eventRules.listEvents),',
        replace: `listEvents: async (request, call) => {
            const key = [call.project, request.runId, request.types, request.page?.cursor, request.page?.limit, request.page?.sortOrder, request.resolveData].join();
            const cached = (globalThis.pages ??= new Map()).get(key);
            if (cached !== undefined && performance.now() - cached.at < 500) return cached.page;
            const page = await world.read(eventRules.listEvents, call.project, request);
            globalThis.pages.set(key, { at: performance.now(), page });
            return page;
        },`,
      },
    ],
    kills: ['histories/one-run'],
  },
  {
    name: 'request-id-kept-late',
    says: 'the outcome of a request id is kept only a moment after its event',
    patches: [
      {
        file: 'core/outcomes.js',
        find: 'const kept = yield* store.getOutcome(scope.project, requestId);',
        replace: `const outcomes = (globalThis.outcomes ??= new Map());
    const kept = outcomes.get(scope.project + '/' + requestId);`,
      },
      {
        file: 'core/outcomes.js',
        find: 'yield* store.putOutcome(scope.project, requestId, { fingerprint, response: bytes }, context.now);',
        replace:
          "setTimeout(() => outcomes.set(scope.project + '/' + requestId, { fingerprint, response: bytes }), 25);",
      },
    ],
    kills: ['histories/one-run-with-lost-answers'],
  },
  {
    name: 'append-behind-a-length-seen-before',
    says: 'where an append lands is looked up before the write, and the later one wins',
    patches: [
      {
        file: 'rpc/stream.js',
        find: 'append: world.writes(streamRules.append),',
        replace: `append: async (request, call) => {
            const { runId, name } = request;
            const { tailIndex } = await world.read(streamRules.getStreamInfo, call.project, { runId, name });
            request.length = Number(tailIndex) + 1;
            await new Promise((resolve) => setTimeout(resolve, 2));
            return world.write(streamRules.append, call.project, request);
        },`,
      },
      {
        file: 'core/stream-rules.js',
        find: 'yield* store.appendChunks(stream.key, stream.length,',
        replace: 'yield* store.appendChunks(stream.key, request.length ?? stream.length,',
      },
      {
        file: 'store/sqlite/streams.js',
        find: 'INSERT INTO chunks (id',
        replace: 'INSERT OR REPLACE INTO chunks (id',
      },
    ],
    kills: ['histories/one-stream', 'histories/one-stream-with-lost-answers'],
  },
  {
    name: 'writer-counted-late',
    says: 'what a writer has appended is noted a moment after its chunks',
    patches: [
      {
        file: 'core/stream-rules.js',
        find: 'if (sequence > landed)\n        throw',
        replace: 'if (sequence > landed)\n        return count;\n    if (false)\n        throw',
      },
      {
        file: 'store/sqlite/streams.js',
        find: 'putWriter.run(key, writerId, appended);',
        replace: 'setTimeout(() => putWriter.run(key, writerId, appended), 25);',
      },
    ],
    kills: ['histories/one-stream-with-lost-answers'],
  },
  {
    name: 'acknowledged-and-given-back',
    says: 'an acknowledged message is free for a moment before it is deleted',
    patches: [
      {
        file: QUEUE,
        find: `            payloads.drop(held.get(key)?.body);
            remove.run(key);`,
        replace: `            sql.prepare('UPDATE messages SET visible_at = 0 WHERE key = ?').run(key);
            setTimeout(() => {
                payloads.drop(held.get(key)?.body);
                remove.run(key);
            }, 10);`,
      },
    ],
    kills: ['histories/one-queue'],
  },
  {
    name: 'key-seen-late',
    says: 'of two messages with one key that are sent at the same time both are delivered',
    patches: [
      {
        file: 'core/queue-rules.js',
        find: `    const { queueName, idempotencyKey } = message;
    if (idempotencyKey !== undefined) {`,
        replace: `    const { queueName } = message;
    let { idempotencyKey } = message;
    const sent = (globalThis.sent ??= new Map());
    const name = queueName + '/' + idempotencyKey;
    if (performance.now() - (sent.get(name) ?? Number.NEGATIVE_INFINITY) < 10) idempotencyKey = undefined;
    else sent.set(name, performance.now());
    if (idempotencyKey !== undefined) {`,
      },
    ],
    kills: ['histories/one-queue'],
  },
  {
    name: 'lost-consumer-acknowledges',
    says: 'what a lost consumer held is deleted',
    patches: [
      {
        file: QUEUE,
        find: 'releaseConsumer.run(until, project, consumerId, until);',
        replace:
          "sql.prepare('DELETE FROM messages WHERE project = ? AND consumer_id = ?').run(project, consumerId);",
      },
    ],
    kills: ['histories/one-queue', 'faults/cut-connections-lose-nothing'],
  },
  {
    name: 'tail-of-the-log-lost',
    says: 'the event that stood last in a log is gone after a restart',
    patches: [
      {
        file: 'store/sqlite/events.js',
        find: 'export function eventOperations(sql) {',
        replace: `export function eventOperations(sql) {
    sql.prepare('DELETE FROM events WHERE (run_key, position) IN (SELECT run_key, max(position) FROM events GROUP BY run_key)').run();`,
      },
    ],
    kills: ['faults/kill-in-a-history'],
  },
  {
    name: 'reader-holds-up-writers',
    says: 'an append waits until every reader has taken what was sent to it',
    patches: [
      {
        file: 'dispatch/read-stream.js',
        find: `            if (last !== undefined || done)
                yield attachment`,
        replace: `            const sending = (globalThis.sending ??= new Map());
            sending.set(attachment, name);
            attachment.onEnd(() => sending.delete(attachment));
            if (last !== undefined || done)
                yield attachment`,
      },
      {
        file: 'dispatch/read-stream.js',
        find: '            if (done)\n                return;',
        replace:
          '            sending.delete(attachment);\n            if (done)\n                return;',
      },
      {
        file: 'rpc/stream.js',
        find: 'append: world.writes(streamRules.append),',
        replace: `append: async (request, call) => {
            while ([...(globalThis.sending?.values() ?? [])].includes(request.name))
                await new Promise((resolve) => setTimeout(resolve, 2));
            return world.write(streamRules.append, call.project, request);
        },`,
      },
    ],
    kills: ['faults/stalled-reader-holds-up-nobody'],
  },
  {
    name: 'watch-resumes-one-too-far',
    says: 'a watch that goes on leaves out the event behind its position',
    patches: [
      {
        file: 'dispatch/watch-events.js',
        find: 'let afterPosition = Number(request.afterPosition);',
        replace:
          'let afterPosition = Number(request.afterPosition) + (request.afterPosition > 0n ? 1 : 0);',
      },
    ],
    kills: ['faults/cut-watches-lose-nothing'],
  },
];
