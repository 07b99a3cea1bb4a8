import { create } from '@bufbuild/protobuf';
import {
  AppendRequestSchema,
  CloseRequestSchema,
  GetStreamInfoRequestSchema,
  ListChunksRequestSchema,
  ListStreamsRequestSchema,
  SortOrder,
} from '@worldwire/proto';
import { beforeEach, describe, expect, it } from 'vitest';
import { bytes, ev, reasonOf, TestWorld } from '../testing/memory/world.js';
import { streamRules } from './index.js';

const RUN = 'wrun_1';
const NAME = 'strm_01ARZ3NDEKTSV4RRFFQ69G5FAV_user';
const stream = { runId: RUN, name: NAME };

let world: TestWorld;
beforeEach(() => {
  world = new TestWorld();
});

const append = (texts: string[], more: object = {}) =>
  world.call(
    streamRules.append,
    create(AppendRequestSchema, { ...stream, chunks: texts.map(bytes), ...more }),
  );
const close = (more: object = {}) =>
  world.call(streamRules.close, create(CloseRequestSchema, { ...stream, ...more }));
const info = (more: object = {}) => {
  const { tailIndex, done } = world.call(
    streamRules.getStreamInfo,
    create(GetStreamInfoRequestSchema, { ...stream, ...more }),
  );
  return [Number(tailIndex), done];
};
const list = (page: object = {}, more: object = {}) =>
  world.call(streamRules.listChunks, create(ListChunksRequestSchema, { ...stream, page, ...more }));
const open = (startIndex: bigint) =>
  world.call(streamRules.openRead, { ...stream, startIndex }).from;
const texts = (chunks: readonly { data: Uint8Array }[]) =>
  chunks.map(({ data }) => Buffer.from(data).toString());
const all = () => texts(list().chunks);

describe('appends', () => {
  it('keep order and boundaries, empty chunks too, of a run that need not be', () => {
    expect(append(['a', '', 'b'])).toMatchObject({ tailIndex: 2n, appended: 3, wasClosed: false });
    append(['c']);
    expect(all()).toEqual(['a', '', 'b', 'c']);
    expect(list().chunks.map((chunk) => chunk.index)).toEqual([0n, 1n, 2n, 3n]);
    expect(info()).toEqual([3, false]);
  });

  it('of a writer land once: repeated, overlapping, and never with a gap', () => {
    const write = (chunks: string[], sequence: number) =>
      append(chunks, { writerId: 'wrtr_1', sequence: BigInt(sequence) });
    expect(reasonOf(() => write(['x'], 1))).toBe('SEQUENCE_GAP');
    expect(info()).toEqual([-1, false]);
    expect(write(['a', 'b'], 0).appended).toBe(2);
    expect(write(['a', 'b'], 0)).toMatchObject({ appended: 0, tailIndex: 1n });
    expect(write(['b', 'c'], 1)).toMatchObject({ appended: 1, tailIndex: 2n });
    expect(write(['a'], 0).appended).toBe(0);
    expect(reasonOf(() => write(['e'], 4))).toBe('SEQUENCE_GAP');
    append(['other'], { writerId: 'wrtr_2' });
    append(['nobody']);
    expect(write(['d'], 3).tailIndex).toBe(5n);
    expect(all()).toEqual(['a', 'b', 'c', 'other', 'nobody', 'd']);
  });

  it('close in the same commit, and a repetition hears that it landed', () => {
    const last = { writerId: 'wrtr_1', close: true };
    expect(append(['a'], last)).toMatchObject({ appended: 1, wasClosed: false });
    expect(info()).toEqual([0, true]);
    expect(append(['a'], last)).toMatchObject({ appended: 0, wasClosed: false, tailIndex: 0n });
  });

  it('after the end are discarded, whatever their sequence, and hear of it', () => {
    append(['a']);
    close();
    const late = { tailIndex: 0n, appended: 0, wasClosed: true };
    expect(append(['late'])).toMatchObject(late);
    expect(append(['late'], { writerId: 'w' })).toMatchObject(late);
    expect(append(['later'], { writerId: 'w', sequence: 1n })).toMatchObject(late);
    expect(append([], { close: true })).toMatchObject(late);
    expect(all()).toEqual(['a']);
  });

  it.each<[string, string[], object, string]>([
    ['no chunks', [], {}, 'INVALID_ARGUMENT'],
    ['1,001 chunks', Array.from({ length: 1_001 }, () => ''), {}, 'INVALID_ARGUMENT'],
    ['a sequence without a writer', ['a'], { sequence: 1n }, 'INVALID_ARGUMENT'],
    ['a negative sequence', ['a'], { writerId: 'w', sequence: -1n }, 'INVALID_ARGUMENT'],
    [
      'a sequence beyond numbers',
      ['a'],
      { writerId: 'w', sequence: 2n ** 60n },
      'INVALID_ARGUMENT',
    ],
    ['no run', ['a'], { runId: '' }, 'INVALID_ARGUMENT'],
    ['a path for a name', ['a'], { name: '../../x' }, 'INVALID_ID'],
    ['a path for a run', ['a'], { runId: '..' }, 'INVALID_ID'],
    ['a long name', ['a'], { name: 'n'.repeat(513) }, 'INVALID_ID'],
    ['a large chunk', ['a'], { chunks: [new Uint8Array(51 * 1024 * 1024)] }, 'PAYLOAD_TOO_LARGE'],
  ])('with %s are refused', (_what, chunks, more, reason) => {
    expect(reasonOf(() => append(chunks, more))).toBe(reason);
    expect(world.store.streams.state.size).toBe(0);
  });
});

