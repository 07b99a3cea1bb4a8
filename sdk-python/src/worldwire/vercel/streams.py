"""Streams of runs, for an SDK that knows neither writers nor keys."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from vercel.workflow._internal import world as w

from worldwire.v1 import common_pb2, stream_pb2

from .chunks import open_stored_chunk, seal_chunks
from .errors import translated
from .recent import Recent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from worldwire import StreamWriter

    from .connection import Connection

_MAX_WRITERS = 1_000
"""How many streams keep their writer between calls."""


class Streams:
    """The streams of a World.

    Each stream has one writer behind the calls that know none, so that its chunks are numbered and a retry lands once.
    One that failed or closed its stream is forgotten, and the next call begins anew.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._writers: Recent[StreamWriter] = Recent(_MAX_WRITERS)

    def forget(self) -> None:
        """Forgets all writers, whose connection is about to end."""
        self._writers.clear()

    async def write(self, run_id: str, name: str, chunks: Sequence[bytes]) -> None:
        """Appends chunks in order, sealed; durable when it returns."""
        if not chunks:
            return
        with translated():
            connection = await self._connect()
            sealed = await seal_chunks(connection.keys, run_id, name, chunks)
            key, writer = self._writer(connection, run_id, name)
            try:
                await writer.write(sealed)
            except BaseException:
                self._writers.forget(key, writer)
                raise

    async def close(self, run_id: str, name: str) -> None:
        """Ends the readers of a stream. Closing again is fine."""
        with translated():
            connection = await self._connect()
            key, writer = self._writer(connection, run_id, name)
            # Whoever writes from now on finds the stream closed, and not its writer.
            self._writers.forget(key, writer)
            await writer.close()

    async def read(
        self, run_id: str, name: str, start_index: int | None
    ) -> AsyncGenerator[bytes, None]:
        """Reads a stream live, each chunk once and in order, until it is closed."""
        with translated():
            connection = await self._connect()
            chunks = connection.client.read_stream(run_id, name, start_index=start_index or 0)
            async with aclosing(chunks):
                async for chunk in chunks:
                    data = await open_stored_chunk(connection.keys, run_id, chunk.data)
                    if data:
                        yield data

    async def names(self, run_id: str) -> list[str]:
        with translated():
            connection = await self._connect()
            request = stream_pb2.ListStreamsRequest(run_id=run_id)
            return [name async for name in connection.client.list_streams(request)]

    async def chunks(
        self, run_id: str, name: str, *, limit: int | None, cursor: str | None
    ) -> w.StreamChunksPage:
        """One page of the chunks that are there now, oldest first."""
        with translated():
            connection = await self._connect()
            request = stream_pb2.ListChunksRequest(
                run_id=run_id,
                name=name,
                page=common_pb2.PageRequest(limit=limit or 0, cursor=cursor or ""),
            )
            answer = await connection.client.streams.list_chunks(request)
            data = [
                {
                    "index": one.index,
                    "data": await open_stored_chunk(connection.keys, run_id, one.data),
                }
                for one in answer.chunks
            ]
            has_more = answer.page.has_more
            fields: dict[str, Any] = {
                "data": data,
                # The SDK takes a cursor as a promise of more; the World's also marks the end of a growing stream.
                "cursor": answer.page.cursor if has_more else None,
                "hasMore": has_more,
                "done": answer.done,
            }
            return w.StreamChunksPage.from_wire(fields)

    async def info(self, run_id: str, name: str) -> w.StreamInfo:
        """How far a stream has come."""
        with translated():
            connection = await self._connect()
            request = stream_pb2.GetStreamInfoRequest(run_id=run_id, name=name)
            answer = await connection.client.streams.get_stream_info(request)
            return w.StreamInfo.from_wire({"tailIndex": answer.tail_index, "done": answer.done})

    def _writer(self, connection: Connection, run_id: str, name: str) -> tuple[str, StreamWriter]:
        key = f"{run_id} {name}"
        writer = self._writers.get(key)
        if writer is None:
            writer = connection.client.stream_writer(run_id, name)
            self._writers.set(key, writer)
        return key, writer
