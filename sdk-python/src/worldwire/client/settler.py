"""Gathers settlements into few calls."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from worldwire.v1 import Settlement, SettleRequest

from .explain import to_world_error

if TYPE_CHECKING:
    from worldwire.errors import WorldError

    from .services import Queue

MAX_SETTLEMENTS = 1000
"""The protocol's bound on the settlements of one call."""


class Settler:
    """Gathers the settlements of a turn of the loop, and those that come while a call is under way, into one Settle.

    What waits is bounded by the deliveries that the World has handed out.
    """

    def __init__(self, queue: Queue, timeout_ms: float) -> None:
        """After `timeout_ms` a lease is gone, and with it the use of settling it."""
        self._queue = queue
        self._timeout_ms = round(timeout_ms)
        self._waiting: deque[tuple[Settlement, asyncio.Future[bool | WorldError]]] = deque()
        self._running: asyncio.Task[None] | None = None

    def add(self, settlement: Settlement) -> asyncio.Future[bool | WorldError]:
        """The future tells whether the lease was held, or why that is not known. It never fails."""
        done: asyncio.Future[bool | WorldError] = asyncio.get_running_loop().create_future()
        self._waiting.append((settlement, done))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return done

    async def when_idle(self) -> None:
        """Waits until nothing waits."""
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        while self._waiting:
            batch = [
                self._waiting.popleft() for _ in range(min(MAX_SETTLEMENTS, len(self._waiting)))
            ]
            try:
                response = await self._queue.settle(
                    SettleRequest(settlements=[settlement for settlement, _ in batch]),
                    timeout_ms=self._timeout_ms,
                )
                results = [result.settled for result in response.results]
                outcomes = [*results, *[False] * (len(batch) - len(results))]
                for (_, done), settled in zip(batch, outcomes, strict=False):
                    _tell(done, settled)
            except Exception as cause:  # noqa: BLE001  Whatever it is, it is explained.
                error = to_world_error(cause)
                for _, done in batch:
                    _tell(done, error)
        self._running = None


def _tell(done: asyncio.Future[bool | WorldError], outcome: bool | WorldError) -> None:
    if not done.done():
        done.set_result(outcome)
