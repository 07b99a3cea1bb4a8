import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { colliding, type EntityKind } from '../../histories/collide.js';
import { judgePrograms } from '../../histories/judge.js';
import { Names } from '../../histories/names.js';
import { play } from '../../histories/play.js';
import { playQueue } from '../../histories/queue.js';
import { performOnRun, runLogOptionsFor, runShapeFor } from '../../histories/run-log.js';
import { performOnStream } from '../../histories/stream.js';
import { makeRuns, performOnTokens } from '../../histories/token.js';
import {
  type Program,
  programOf,
  type QueueAction,
  queueModel,
  queuePrograms,
  type RunShape,
  runLogModel,
  runLogPrograms,
  type StreamShape,
  streamModel,
  streamPrograms,
  tokenModel,
  tokenPrograms,
} from '../../model/index.js';

/** Few entities and many clients, so that they collide. */
const CROWD = { clients: 5, steps: 8 } as const;

/** Per cent of the writes whose answer is lost. */
const LOST = 25;

/** Programs of a queue that lose leases stand first, as their messages come again only after a while. */
const WITH_LOST_LEASES = 3;

/** What holds for every interleaving of requests of one run. */
const RUN_RULES = [
  'WW-LOG-028',
  'WW-LOG-029',
  'WW-LOG-030',
  'WW-LOG-021',
  'WW-LOG-024',
  'WW-RUN-028',
  'WW-RUN-036',
  'WW-STEP-016',
  'WW-STEP-027',
  'WW-STEP-038',
  'WW-STEP-039',
  'WW-HOOK-028',
  'WW-WAIT-006',
  'WW-WAIT-007',
] as const;

/** Programs of many clients on one thing, played at the same time and judged by a sequential model. */
export const historyChecks: readonly Check[] = [
  check(
    'histories/one-run',
    'What many clients see of one run could have happened one request after another',
    { requirements: RUN_RULES },
    (t) => judgeRuns(t, 20, { ...runShapeFor(t), ...CROWD }),
  ),
  check(
    'histories/one-run-with-lost-answers',
    'Requests on one run whose answers are lost and that are repeated happen once',
    {
      requirements: [...RUN_RULES, 'WW-LOG-050', 'WW-LOG-051', 'WW-LOG-052', 'WW-LOG-054'],
      capabilities: ['REQUEST_IDS'],
    },
    (t) => judgeRuns(t, 16, { ...runShapeFor(t), ...CROWD, requestIds: true, lost: LOST }),
  ),
  check(
    'histories/one-token',
    'What runs that contend for tokens see could have happened one request after another',
    {
      requirements: [
        'WW-LOG-029',
        'WW-HOOK-011',
        'WW-HOOK-012',
        'WW-HOOK-014',
        'WW-HOOK-015',
        'WW-HOOK-017',
        'WW-HOOK-018',
        'WW-HOOK-023',
      ],
    },
    (t) =>
      judgePrograms(t, 20, async (seed) => {
        const program = programOf(tokenPrograms({ ...CROWD, ...retriesFor(t) }), seed);
        const names = new Names(t);
        await makeRuns(t, names, CROWD.clients);
        return { model: tokenModel(), history: await play(t, program, performOnTokens(t, names)) };
      }),
  ),
  check(
    'histories/one-queue',
    'Each message comes until it is acknowledged, under one lease at a time, and a key has one message',
    {
      requirements: [
        'WW-QUEUE-001',
        'WW-QUEUE-011',
        'WW-QUEUE-012',
        'WW-QUEUE-013',
        'WW-QUEUE-024',
        'WW-QUEUE-025',
        'WW-QUEUE-026',
        'WW-QUEUE-027',
        'WW-QUEUE-028',
        'WW-QUEUE-040',
        'WW-QUEUE-052',
        'WW-QUEUE-057',
        'WW-QUEUE-059',
        'WW-QUEUE-067',
        'WW-QUEUE-068',
      ],
    },
    (t) =>
      judgePrograms(t, 12, async (seed, index) => {
        const generated = programOf(queuePrograms({ ...CROWD, ...retriesFor(t) }), seed);
        const program = index < WITH_LOST_LEASES ? withDrops(generated) : generated;
        const { history, options } = await playQueue(t, program);
        return { model: queueModel(options), history };
      }),
  ),
  check(
    'histories/one-stream',
    'What writers and readers of one stream see could have happened one request after another',
    {
      requirements: [
        'WW-STREAM-003',
        'WW-STREAM-004',
        'WW-STREAM-005',
        'WW-STREAM-006',
        'WW-STREAM-007',
        'WW-STREAM-008',
        'WW-STREAM-028',
        'WW-STREAM-032',
      ],
    },
    (t) => judgeStreams(t, 16, { ...CROWD, inspection: t.has('STREAM_INSPECTION') }),
  ),
  check(
    'histories/one-stream-with-lost-answers',
    'Appends whose answers are lost and that are repeated land once',
    {
      requirements: [
        'WW-STREAM-006',
        'WW-STREAM-007',
        'WW-STREAM-008',
        'WW-STREAM-054',
        'WW-STREAM-055',
        'WW-STREAM-057',
        'WW-STREAM-060',
      ],
      capabilities: ['STREAM_WRITERS'],
    },
    (t) =>
      judgeStreams(t, 12, {
        ...CROWD,
        inspection: t.has('STREAM_INSPECTION'),
        writers: true,
        lost: LOST,
      }),
  ),
];

