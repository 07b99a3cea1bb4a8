"""Reads that go on through every loss of the connection."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from worldwire.errors import WorldError

from .backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from .caller import Caller
    from .options import RetryOptions

ATTACH_MS = 10_000
"""A World says at once that a read is attached; one that has not by now got the request, or can answer, no more."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Live(Generic[T]):
    """How something is read live."""

    open: Callable[[], AsyncIterator[T]]
    """Begins a read where the last one ended."""
    has_content: Callable[[T], bool]
    """Whether a message brings anything, or is a sign of life."""
    end_is_complete: bool
    """Whether a read that ends without an error is complete; otherwise it was cut."""
    retry: RetryOptions
    idle_ms: float
    """Silence for this long is a cut, in milliseconds."""
    goes_on: Callable[[WorldError], bool] = lambda error: error.retryable
    """Whether the read goes on after an error."""
    on_attached: Callable[[], None] | None = None
    """The first message of a read has come."""
    on_cut: Callable[[WorldError], None] | None = None
    """A read broke, and will be begun again after a delay."""


async def read_live(caller: Caller, live: Live[T]) -> AsyncGenerator[T]:
    """Reads message by message, and as slowly as it is pulled.

    The retry budget and the delay begin anew with progress, which the first empty message of a read is not: a server
    that only ever accepts and breaks is given up in the end.
    """
    backoff = Backoff(live.retry)
    while True:
        try:
            async with aclosing(cast("AsyncGenerator[T]", live.open())) as reader:
                attached = False
                while True:
                    patience = live.idle_ms if attached else min(live.idle_ms, ATTACH_MS)
                    try:
                        message = await _next_within(caller, reader, patience)
                    except StopAsyncIteration:
                        if live.end_is_complete:
                            return
                        raise _cut("the World ended a live read early") from None
                    if attached or live.has_content(message):
                        backoff.reset()
                    if not attached and live.on_attached is not None:
                        live.on_attached()
                    attached = True
                    yield message
        except WorldError as error:
            if caller.closed or not live.goes_on(error):
                raise
            if live.on_cut is not None:
                live.on_cut(error)
            async with caller.scope():
                await backoff.wait(error)


async def _next_within(caller: Caller, reader: AsyncGenerator[T], patience_ms: float) -> T:
    """Reads the next message, and ends the read where none comes in time."""
    used = caller.connections.current
    try:
        async with asyncio.timeout(patience_ms / 1000):
            return await anext(reader)
    except TimeoutError:
        caller.connections.distrust(used)
        raise _cut(f"nothing was received for {patience_ms:g} ms") from None


def _cut(message: str) -> WorldError:
    return WorldError(message, code="unavailable")
