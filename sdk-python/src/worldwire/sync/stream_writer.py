"""Writes one stream in order, for callers without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worldwire.client.options import WriteResult
    from worldwire.client.stream_writer import StreamWriter

    from .portal import Portal


class StreamWriterSync:
    """Writes one stream; every chunk lands once, whatever is retried."""

    def __init__(self, portal: Portal, writer: StreamWriter) -> None:
        self._portal = portal
        self._writer = writer

    @property
    def writer_id(self) -> str:
        """Names the writer, so that its retries land once."""
        return self._writer.writer_id

    @property
    def sequence(self) -> int:
        """The number that the next chunk will have in this writer's sequence."""
        return self._writer.sequence

    def write(self, chunks: bytes | Sequence[bytes]) -> WriteResult:
        """Appends chunks in order, and returns when they are durable. After a failure every further call fails."""

        async def write() -> WriteResult:
            return await self._writer.write(chunks)

        return self._portal.run(write())

    def close(self) -> WriteResult:
        """Closes the stream. Closing again returns the first outcome."""

        async def close() -> WriteResult:
            return await self._writer.close()

        return self._portal.run(close())
