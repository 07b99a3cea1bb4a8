"""Streams: ordered chunks that one side appends and another reads, live."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from connectrpc.request import RequestContext

from .checks import check_id, check_size
from .errors import invalid
from .gen.worldwire.v1.stream_connect import StreamService
from .gen.worldwire.v1.stream_pb import (
    AppendRequest,
    AppendResponse,
    Chunk,
    CloseRequest,
    CloseResponse,
    ReadRequest,
    ReadResponse,
)
from .state import Bell, Stopping
from .times import now_ms
from .world import LIMITS

_MAX_NAME_LENGTH = 512
_MESSAGE_BYTES = 1024 * 1024
_SIGN_OF_LIFE_MS = 5_000


@dataclass
class Stream:
    """The chunks of a stream so far."""

    chunks: list[bytes] = field(default_factory=list)
    closed: bool = False

    def after(self, index: int) -> list[Chunk]:
        """The next chunks from an index on: as many as one message should carry, at least one."""
        found: list[Chunk] = []
        size = 0
        for at in range(index, len(self.chunks)):
            size += len(self.chunks[at])
            if found and size > _MESSAGE_BYTES:
                break
            found.append(Chunk(index=at, data=self.chunks[at]))
        return found


class Streams(StreamService):
    """StreamService. A stream belongs to a run id, which need not be that of a run."""

    def __init__(self, stopping: Stopping) -> None:
        """Begins with no stream."""
        self.changed = Bell()
        self._stopping = stopping
        self._streams: dict[tuple[str, str], Stream] = {}

    async def append(self, request: AppendRequest, _ctx: RequestContext, /) -> AppendResponse:
        """Appends chunks in order, and closes the stream after them where asked to."""
        chunks = request.chunks
        if not chunks and not request.close:
            raise invalid("chunks", "is empty")
        if len(chunks) > LIMITS.max_stream_append:
            raise invalid("chunks", f"may hold {LIMITS.max_stream_append} chunks")
        if request.sequence != 0:
            raise invalid("sequence", "needs a writer_id")
        for chunk in chunks:
            check_size(len(chunk))
        stream = self._written(request.run_id, request.name)
        was_closed = stream.closed
        if not was_closed:
            stream.chunks.extend(chunks)
            stream.closed = request.close
            self.changed.ring()
        return AppendResponse(
            tail_index=len(stream.chunks) - 1,
            appended=0 if was_closed else len(chunks),
            was_closed=was_closed,
        )

    async def close(self, request: CloseRequest, _ctx: RequestContext, /) -> CloseResponse:
        """Closes a stream, which may be closed, or not there yet."""
        stream = self._written(request.run_id, request.name)
        stream.closed = True
        self.changed.ring()
        return CloseResponse(tail_index=len(stream.chunks) - 1)

    async def read(
        self, request: ReadRequest, _ctx: RequestContext, /
    ) -> AsyncIterator[ReadResponse]:
        """Sends chunks as they come, until the stream is closed."""
        if request.run_id:
            check_id("run_id", request.run_id)
        check_id("name", request.name, _MAX_NAME_LENGTH)
        stream = self._found(request)
        index = request.start_index
        if index < 0:
            index = max(0, index + (len(stream.chunks) if stream else 0))
        sent_at = now_ms()
        yield ReadResponse(next_index=index)
        while True:
            self._stopping.check()
            stream = stream or self._found(request)
            chunks = stream.after(index) if stream else []
            index += len(chunks)
            done = stream is not None and stream.closed and index >= len(stream.chunks)
            wait_ms = sent_at + _SIGN_OF_LIFE_MS - now_ms()
            if chunks or done or wait_ms <= 0:
                # The next message is made when this one is on its way: a slow reader costs no more.
                sent_at = now_ms()
                yield ReadResponse(chunks=chunks, done=done, next_index=index)
            else:
                await self.changed.wait(wait_ms / 1000)
            if done:
                return

    def _written(self, run_id: str, name: str) -> Stream:
        key = check_id("run_id", run_id), check_id("name", name, _MAX_NAME_LENGTH)
        return self._streams.setdefault(key, Stream())

    def _found(self, request: ReadRequest) -> Stream | None:
        """The stream to read, if it is there. By its name alone: the newest one."""
        if request.run_id:
            return self._streams.get((request.run_id, request.name))
        for (_, name), stream in reversed(self._streams.items()):
            if name == request.name:
                return stream
        return None
