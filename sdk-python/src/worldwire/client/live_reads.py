"""Streams and logs as they come, each item once and in order."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from worldwire.errors import WorldError
from worldwire.v1 import Event, ReadRequest, ReadResponse, WatchEventsRequest, WatchEventsResponse

from .live import Live, read_live
from .options import StreamChunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from worldwire.v1 import ResolveData

    from .caller import Caller
    from .options import RetryOptions
    from .services import Events, Streams


async def read_stream(
    caller: Caller,
    streams: Streams,
    *,
    run_id: str,
    name: str,
    start_index: int,
    retry: RetryOptions,
    idle_ms: float,
) -> AsyncGenerator[StreamChunk]:
    """Reads a stream from an index until it is closed."""
    # Negative until the World has said where such a read begins.
    due = start_index
    live = Live[ReadResponse](
        open=lambda: streams.read(ReadRequest(run_id=run_id, name=name, start_index=due)),
        has_content=lambda message: len(message.chunks) > 0 or message.done,
        end_is_complete=False,
        retry=retry,
        idle_ms=idle_ms,
    )
    async with aclosing(read_live(caller, live)) as messages:
        async for message in messages:
            if due < 0:
                due = message.chunks[0].index if message.chunks else message.next_index
            for chunk in message.chunks:
                if chunk.index < due:
                    continue
                if chunk.index > due:
                    raise _gap("chunk", due, chunk.index)
                due += 1
                yield StreamChunk(chunk.index, chunk.data)
            if message.done:
                return


async def watch_events(
    caller: Caller,
    events: Events,
    *,
    run_id: str,
    after_position: int,
    resolve_data: ResolveData,
    retry: RetryOptions,
    idle_ms: float,
) -> AsyncGenerator[Event]:
    """Reads a log after a position until the run has ended."""
    due = after_position + 1
    live = Live[WatchEventsResponse](
        open=lambda: events.watch_events(
            WatchEventsRequest(run_id=run_id, after_position=due - 1, resolve_data=resolve_data)
        ),
        has_content=lambda message: len(message.events) > 0,
        end_is_complete=True,
        retry=retry,
        idle_ms=idle_ms,
    )
    async with aclosing(read_live(caller, live)) as messages:
        async for message in messages:
            for event in message.events:
                if event.position < due:
                    continue
                if event.position > due:
                    raise _gap("event", due, event.position)
                due += 1
                yield event


def _gap(what: str, expected: int, actual: int) -> WorldError:
    return WorldError(
        f"the World left out a {what}: {actual} came where {expected} was due",
        code="data_loss",
        metadata={"expected": str(expected), "actual": str(actual)},
    )
