import type { Mutant } from '../../mutant.js';

/** Worlds with faulty watches. */
export const watchMutants: readonly Mutant[] = [
  {
    name: 'watch-repeats-one',
    says: 'a watch begins with the event that it is to begin behind',
    patches: [
      {
        file: 'dispatch/watch-events.js',
        find: 'let afterPosition = Number(request.afterPosition);',
        replace: 'let afterPosition = Math.max(0, Number(request.afterPosition) - 1);',
      },
    ],
    kills: ['log/watch-from-a-position', 'log/watch-after-cuts', 'log/watch-refused'],
  },
  {
    name: 'watch-never-ends',
    says: 'a watch goes on behind the end of its run',
    patches: [
      {
        file: 'dispatch/watch-events.js',
        find: `            if (ended)
                return;`,
        replace: '',
      },
    ],
    kills: ['log/watch-whole', 'log/watch-meets-the-end'],
  },
  {
    name: 'watch-with-payloads',
    says: 'a watch sends payloads that are not asked for',
    patches: [
      {
        file: 'dispatch/watch-events.js',
        find: 'const { resolveData } = request;',
        replace: 'const resolveData = 1;',
      },
    ],
    kills: ['log/watch-without-payloads'],
  },
  {
    name: 'watch-is-a-read',
    says: 'a watch sends what is there and then nothing more',
    patches: [
      {
        file: 'core/append.js',
        find: 'yield* store.notify(runTopic(project, command.runId));',
        replace: '',
      },
    ],
    kills: ['log/watch-goes-on'],
  },
  {
    name: 'watch-ends-in-silence',
    says: 'a watch ends when nothing has happened for some seconds',
    patches: [
      {
        file: 'dispatch/watch-events.js',
        find: `                yield attachment.sent(create(WatchEventsResponseSchema));`,
        replace: '                return;',
      },
    ],
    kills: ['log/watch-stays-open'],
  },
  {
    name: 'watch-holds-up-writes',
    says: 'nobody writes while a watch has something to send',
    patches: [
      {
        file: 'dispatch/watch-events.js',
        find: `                yield attachment.sent(create(WatchEventsResponseSchema, { events }));`,
        replace: `{
                globalThis.sending = (globalThis.sending ?? 0) + 1;
                try {
                    yield attachment.sent(create(WatchEventsResponseSchema, { events }));
                }
                finally {
                    globalThis.sending -= 1;
                }
            }`,
      },
      {
        file: 'rpc/event.js',
        find: 'createEvent: world.writes(eventRules.createEvent),',
        replace: `createEvent: async (request, call) => {
            while (globalThis.sending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
            return world.write(eventRules.createEvent, call.project, request);
        },`,
      },
    ],
    kills: ['log/watch-slow-reader'],
  },
];
