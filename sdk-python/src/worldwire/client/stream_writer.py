"""Writes one stream in order; every chunk lands once, whatever is retried."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worldwire.errors import WorldError
from worldwire.v1 import AppendRequest, CloseRequest

from .explain import to_world_error
from .options import WriteResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .services import Streams

MAX_CHUNKS = 1000
"""The protocol's bound on the chunks of one append."""
MAX_BYTES = 4 * 1024 * 1024
"""Keeps an append well below any World's request limit, and its retry cheap. A larger chunk travels alone."""
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""What may wait because its writer does not; a writer that gets here would fill the memory."""
CHUNK_OVERHEAD_BYTES = 64
"""What a waiting chunk takes beside its bytes, so that empty ones are bounded too."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    chunk: bytes
    landed: asyncio.Future[WriteResult] | None
    """Settles the write that the chunk is the last of."""


class StreamWriter:
    """Writes one stream: one append at a time, and in it whatever waits.

    To a World that is known to take no writers it appends without a name; an append whose fate is unknown is then not
    repeated, and fails the writer.
    """

    def __init__(
        self,
        streams: Streams,
        run_id: str,
        name: str,
        writer_id: str | None,
        sequence: int,
        takes_no_writers: Callable[[], Awaitable[bool]],
    ) -> None:
        self.writer_id = writer_id or str(uuid.uuid4())
        """Names the writer, so that its retries land once."""
        self._streams = streams
        self._run_id = run_id
        self._name = name
        self._takes_no_writers = takes_no_writers
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._accepted = sequence
        self._sent = sequence
        self._pump: asyncio.Task[None] | None = None
        self._failure: WorldError | None = None
        self._closing: asyncio.Future[WriteResult] | None = None
        self._closed = False
        self._last = WriteResult(-1, was_closed=False)

    @property
    def sequence(self) -> int:
        """The number that the next chunk will have in this writer's sequence."""
        return self._accepted

    def write(self, chunks: bytes | Sequence[bytes]) -> asyncio.Future[WriteResult]:
        """Appends chunks in order; the future is done when they are durable.

        Calls need not be awaited one by one: what waits is sent together. After a failure every further call fails with
        the same error, for what landed is then unknown. Fails with a WorldError `resource_exhausted` where more than 64
        MiB wait.
        """
        given = [chunks] if isinstance(chunks, bytes | bytearray | memoryview) else chunks
        landed: asyncio.Future[WriteResult] = asyncio.get_running_loop().create_future()
        refusal = self._refusal()
        if refusal is not None:
            landed.set_exception(refusal)
        elif len(given) == 0:
            landed.set_result(self._last)
        else:
            # Copies, for a caller may go on to write into its buffer.
            copies = [bytes(chunk) for chunk in given]
            self._accepted += len(copies)
            self._waiting_bytes += sum(len(copy) + CHUNK_OVERHEAD_BYTES for copy in copies)
            self._waiting.extend(_Waiting(copy, None) for copy in copies[:-1])
            self._waiting.append(_Waiting(copies[-1], landed))
            self._start()
        return landed

    def close(self) -> asyncio.Future[WriteResult]:
        """Closes the stream after everything written before. Closing again returns the first outcome."""
        if self._closing is None:
            closing: asyncio.Future[WriteResult] = asyncio.get_running_loop().create_future()
            if self._failure is not None:
                closing.set_exception(self._failure)
                return closing
            self._closing = closing
            self._start()
        return self._closing

    def _refusal(self) -> WorldError | None:
        if self._failure is not None:
            return self._failure
        if self._closing is not None:
            return WorldError("the writer was closed", code="failed_precondition")
        if self._waiting_bytes > MAX_WAITING_BYTES:
            return WorldError("too many writes wait; await some", code="resource_exhausted")
        return None

    def _start(self) -> None:
        if self._pump is None:
            self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._append_some()
            if self._closing is not None and not self._closed:
                response = await self._streams.close(
                    CloseRequest(run_id=self._run_id, name=self._name)
                )
                self._finish(WriteResult(response.tail_index, self._last.was_closed))
        except Exception as error:  # noqa: BLE001  Whatever it is, it fails the writer.
            self._fail(to_world_error(error))
        except asyncio.CancelledError:
            self._fail(WorldError("the writer's task was cancelled", code="canceled"))
            raise
        finally:
            self._pump = None

    async def _append_some(self) -> None:
        """Appends what fits into one request, and settles the writes that end in it."""
        nameless = await self._takes_no_writers()
        count = batch_size([waiting.chunk for waiting in self._waiting])
        batch = [self._waiting[i] for i in range(count)]
        close = self._closing is not None and count == len(self._waiting)
        response = await self._streams.append(
            AppendRequest(
                run_id=self._run_id,
                name=self._name,
                writer_id="" if nameless else self.writer_id,
                sequence=0 if nameless else self._sent,
                chunks=[waiting.chunk for waiting in batch],
                close=close,
            )
        )
        result = WriteResult(response.tail_index, response.was_closed)
        self._last = result
        self._sent += count
        for waiting in batch:
            self._waiting.popleft()
            self._waiting_bytes -= len(waiting.chunk) + CHUNK_OVERHEAD_BYTES
            if waiting.landed is not None and not waiting.landed.done():
                waiting.landed.set_result(result)
        if close:
            self._finish(result)

    def _finish(self, result: WriteResult) -> None:
        self._last = result
        self._closed = True
        if self._closing is not None and not self._closing.done():
            self._closing.set_result(result)

    def _fail(self, failure: WorldError) -> None:
        self._failure = failure
        for waiting in self._waiting:
            if waiting.landed is not None and not waiting.landed.done():
                waiting.landed.set_exception(failure)
        self._waiting.clear()
        if self._closing is not None and not self._closing.done():
            self._closing.set_exception(failure)


def batch_size(chunks: Sequence[bytes]) -> int:
    """How many of the waiting chunks go into one request: at least one."""
    size = 0
    for count, chunk in enumerate(chunks):
        size += len(chunk)
        if count > 0 and (count == MAX_CHUNKS or size > MAX_BYTES):
            return count
    return len(chunks)
