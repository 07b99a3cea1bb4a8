"""Deliveries for handlers that block, each in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, TypeAlias

from worldwire.client.options import DeliveryOutcome
from worldwire.v1 import Delivery

if TYPE_CHECKING:
    from types import TracebackType

    from worldwire.client.consumer import Consumer, DeliveryContext
    from worldwire.errors import WorldError

    from .portal import Portal


class DeliveryContextSync:
    """What a handler is told beside its delivery."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        """Set when the lease is lost or the consumer stops: what the handler makes of the delivery no longer counts."""
        self.error: WorldError | None = None
        """Why it has ended; a LeaseLostError where the lease was lost."""


HandlerSync: TypeAlias = Callable[[Delivery, DeliveryContextSync], DeliveryOutcome]
"""Executes one delivery. An exception sends it back with the queue's backoff and the exception's text."""


class ThreadedHandler:
    """Runs a handler that blocks in threads of its own."""

    def __init__(self, handler: HandlerSync, threads: int) -> None:
        self._handler = handler
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="worldwire-consumer")

    async def __call__(self, delivery: Delivery, context: DeliveryContext) -> DeliveryOutcome:
        """Executes one delivery."""
        told = DeliveryContextSync()
        watching = asyncio.create_task(_tell(context, told))
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._handler, delivery, told)
        finally:
            watching.cancel()

    def close(self) -> None:
        """Starts nothing any more. A thread cannot be stopped: one that is still running runs to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _tell(context: DeliveryContext, told: DeliveryContextSync) -> None:
    await context.ended.wait()
    told.error = context.error
    told.ended.set()


class ConsumerSync:
    """A running consumer. As a context manager it stops at the end of its block."""

    def __init__(self, portal: Portal, consumer: Consumer, handler: ThreadedHandler) -> None:
        self._portal = portal
        self._consumer = consumer
        self._handler = handler

    def stop(self) -> None:
        """Stops receiving, waits for running handlers, and sends back what is not finished after the grace.

        A second call waits for the first one.
        """
        self._portal.run(self._consumer.stop())
        self._handler.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