/** The entities of programs in which clients keep step: few kinds at a time, so that they collide more. */
const ENTITIES: readonly (readonly EntityKind[])[] = [
  ['hook'],
  ['step'],
  ['wait', 'hook'],
  ['hook'],
  ['step'],
  ['hook', 'step', 'wait'],
];

/** In one program of four clients run freely; in the others they meet at one entity after the other. */
function judgeRuns(t: Context, count: number, shape: RunShape): Promise<void> {
  const model = runLogModel(runLogOptionsFor(t));
  return judgePrograms(t, count, async (seed, index) => {
    const keepStep = index % 4 > 0;
    const kinds = keepStep ? ENTITIES[index % ENTITIES.length]! : undefined;
    const without = [...(shape.without ?? []), ...leftOut(kinds)];
    const generated = programOf(runLogPrograms({ ...shape, without }), seed);
    const program = kinds === undefined ? generated : colliding(generated, kinds);
    return { model, history: await play(t, program, performOnRun(t, new Names(t)), { keepStep }) };
  });
}

/** Kinds of events beside those of the entities; attributes are among all kinds only. */
function leftOut(kinds: readonly EntityKind[] | undefined): NonNullable<RunShape['without']> {
  if (kinds === undefined) return [];
  const others = (['step', 'hook', 'wait'] as const).filter((kind) => !kinds.includes(kind));
  return others.length === 0 ? [] : [...others, 'attr'];
}

function judgeStreams(t: Context, count: number, shape: StreamShape): Promise<void> {
  const programs = streamPrograms(shape);
  return judgePrograms(t, count, async (seed) => {
    const perform = performOnStream(t, new Names(t));
    return { model: streamModel(), history: await play(t, programOf(programs, seed), perform) };
  });
}

/** Lost answers where a World lets requests be repeated. */
function retriesFor(t: Context) {
  return t.has('REQUEST_IDS') ? { requestIds: true, lost: 15 } : {};
}

/** The same program in which the first deliveries of two clients are lost with their consumers. */
function withDrops(program: Program<QueueAction>): Program<QueueAction> {
  const clients = program.clients.map((steps, client) => {
    const place = steps.findIndex(({ action }) => action.op === 'consume');
    if (client >= 2 || place < 0) return steps;
    const then = 'drop';
    const drop: QueueAction = { op: 'consume', queue: steps[place]!.action.queue, then };
    return steps.map((step, index) => (index === place ? { ...step, action: drop } : step));
  });
  return { ...program, clients };
}
