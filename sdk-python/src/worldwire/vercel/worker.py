"""Pulls deliveries for the handlers of this process."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import TYPE_CHECKING

from worldwire.errors import WorldError
from worldwire.v1 import queue_pb2

from .delivery import deliver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from vercel.workflow._internal import world as w

    from worldwire import Consumer, DeliveryOutcome

    from .connection import Connection

_GRACE_MS = 10_000
"""How long handlers may go on after the end of the block."""
_FIRST_WAIT = 0.5
_MAX_WAIT = 5.0

_log = logging.getLogger("worldwire.vercel")


class Worker:
    """Takes messages from the World and gives them to handlers, one consumer for each prefix."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        handlers: Mapping[str, w.QueueHandler],
    ) -> None:
        self._connect = connect
        self._handlers = handlers
        self._consumers: dict[str, Consumer] = {}
        self._attaching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Takes work from now on, as soon as the World answers. Call it again when a handler was added."""
        if self._attaching is None or self._attaching.done():
            self._attaching = asyncio.create_task(self._attach())

    async def stop(self) -> None:
        """Takes no more work, lets handlers finish for a moment, and sends back what is not finished."""
        if self._attaching is not None:
            self._attaching.cancel()
            await asyncio.gather(self._attaching, return_exceptions=True)
        consumers, self._consumers = self._consumers, {}
        await asyncio.gather(*(consumer.stop() for consumer in consumers.values()))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _attach(self) -> None:
        connection = await self._connected()
        for prefix in [one for one in self._handlers if one not in self._consumers]:
            self._consumers[prefix] = self._consume(connection, prefix)

    async def _connected(self) -> Connection:
        wait = _FIRST_WAIT
        while True:
            try:
                return await self._connect()
            except Exception as error:  # noqa: BLE001  A worker that gave up would do nothing, in silence.
                _log.warning("cannot take work yet: %s", error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _MAX_WAIT)

    def _consume(self, connection: Connection, prefix: str) -> Consumer:
        config = connection.config

        async def handle(delivery: queue_pb2.Delivery, _: object) -> DeliveryOutcome:
            return await deliver(connection, self._handlers, delivery)

        def attached() -> None:
            task = asyncio.create_task(self._wake(connection, prefix))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return connection.client.consume(
            handle,
            queue_prefixes=[prefix],
            deployment_id=config.deployment_id,
            environment=config.environment or "",
            consumer_id=f"{socket.gethostname()}:{os.getpid()}",
            max_in_flight=config.concurrency,
            grace_ms=_GRACE_MS,
            on_attached=attached,
        )

    async def _wake(self, connection: Connection, prefix: str) -> None:
        """A crash between a write and its message leaves a run that nothing wakes."""
        request = queue_pb2.WakeRunsRequest(
            queue_prefix=prefix, deployment_id=connection.config.deployment_id
        )
        try:
            await connection.client.queue.wake_runs(request)
        except WorldError as error:
            _log.warning("active runs were not woken: %s", error)