describe('closing', () => {
  it('is fine twice, and before there is anything', () => {
    expect([close().tailIndex, close().tailIndex]).toEqual([-1n, -1n]);
    expect(info()).toEqual([-1, true]);
  });
});

describe('reads', () => {
  it('begin where they are told, from the end where negative', () => {
    expect([open(0n), open(5n), open(-3n)]).toEqual([0, 5, 0]);
    append(['a', 'b', 'c']);
    expect([open(-1n), open(-3n), open(-4n), open(-(2n ** 63n)), open(9n)]).toEqual([
      2, 0, 0, 0, 9,
    ]);
    expect(reasonOf(() => open(2n ** 62n))).toBe('INVALID_ARGUMENT');
  });

  it('wait for a stream that is not there, go on, and end with it', () => {
    const read = (from: number) =>
      world.call(streamRules.readChunks, { ...stream, from, maxBytes: 2 });
    expect(read(0)).toMatchObject({ chunks: [], done: false });
    append(['aa', 'bb', 'c']);
    expect([texts(read(0).chunks), read(0).done]).toEqual([['aa'], false]);
    expect(read(3)).toMatchObject({ chunks: [], done: false });
    close();
    expect([texts(read(2).chunks), read(2).done]).toEqual([['c'], true]);
    expect(read(99)).toMatchObject({ chunks: [], done: true });
  });

  it('page, with an honest end', () => {
    append(['a', 'b', 'c']);
    const first = list({ limit: 2 });
    expect([texts(first.chunks), first.page!.hasMore, first.done]).toEqual([
      ['a', 'b'],
      true,
      false,
    ]);
    const second = list({ cursor: first.page!.cursor });
    expect([texts(second.chunks), second.page!.hasMore]).toEqual([['c'], false]);
    append(['d']);
    expect(texts(list({ cursor: second.page!.cursor }).chunks)).toEqual(['d']);
    expect(list({}, { name: 'none' })).toMatchObject({
      chunks: [],
      done: false,
      page: { cursor: '', hasMore: false },
    });
    expect(reasonOf(() => list({ cursor: first.page!.cursor }, { name: 'none' }))).toBe(
      'INVALID_CURSOR',
    );
    expect(reasonOf(() => list({ sortOrder: SortOrder.DESCENDING }))).toBe('INVALID_ARGUMENT');
  });

  it('find a stream by its name alone, and list the names of a run', () => {
    append(['a']);
    append(['b'], { runId: 'wrun_hc_x', name: '__health_check__x' });
    append(['c'], { name: 'second' });
    expect(texts(list({}, { runId: '' }).chunks)).toEqual(['a']);
    expect(info({ runId: '', name: '__health_check__x' })).toEqual([0, false]);
    const names = (page: object = {}) =>
      world.call(streamRules.listStreams, create(ListStreamsRequestSchema, { runId: RUN, page }));
    expect(names().names).toEqual([NAME, 'second']);
    const { cursor, hasMore } = names({ limit: 1 }).page!;
    expect([names({ cursor }).names, hasMore]).toEqual([['second'], true]);
  });
});

describe('retention', () => {
  it('leaves nothing to read, says so, and takes nothing in', () => {
    world.start(RUN, { attributes: { $retention: '0' }, allowReservedAttributes: true });
    append(['SECRET']);
    world.write(RUN, ev('runCompleted', {}));
    for (const read of [
      all,
      () => open(0n),
      () => world.call(streamRules.readChunks, { ...stream, from: 1, maxBytes: 1 }),
    ])
      expect(reasonOf(read)).toBe('STREAM_EXPIRED');
    expect(info()).toEqual([-1, true]);
    const gone = { tailIndex: -1n, appended: 0, wasClosed: true };
    expect(append(['late'])).toMatchObject(gone);
    expect(append(['late'], { name: 'new', close: true })).toMatchObject(gone);
    expect(close().tailIndex).toBe(-1n);
    close({ name: 'new' });
    expect(world.store.streams.state.size).toBe(1);
  });
});
