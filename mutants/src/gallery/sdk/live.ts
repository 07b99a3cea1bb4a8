import type { Mutant } from '../../mutant.js';

const READS = 'client/live-reads.js';
const LIVE = 'client/live.js';

/** Clients with faulty live reads. */
export const liveMutants: readonly Mutant[] = [
  {
    name: 'sdk-live-once',
    says: 'does not begin a live read again that broke',
    patches: [{ file: LIVE, find: 'if (!goesOn(failure))', replace: 'if (true)' }],
    kills: [
      'reads/cut-at-any-byte',
      'reads/resume',
      'reads/end-without-done',
      'reads/end-with-an-error',
      'reads/from-the-end',
      'reads/silence',
      'watches/cut-at-any-byte',
      'watches/resume',
      'consumers/attaches-again',
    ],
  },
  {
    name: 'sdk-read-from-the-start-again',
    says: 'begins a read again where it began first',
    patches: [
      {
        file: READS,
        find: 'startIndex: BigInt(next) }',
        replace: 'startIndex: BigInt(startIndex) }',
      },
      {
        file: READS,
        find: 'afterPosition: BigInt(next - 1) }',
        replace: 'afterPosition: BigInt(afterPosition) }',
      },
    ],
    kills: ['reads/resume', 'reads/from-the-end', 'watches/resume'],
  },
  {
    name: 'sdk-read-one-behind',
    says: 'begins a read again one too late, and looks at no numbers',
    patches: [
      {
        file: READS,
        find: 'startIndex: BigInt(next) }',
        replace: 'startIndex: BigInt(next > 0 ? next + 1 : next) }',
      },
      { file: READS, find: 'if (index > next)', replace: 'next = index; if (false)' },
      {
        file: READS,
        find: 'afterPosition: BigInt(next - 1) }',
        replace: 'afterPosition: BigInt(next > 1 ? next : 0) }',
      },
      { file: READS, find: 'if (position > next)', replace: 'next = position; if (false)' },
    ],
    kills: ['reads/cut-at-any-byte', 'reads/resume', 'watches/cut-at-any-byte', 'watches/resume'],
  },
  {
    name: 'sdk-read-gaps',
    says: 'does not look whether something was left out',
    patches: [
      { file: READS, find: 'if (index > next)', replace: 'next = index; if (false)' },
      { file: READS, find: 'if (position > next)', replace: 'next = position; if (false)' },
    ],
    kills: ['reads/left-out-chunk', 'watches/left-out-event'],
  },
  {
    name: 'sdk-read-end-is-end',
    says: 'takes the end of a response for the end of the stream',
    patches: [
      {
        file: READS,
        find: 'hasContent: (message) => message.chunks.length > 0 || message.done,\n        endIsComplete: false,',
        replace:
          'hasContent: (message) => message.chunks.length > 0 || message.done,\n        endIsComplete: true,',
      },
    ],
    kills: ['reads/end-without-done'],
  },
  {
    name: 'sdk-read-waits-for-the-end-of-the-response',
    says: 'does not end a read at done',
    patches: [{ file: READS, find: 'if (message.done)', replace: 'if (false)' }],
    kills: ['reads/to-the-end'],
  },
  {
    name: 'sdk-watch-never-ends',
    says: 'begins a watch again that the World ended',
    patches: [{ file: READS, find: 'endIsComplete: true,', replace: 'endIsComplete: false,' }],
    kills: ['watches/to-the-end', 'versions/unknown-events-live'],
  },
  {
    name: 'sdk-read-final-errors-again',
    says: 'begins a read again whatever the World refused it with',
    patches: [{ file: LIVE, find: 'if (!goesOn(failure))', replace: 'if (false)' }],
    kills: ['reads/end-with-an-error'],
  },
  {
    name: 'sdk-read-never-silent',
    says: 'waits for ever on a silent read',
    patches: [{ file: LIVE, find: 'timerMs(idleMs));', replace: '2 ** 30);' }],
    kills: ['reads/silence'],
  },
  {
    name: 'sdk-read-greedy',
    says: 'takes all that the World sends, and keeps it for its caller',
    patches: [
      {
        file: 'client/transport/stream-exchange.js',
        find: 'readEnvelopes(body)',
        replace: 'readEnvelopes(greedy(body))',
      },
      {
        file: 'client/transport/stream-exchange.js',
        find: 'async function readSome(body) {',
        replace: `async function* greedy(body) {
    const kept = [];
    let wake = () => {};
    let ended = false;
    let failure;
    body.on('data', (part) => { kept.push(part); wake(); });
    body.on('end', () => { ended = true; wake(); });
    body.on('error', (error) => { failure = error; wake(); });
    for (;;) {
        while (kept.length > 0) yield kept.shift();
        if (failure) throw failure;
        if (ended) return;
        await new Promise((resolve) => { wake = resolve; });
    }
}
async function readSome(body) {`,
      },
    ],
    kills: ['reads/held-back'],
  },
  {
    name: 'sdk-read-cancel-leaves-requests',
    says: 'leaves the request of a live read open that was given up',
    patches: [
      {
        file: 'client/transport/stream-exchange.js',
        find: 'signal: abort.controller.signal,',
        replace: '',
      },
      {
        file: 'client/transport/stream-exchange.js',
        find: 'readEnvelopes(body)',
        replace:
          'readEnvelopes({ [Symbol.asyncIterator]: () => { const items = body.iterator({ destroyOnReturn: false }); return { next: () => Promise.race([items.next(), new Promise((_, reject) => signalled = reject)]) }; } })',
      },
      {
        file: 'client/transport/stream-exchange.js',
        find: 'let late = false;',
        replace:
          "let late = false; signal?.addEventListener('abort', () => signalled?.(abortedBy(signal)));",
      },
      {
        file: 'client/transport/stream-exchange.js',
        find: 'async function* readMessages(',
        replace: 'let signalled;\nasync function* readMessages(',
      },
    ],
    kills: ['cancellation/of-a-live-read'],
  },
];
