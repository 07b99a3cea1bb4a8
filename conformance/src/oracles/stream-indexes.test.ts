import { StreamService } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { streamIndexes } from './stream-indexes.js';
import { bytes, Trial } from './testing/exchanges.js';

const { read, listChunks } = StreamService.method;
const stream = { runId: 'run', name: 's' };
const chunk = (index: number, text = `chunk ${index}`) => ({
  index: BigInt(index),
  data: bytes(text),
});
const start = (startIndex: number, trial = new Trial(streamIndexes)) =>
  trial.stream(read, { ...stream, startIndex: BigInt(startIndex) });

it('accepts reads from any index', () => {
  const trial = new Trial(streamIndexes);
  const whole = start(0, trial);
  expect(whole({ nextIndex: 0n })).toBeUndefined();
  expect(whole({ chunks: [chunk(0), chunk(1)], nextIndex: 2n })).toBeUndefined();
  expect(whole({ nextIndex: 2n })).toBeUndefined();
  expect(whole({ chunks: [chunk(2)], nextIndex: 3n, done: true })).toBeUndefined();
  const tail = start(-1, trial);
  expect(tail({ nextIndex: 2n })).toBeUndefined();
  expect(tail({ chunks: [chunk(2)], nextIndex: 3n, done: true })).toBeUndefined();
  expect(start(9, trial)({ nextIndex: 3n, done: true })).toBeUndefined();
  expect(start(1, trial)({ chunks: [chunk(1)], nextIndex: 1n })).toBeUndefined();
  const list = { chunks: [chunk(0), chunk(1)], page: { cursor: 'c' } };
  expect(trial.call(listChunks, stream, list)).toBeUndefined();
  const rest = { chunks: [chunk(2)], page: { cursor: 'd' } };
  expect(trial.call(listChunks, { ...stream, page: { cursor: 'c' } }, rest)).toBeUndefined();
});

it('finds indices out of order', () => {
  const gap = start(0);
  expect(gap({ chunks: [chunk(0)], nextIndex: 1n })).toBeUndefined();
  expect(gap({ chunks: [chunk(2)], nextIndex: 3n })).toMatchObject({ expected: '1', actual: '2' });
  expect(start(0)({ chunks: [chunk(0), chunk(0)], nextIndex: 1n })).toBeDefined();
  expect(start(3)({ chunks: [chunk(4)], nextIndex: 5n })).toBeDefined();
  const tail = start(-1);
  tail({ nextIndex: 5n });
  expect(tail({ chunks: [chunk(6)], nextIndex: 7n })).toBeDefined();
  const trial = new Trial(streamIndexes);
  expect(trial.call(listChunks, stream, { chunks: [chunk(1)] })).toBeDefined();
  expect(
    trial.call(listChunks, { ...stream, page: { cursor: 'c' } }, { chunks: [chunk(1), chunk(3)] }),
  ).toBeDefined();
});

it('finds a wrong next_index', () => {
  const one = start(0);
  one({ nextIndex: 0n });
  expect(one({ chunks: [chunk(0)], nextIndex: 0n })?.message).toMatch(/next_index/);
  expect(start(0)({ nextIndex: 4n })?.message).toMatch(/next_index/);
});

it('finds a read that goes on after done', () => {
  const one = start(0);
  one({ done: true });
  expect(one({ done: true })?.message).toMatch(/after done/);
});

it('finds other bytes under an index, in reads and lists', () => {
  const trial = new Trial(streamIndexes);
  start(0, trial)({ chunks: [chunk(0)], nextIndex: 1n });
  const other = chunk(0, 'other');
  expect(start(0, trial)({ chunks: [other], nextIndex: 1n })?.message).toMatch(/has changed/);
  expect(trial.call(listChunks, stream, { chunks: [other] })?.message).toMatch(/has changed/);
  const elsewhere = { ...stream, runId: 'x' };
  expect(trial.call(listChunks, elsewhere, { chunks: [other] })).toBeUndefined();
  expect(trial.call(listChunks, { name: 's' }, { chunks: [chunk(0)] })).toBeUndefined();
});
