import { describe, expect, it } from 'vitest';
import { type CheckResult, checkHistory } from './check.js';
import {
  programOf,
  queuePrograms,
  type RunShape,
  runLogPrograms,
  streamPrograms,
  tokenPrograms,
} from './generate.js';
import { queueModel } from './queue.js';
import { runLogModel } from './run-log.js';
import { streamModel } from './stream.js';
import { type QueueBug, QueueWorld } from './testing/queue-world.js';
import { type RunBug, TestRunWorld } from './testing/run-world.js';
import { simulate, simulateQueue } from './testing/simulate.js';
import { type StreamBug, TestStreamWorld } from './testing/stream-world.js';
import { TestTokenWorld, type TokenBug } from './testing/token-world.js';
import { tokenModel } from './token.js';

type Result = CheckResult<unknown, unknown>;

const SEEDS = 60;
/** Within so many programs a planted bug must show. */
const FEW = 20;

const RUN_SHAPE: RunShape = {
  clients: 5,
  steps: 8,
  requestIds: true,
  lost: 20,
  lazy: true,
  resumes: true,
};

/** Programs that do little else than what makes a bug show. */
const FOCUSED: { readonly [bug in RunBug]?: RunShape } = {
  'attributes overwritten': { clients: 4, steps: 5, without: ['step', 'hook', 'wait'] },
  'event after the end': { clients: 4, steps: 5, without: ['step', 'attr', 'wait'], entities: 3 },
};

function judgeRun(seed: number, bug?: RunBug, positions = true): Result {
  const shape = (bug && FOCUSED[bug]) ?? RUN_SHAPE;
  const program = programOf(runLogPrograms(shape), seed);
  return checkHistory(runLogModel(), simulate(program, new TestRunWorld(bug, positions), seed));
}

function judgeToken(seed: number, bug?: TokenBug): Result {
  const program = programOf(tokenPrograms({ steps: 7, requestIds: true, lost: 20 }), seed);
  return checkHistory(tokenModel(), simulate(program, new TestTokenWorld(bug), seed));
}

function judgeQueue(seed: number, bug?: QueueBug): Result {
  const program = programOf(queuePrograms({ steps: 8, requestIds: true, lost: 20 }), seed);
  return checkHistory(queueModel(), simulateQueue(program, new QueueWorld(seed, bug), seed));
}

function judgeStream(seed: number, bug?: StreamBug): Result {
  const shape = { writers: true, inspection: true, lost: 20 };
  const program = programOf(streamPrograms(shape), seed);
  return checkHistory(streamModel(), simulate(program, new TestStreamWorld(seed, bug), seed));
}

const CORRECT: readonly [string, (seed: number) => Result][] = [
  ['run with positions', (seed) => judgeRun(seed)],
  ['run without positions', (seed) => judgeRun(seed, undefined, false)],
  ['token', (seed) => judgeToken(seed)],
  ['queue', (seed) => judgeQueue(seed)],
  ['stream', (seed) => judgeStream(seed)],
];

describe.each(CORRECT)('a correct %s', (_, judge) => {
  it('is ok, whatever the interleaving', () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { verdict, witness } = judge(seed);
      expect(`seed ${seed}: ${verdict} ${witness?.text ?? ''}`).toBe(`seed ${seed}: ok `);
    }
  });
});

const RUN_BUGS: readonly [RunBug, RegExp][] = [
  ['check then insert', /created once/],
  ['two endings', /a run ends once|nothing .* after the end of a run/],
  ['event after the end', /nothing is received after the end|only a live hook|nothing is executed/],
  ['two endings of a step', /a step ends once|an ended step does not start again/],
  ['attempt not counted', /each start counts one more/],
  ['lost event', /it lacks|the next free position|the log has/],
  ['position taken early', /positions have no gaps/],
  ['row of a refused event', /created once/],
  [
    'request id ignored',
    /counts one more|ends once|created once|free position|stood in its way|only a live|no order/,
  ],
  ['stale read', /it lacks/],
  ['retry time ignored', /before its retry time/],
  ['attributes overwritten', /the attributes were/],
];
const TOKEN_BUGS: readonly [TokenBug, RegExp][] = [
  ['two owners', /one holder at a time|held it/],
  ['not released at the end', /the token was free|no live hook held/],
  ['released late', /the token was free|no live hook held/],
  ['lookup of a released token', /no live hook held|held it/],
];
const QUEUE_BUGS: readonly [QueueBug, RegExp][] = [
  ['delivered after the acknowledgement', /acknowledged is not delivered again/],
  ['spent key swallows', /a spent key suppresses nothing/],
  ['key not seen', /a key has one live message/],
  ['attempt constant', /each delivery counts one more/],
  ['new id on redelivery', /the same on every delivery/],
  ['message lost', /not there any more/],
  ['lost lease settled', /only one lease of a message counts/],
  ['request id ignored', /the same on every delivery/],
];
const STREAM_BUGS: readonly [StreamBug, RegExp][] = [
  ['lost append', /a chunk that was accepted stays|last chunk was/],
  ['duplicate on retry', /each lands once|twice/],
  ['chunk after close', /nothing lands after a close|not there yet|closed/],
  ['interleaved appends', /an append is one piece|last chunk was/],
  ['merged chunks', /the stream has|the stream's last chunk/],
  ['reordered read', /all readers see one sequence|the stream has|no order|an append is one piece/],
  ['early end', /it lacks chunk|the stream was open/],
];

const BUGS: readonly [string, string, (seed: number) => Result, RegExp][] = [
  ...RUN_BUGS.map(([bug, text]) => entry('run', bug, (seed) => judgeRun(seed, bug), text)),
  ...TOKEN_BUGS.map(([bug, text]) => entry('token', bug, (seed) => judgeToken(seed, bug), text)),
  ...QUEUE_BUGS.map(([bug, text]) => entry('queue', bug, (seed) => judgeQueue(seed, bug), text)),
  ...STREAM_BUGS.map(([bug, text]) => entry('stream', bug, (seed) => judgeStream(seed, bug), text)),
];

function entry(
  what: string,
  bug: string,
  judge: (seed: number) => Result,
  text: RegExp,
): [string, string, (seed: number) => Result, RegExp] {
  return [what, bug, judge, text];
}

describe.each(BUGS)('a %s with the bug "%s"', (_what, _bug, judge, text) => {
  it('is found, and told', () => {
    const told: string[] = [];
    for (let seed = 1; seed <= FEW && !told.some((found) => text.test(found)); seed += 1) {
      const { verdict, witness } = judge(seed);
      if (verdict === 'illegal') told.push(witness!.text);
    }
    expect(told.join('\n\n')).toMatch(text);
  });
});

it('judges 60 operations of 8 clients on one run by few states', () => {
  let explored = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const shape = { ...RUN_SHAPE, clients: 8, steps: 7 };
    const program = programOf(runLogPrograms(shape), seed);
    const history = simulate(program, new TestRunWorld(undefined, seed % 2 === 0), seed);
    expect(history.length).toBeGreaterThanOrEqual(60);
    const result = checkHistory(runLogModel(), history);
    expect(result.verdict).toBe('ok');
    explored += result.explored;
  }
  expect(explored / 20).toBeLessThan(2_000);
});
