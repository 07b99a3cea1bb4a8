import { same } from './check.ts';
import { checkLog } from './log.ts';
import { both, type Scenario } from './scenario.ts';

interface Tick {
  n: number;
  text: string;
}

const STEPS = 4;
const PER_STEP = 15;
const TOTAL = STEPS * PER_STEP;
const EVERY_MS = 20;

function numbers(ticks: Tick[]): number[] {
  return ticks.map(({ n }) => n);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

export const streams: Scenario[] = [
  {
    name: 'two readers, one leaves and resumes',
    sdk: both,
    async run(app) {
      const runId = await app.start('ticker', [STEPS, PER_STEP, EVERY_MS]);
      const stays = app.stream<Tick>(runId);
      const leaves = (async () => {
        const before = await app.stream<Tick>(runId, { take: 20 });
        const between = await app.stream<Tick>(runId, { startIndex: before.length, take: 13 });
        const seen = before.length + between.length;
        return [...before, ...between, ...(await app.stream<Tick>(runId, { startIndex: seen }))];
      })();
      const [one, other] = await Promise.all([stays, leaves]);
      same('reader that stays', numbers(one), range(0, TOTAL));
      same('reader that resumes', other, one);
      same('written', await app.value(runId), TOTAL);
      await checkLog(app, runId);
    },
  },
  {
    name: 'a reader before the first chunk, and one after the end',
    sdk: both,
    async run(app) {
      const runId = await app.start('ticker', [2, 5, 0]);
      same('early reader', numbers(await app.stream<Tick>(runId)), range(0, 10));
      await app.value(runId);
      same('late reader', numbers(await app.stream<Tick>(runId)), range(0, 10));
      same('from 7', numbers(await app.stream<Tick>(runId, { startIndex: 7 })), range(7, 10));
      same('last 3', numbers(await app.stream<Tick>(runId, { startIndex: -3 })), range(7, 10));
      same('at the end', numbers(await app.stream<Tick>(runId, { startIndex: 10 })), []);
      same('index of the last chunk', await app.tailIndex(runId), 9);
    },
  },
  {
    name: 'a second stream of raw bytes',
    sdk: both,
    async run(app) {
      const runId = await app.start('byteStream', [8, 64 * 1024]);
      const chunks = await app.stream<{ base64: string }>(runId, { namespace: 'bytes' });
      const bytes = Buffer.concat(chunks.map(({ base64 }) => Buffer.from(base64, 'base64')));
      const expected = Buffer.concat(range(0, 8).map((n) => Buffer.alloc(64 * 1024, n)));
      same('length', bytes.length, expected.length);
      same('bytes are equal', bytes.equals(expected), true);
      await app.value(runId);
      await checkLog(app, runId);
    },
  },
];
