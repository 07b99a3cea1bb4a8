/** What every engine does with streams. */
import { describe, expect, it } from 'vitest';
import { bytes, type Calls, MIB, P, values } from '../store-records.js';

export function streamsContract(call: Calls): void {
  describe('streams', () => {
    it('keeps chunks, boundaries and order', async () => {
      const stream = await call.insertStream(P, 'r', 's', 1);
      expect(await call.getStream(P, 'r', 's')).toEqual(stream);
      await call.appendChunks(stream.key, 0, [bytes(3), bytes(0), bytes(20_000)]);
      await call.appendChunks(stream.key, 3, [bytes(1, 0)]);
      expect(await call.listChunks(stream.key, 0, 10, MIB)).toEqual([
        { index: 0, data: bytes(3) },
        { index: 1, data: bytes(0) },
        { index: 2, data: bytes(20_000) },
        { index: 3, data: bytes(1, 0) },
      ]);
      expect((await call.listChunks(stream.key, 2, 10, 1)).map((c) => c.index)).toEqual([2]);
      expect((await call.listChunks(stream.key, 1, 2, MIB)).map((c) => c.index)).toEqual([1, 2]);
      expect(await call.listChunks(stream.key, 4, 2, MIB)).toEqual([]);
      expect((await call.getStream(P, 'r', 's'))?.length).toBe(4);
      await expect(call.appendChunks(stream.key, 3, [bytes(1)])).rejects.toThrow();
      await call.closeStream(stream.key);
      await call.closeStream(stream.key);
      expect(await call.getStream(P, 'r', 's')).toMatchObject({ closed: true, length: 4 });
    });

    it('finds streams by name, newest first, and lists those of a run', async () => {
      await call.insertStream(P, 'r1', 's', 1);
      const newest = await call.insertStream(P, 'r2', 's', 2);
      await call.insertStream(P, 'r2', 'a', 3);
      await call.insertStream('other', 'r2', 's', 4);
      await expect(call.insertStream(P, 'r2', 's', 5)).rejects.toThrow();
      expect(await call.findStream(P, 's')).toEqual(newest);
      expect(await call.findStream(P, 'x')).toBeUndefined();
      const first = await call.listStreams(P, 'r2', undefined, 1);
      expect(first).toEqual({ items: [{ key: newest.key, value: 's' }], more: true });
      expect(values(await call.listStreams(P, 'r2', newest.key, 5))).toEqual(['a']);
    });

    it('counts what a writer has appended', async () => {
      const stream = await call.insertStream(P, 'r', 's', 1);
      expect(await call.getWriter(stream.key, 'w')).toBe(0);
      await call.putWriter(stream.key, 'w', 3);
      await call.putWriter(stream.key, 'w', 5);
      expect(await call.getWriter(stream.key, 'w')).toBe(5);
      expect(await call.getWriter(stream.key, 'v')).toBe(0);
    });
  });
}
