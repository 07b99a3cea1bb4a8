import assert from 'node:assert/strict';
import type { ChunkRow, Key, Sliced, StreamRow } from '../../store/operations.js';
import { sliceOf } from './slices.js';

interface StreamCell {
  readonly key: Key;
  readonly project: string;
  readonly runId: string;
  readonly name: string;
  chunks: Uint8Array[];
  closed: boolean;
  expired: boolean;
  readonly writers: Map<string, number>;
}

/** The stream operations of a store over plain maps. */
export class MemoryStreams {
  readonly state = new Map<Key, StreamCell>();
  constructor(private readonly nextKey: () => Key) {}

  #cell(key: Key): StreamCell {
    const cell = this.state.get(key);
    assert(cell, `no stream has key ${key}`);
    return cell;
  }
  #row({ key, runId, name, chunks, closed, expired }: StreamCell): StreamRow {
    return { key, runId, name, length: chunks.length, closed, expired };
  }
  expire(project: string, runId: string): void {
    for (const cell of this.state.values())
      if (cell.project === project && cell.runId === runId)
        Object.assign(cell, { chunks: [], closed: true, expired: true });
  }
  remove(project: string, runId: string): void {
    for (const [key, cell] of this.state)
      if (cell.project === project && cell.runId === runId) this.state.delete(key);
  }
  getStream(project: string, runId: string, name: string): StreamRow | undefined {
    const found = [...this.state.values()].find(
      (cell) => cell.project === project && cell.runId === runId && cell.name === name,
    );
    return found && this.#row(found);
  }
  findStream(project: string, name: string): StreamRow | undefined {
    const found = [...this.state.values()].findLast(
      (cell) => cell.project === project && cell.name === name,
    );
    return found && this.#row(found);
  }
  insertStream(project: string, runId: string, name: string, _now: number): StreamRow {
    assert(!this.getStream(project, runId, name), 'a stream is created once');
    const key = this.nextKey();
    const own = { chunks: [], closed: false, expired: false, writers: new Map() };
    const cell: StreamCell = { key, project, runId, name, ...own };
    this.state.set(key, cell);
    return this.#row(cell);
  }
  appendChunks(key: Key, firstIndex: number, chunks: readonly Uint8Array[]): void {
    const cell = this.#cell(key);
    assert(!cell.closed, 'nothing follows the end of a stream');
    assert.equal(firstIndex, cell.chunks.length, 'chunks are dense');
    cell.chunks.push(...chunks.map((chunk) => chunk.slice()));
  }
  closeStream(key: Key): void {
    this.#cell(key).closed = true;
  }
  getWriter(key: Key, writerId: string): number {
    return this.#cell(key).writers.get(writerId) ?? 0;
  }
  putWriter(key: Key, writerId: string, appended: number): void {
    assert(appended > this.getWriter(key, writerId), 'a writer only gets on');
    this.#cell(key).writers.set(writerId, appended);
  }
  listChunks(key: Key, from: number, limit: number, maxBytes: number): readonly ChunkRow[] {
    const rows: ChunkRow[] = [];
    let bytes = 0;
    for (const [index, data] of this.#cell(key).chunks.entries()) {
      if (index < from || rows.length >= limit || (rows.length > 0 && bytes >= maxBytes)) continue;
      rows.push({ index, data: data.slice() });
      bytes += data.length;
    }
    return rows;
  }
  listStreams(
    project: string,
    runId: string,
    after: Key | undefined,
    limit: number,
  ): Sliced<string> {
    const cells = [...this.state.values()].filter(
      (cell) => cell.project === project && cell.runId === runId,
    );
    return sliceOf(
      cells.map(({ key, name }) => ({ key, value: name })),
      { after, descending: false, limit },
    );
  }
}
