"""Receives deliveries until stopped, through every loss of the connection."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Required, Self, TypeAlias, TypedDict

from worldwire import v1
from worldwire.errors import LeaseLostError, WorldError

from .explain import to_world_error
from .live import Live, read_live
from .options import RECONNECT, Ack, DeliveryOutcome, Retry
from .settler import Settler
from .status import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    from .caller import Caller
    from .services import Queue

LAST_SETTLE_MS = 5_000
"""How long a stop waits for its last settlements; what is lost is delivered again when its lease ends."""
MAX_ERROR_BYTES = 2048
"""Error texts are for the list of dead messages, not for storage."""


class DeliveryContext:
    """What a handler is told beside its delivery."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        """Set when the lease is lost or the consumer stops: what the handler makes of the delivery no longer counts."""
        self.error: WorldError | None = None
        """Why it has ended; a LeaseLostError where the lease was lost."""

    def end(self, error: WorldError) -> None:
        """Ends it."""
        self.error = error
        self.ended.set()


Handler: TypeAlias = "Callable[[v1.Delivery, DeliveryContext], Awaitable[DeliveryOutcome]]"
"""Executes one delivery. An exception sends it back with the queue's backoff and the exception's text."""


class ConsumeOptions(TypedDict, total=False):
    """What is consumed, and by whom."""

    queue_prefixes: Required[Sequence[str]]
    """A queue is received from if its name starts with one of these."""
    deployment_id: str
    """Receives messages of this deployment, and those of none."""
    environment: str
    consumer_id: str
    """Names the consumer in the World's logs."""
    max_in_flight: int
    """How many handlers run at a time. Default 100."""
    lease_ms: float
    """How long a delivery stays leased without contact, in milliseconds; extended at a third. Default 30,000."""
    grace_ms: float
    """How long a stop waits for handlers, in milliseconds. Default 10,000."""
    on_attached: Callable[[], None] | None
    """Called at every attachment, the first and those after a lost connection."""
    on_error: Callable[[WorldError], None] | None
    """Called once for each kind of error until the next attachment, and for settlements that were given up.

    Lost connections are not among them: `on_status` tells of those. Default: a warning of the logger `worldwire`.
    """


@dataclass(slots=True)
class _Held:
    """A delivery whose lease is believed to be held."""

    delivery: v1.Delivery
    context: DeliveryContext = field(default_factory=DeliveryContext)
    started: bool = False


