import { createHash } from 'node:crypto';
import { blobOf } from '../shared/blob.ts';
import { same } from './check.ts';
import { checkLedger } from './log.ts';
import { both, type Scenario } from './scenario.ts';

const SEQUENCE = 200;
const PARALLEL = 50;
const LARGE = 10 * 1024 * 1024;

export const steps: Scenario[] = [
  {
    name: '200 steps in sequence',
    sdk: both,
    async run(app) {
      const runId = await app.start('sequence', [SEQUENCE]);
      same('sum', await app.value(runId), (SEQUENCE * (SEQUENCE + 1)) / 2);
      await checkLedger(app, runId, SEQUENCE);
    },
  },
  {
    name: '50 steps in parallel',
    sdk: both,
    async run(app) {
      const runId = await app.start('parallel', [PARALLEL]);
      const squares = Array.from({ length: PARALLEL }, (_, n) => n * n);
      same('squares', await app.value(runId), squares);
      await checkLedger(app, runId, PARALLEL);
    },
  },
  {
    name: '20 runs at once',
    sdk: both,
    async run(app) {
      const runIds = await Promise.all(
        Array.from({ length: 20 }, (_, n) => app.start('sequence', [n % 5])),
      );
      const sums = await Promise.all(runIds.map((runId) => app.value(runId)));
      same(
        'sums',
        sums,
        runIds.map((_, n) => ((n % 5) * ((n % 5) + 1)) / 2),
      );
      await Promise.all(runIds.map((runId, n) => checkLedger(app, runId, n % 5)));
    },
  },
  {
    name: 'nested and conditional control flow',
    sdk: both,
    async run(app) {
      const runId = await app.start('nested', [
        [['bolt'], [], ['engine', 'nut', 'wheel'], ['key']],
      ]);
      same('handled', await app.value(runId), [
        ['light:bolt'],
        ['heavy:engine', 'light:nut', 'heavy:wheel'],
        ['light:key'],
      ]);
      await checkLedger(app, runId, 10);
    },
  },
  {
    name: 'a step result of 10 MiB',
    sdk: both,
    async run(app) {
      const runId = await app.start('large', [LARGE, 7]);
      const sha256 = createHash('sha256').update(blobOf(LARGE, 7)).digest('hex');
      same('digest', await app.value(runId), { bytes: LARGE, sha256 });
      await checkLedger(app, runId, 2);
    },
  },
];