class Consumer:
    """A running consumer. As a context manager it stops at the end of its block."""

    def __init__(
        self,
        caller: Caller,
        queue: Queue,
        handler: Handler,
        options: ConsumeOptions,
        idle_ms: float,
    ) -> None:
        self._caller = caller
        self._queue = queue
        self._handler = handler
        self._options = options
        self._idle_ms = idle_ms
        self._lease_ms = options.get("lease_ms", 30_000)
        self._lease = timedelta(milliseconds=round(self._lease_ms))
        self._max_in_flight = options.get("max_in_flight", 100) or 100
        self._settler = Settler(queue, self._lease_ms)
        self._held: dict[str, _Held] = {}
        self._handlers: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(self._max_in_flight)
        self._instance_id = str(uuid.uuid4())
        """Its own, the same in every attachment: the World then knows at once that the one before is lost."""
        self._extension: asyncio.Task[None] | None = None
        self._extend_again = False
        self._last_error = ""
        self._stopped: asyncio.Task[None] | None = None
        self._receiver = asyncio.create_task(self._receive())
        self._extender = asyncio.create_task(self._extend_regularly())

    async def stop(self) -> None:
        """Stops receiving, waits for running handlers, and sends back what is not finished after the grace.

        Handlers that are still running then are cancelled. Never raises; a second call waits for the first one.
        """
        if self._stopped is None:
            self._stopped = asyncio.create_task(self._stop())
        await asyncio.shield(self._stopped)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _receive(self) -> None:
        """Receives until stopped. Takes the next message only when every delivery of the last one has begun."""
        options = self._options
        request = v1.ReceiveRequest(
            queue_prefixes=options["queue_prefixes"],
            deployment_id=options.get("deployment_id", ""),
            environment=options.get("environment", ""),
            consumer_id=options.get("consumer_id", ""),
            instance_id=self._instance_id,
            max_in_flight=self._max_in_flight,
            lease=self._lease,
        )
        live = Live[v1.ReceiveResponse](
            open=lambda: self._queue.receive(request),
            has_content=lambda message: len(message.deliveries) > 0,
            end_is_complete=False,
            retry=RECONNECT,
            idle_ms=self._idle_ms,
            goes_on=lambda _: True,
            on_attached=self._attached,
            on_cut=self._cut,
        )
        try:
            async with aclosing(read_live(self._caller, live)) as messages:
                async for message in messages:
                    for delivery in message.deliveries:
                        self._held[delivery.lease_id] = _Held(delivery)
                    for delivery in message.deliveries:
                        await self._start(delivery.lease_id)
        except WorldError as error:
            # A closed client settles nothing any more; without a stop, the World's leases run out.
            self._extender.cancel()
            if not self._caller.closed:
                self._report(error)

    def _attached(self) -> None:
        self._last_error = ""
        # The World has taken back what the attachment before held.
        self._extend_all()
        tell = self._options.get("on_attached")
        if tell is None:
            return
        try:
            tell()
        except Exception as error:  # noqa: BLE001  The caller's own; receiving goes on.
            self._report(to_world_error(error))

    def _cut(self, error: WorldError) -> None:
        """The World redelivers what a lost consumer held, unless the consumer soon says that it still works on it."""
        if error.code != "unavailable":
            self._report(error)
        self._extend_all()

    async def _start(self, lease_id: str) -> None:
        """Begins one delivery as soon as there is room."""
        await self._room.acquire()
        held = self._held.get(lease_id)
        if held is None:
            # Lost while it waited.
            self._room.release()
            return
        held.started = True
        task = asyncio.create_task(self._handle(lease_id, held))
        self._handlers.add(task)
        task.add_done_callback(self._handled)

    def _handled(self, task: asyncio.Task[None]) -> None:
        self._handlers.discard(task)
        self._room.release()

    async def _handle(self, lease_id: str, held: _Held) -> None:
        try:
            outcome = await self._handler(held.delivery, held.context)
        except Exception as error:  # noqa: BLE001  The handler's own; the delivery comes again.
            outcome = Retry(error=f"{type(error).__name__}: {error}")
        # Only what is still held can be settled.
        if self._held.pop(lease_id, None) is not None:
            self._settle(settlement(lease_id, outcome))

    def _settle(self, what: v1.Settlement) -> None:
        self._settler.add(what).add_done_callback(self._settled)

    def _settled(self, done: asyncio.Future[bool | WorldError]) -> None:
        outcome = done.result()
        if isinstance(outcome, WorldError):
            self._report(outcome)

    async def _extend_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            self._extend_all()

    def _extend_all(self) -> None:
        """Prolongs every held lease; the handlers of those that are lost are told."""
        self._extend_again = True
        if self._extension is None:
            self._extension = asyncio.create_task(self._extend())

    async def _extend(self) -> None:
        try:
            while self._extend_again:
                self._extend_again = False
                await asyncio.gather(*[self._extend_one(lease_id) for lease_id in self._held])
        finally:
            self._extension = None

    async def _extend_one(self, lease_id: str) -> None:
        extend = v1.Extend(lease=self._lease)
        settled = await self._settler.add(v1.Settlement(lease_id=lease_id, extend=extend))
        if settled is not False:
            return
        held = self._held.pop(lease_id, None)
        if held is not None:
            held.context.end(LeaseLostError("the lease was lost", metadata={"lease_id": lease_id}))

    def _report(self, error: WorldError) -> None:
        """Reports an error, once in a row."""
        kind = f"{error.code} {error.reason} {error.message}"
        if kind == self._last_error:
            return
        self._last_error = kind
        tell = self._options.get("on_error")
        if tell is not None:
            tell(error)
        else:
            logger.warning("the consumer's call failed: %s", error)

    async def _stop(self) -> None:
        self._receiver.cancel()
        await asyncio.wait([self._receiver])
        for lease_id in [lease_id for lease_id, held in self._held.items() if not held.started]:
            self._release(lease_id)
        self._extend_all()
        if self._handlers:
            grace_ms = self._options.get("grace_ms", 10_000)
            await asyncio.wait(self._handlers, timeout=grace_ms / 1000)
        self._extender.cancel()
        reason = WorldError("the consumer stops", code="canceled")
        for lease_id, held in [*self._held.items()]:
            held.context.end(reason)
            self._release(lease_id)
        for task in self._handlers:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SETTLE_MS / 1000):
                await self._settler.when_idle()
                if self._handlers:
                    await asyncio.wait(self._handlers)

    def _release(self, lease_id: str) -> None:
        """Sends a delivery back to be had by another consumer at once."""
        self._held.pop(lease_id, None)
        self._settle(settlement(lease_id, Retry(0)))


def settlement(lease_id: str, outcome: DeliveryOutcome) -> v1.Settlement:
    """What is told to the World of an outcome."""
    if isinstance(outcome, Ack):
        return v1.Settlement(lease_id=lease_id, ack=v1.Ack())
    retry = v1.Retry(error=_beginning(outcome.error))
    if outcome.after_ms is not None:
        # In whole milliseconds; zero is not the same as unset.
        retry.delay.FromMilliseconds(max(0, round(outcome.after_ms)))
        retry.delay.SetInParent()
    return v1.Settlement(lease_id=lease_id, retry=retry)


def _beginning(text: str) -> str:
    """The beginning of a text, in whole characters."""
    # A lone surrogate has no form in UTF-8.
    data = text.encode("utf-8", "replace")
    return data[:MAX_ERROR_BYTES].decode("utf-8", "ignore")
