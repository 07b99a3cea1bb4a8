"""Every call of a client: tried again where that is safe and may help, bounded, and ended when the client closes."""

from __future__ import annotations

import asyncio
import copy
import math
import time
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from connectrpc.errors import ConnectError

from worldwire.errors import WorldError
from worldwire.v1 import CAPABILITY_REQUEST_IDS

from .backoff import Backoff
from .explain import NotSentError, is_unsent, to_world_error
from .policy import QUICK_TRY_MS, MethodPolicy, new_request_id, policy_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from connectrpc.method import MethodInfo

    from worldwire.v1 import Capability, EnqueueRequest, WaitForRunRequest

    from .settings import Settings
    from .status import StatusReporter
    from .transport import Connections

LONG_POLL_MARGIN_MS = 10_000
"""What a long poll may take beyond its own timeout."""
_SUSPICIOUS_MS = 5_000
"""A call that was given less time and ran out of it says nothing of its connection."""
_MAX_TIMEOUT_MS = 9_999_999_999
"""The ten digits that the protocol allows."""

Req = TypeVar("Req")
Res = TypeVar("Res")


class AboutWorld(Protocol):
    """What calls need to know of the World."""

    async def require(self, capability: Capability) -> None:
        """Raises where the World is known not to declare the capability."""
        ...

    async def lacks(self, capability: Capability) -> bool:
        """Whether the World is known not to declare the capability."""
        ...

    async def long_poll_ms(self, request: WaitForRunRequest) -> float:
        """How long the World takes for a WaitForRun at most."""
        ...


class Caller:
    """Calls one World."""

    info: AboutWorld
    """Set before the first call."""

    def __init__(
        self, settings: Settings, connections: Connections, status: StatusReporter
    ) -> None:
        self._settings = settings
        self.connections = connections
        self._status = status
        self._slots = asyncio.Semaphore(settings.max_connections)
        self._scopes: set[asyncio.Timeout] = set()
        self.closed = False

    async def unary(
        self,
        method: MethodInfo[Req, Res],
        request: Req,
        timeout_ms: float | None,
        send: Callable[[Req, int], Awaitable[Res]],
    ) -> Res:
        """Calls `send` with the request and a deadline in milliseconds until it succeeds, or another try is no use.

        `timeout_ms` bounds all tries together.
        """
        end = math.inf if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        async with self.scope(end):
            policy = policy_of(method)
            if policy.capability is not None:
                await self.info.require(policy.capability)
            request = await self._prepare(policy, request)
            repeatable = policy.repeatable(request)
            quick_tries = policy.quick_tries(request)
            patience = await self._patience(policy, request)
            backoff = Backoff(self._settings.retry)
            while True:
                try_ms = min(patience, QUICK_TRY_MS) if quick_tries > 0 else patience
                left = min(try_ms, (end - time.monotonic()) * 1000)
                epoch = self._status.epoch
                used = self.connections.current
                try:
                    response = await self._try(request, left, send)
                except Exception as cause:  # noqa: BLE001  Whatever it is, it is explained.
                    error = to_world_error(cause)
                    unsent = is_unsent(cause)
                    late = error.code == "deadline_exceeded"
                    if late and error.reason is None and not unsent and left >= _SUSPICIOUS_MS:
                        self.connections.distrust(used)
                    self._status.failed(epoch, error)
                    if not error.retryable or not (repeatable or unsent):
                        raise error from error.__cause__
                    if late:
                        quick_tries -= 1
                    await backoff.wait(error, end)
                else:
                    self._status.up(epoch)
                    return response

    async def stream(
        self, method: MethodInfo[Req, Res], open_stream: Callable[[], AsyncIterator[Res]]
    ) -> AsyncGenerator[Res]:
        """Reads a stream, in one try. Closing the generator closes the request."""
        async with self.scope():
            policy = policy_of(method)
            if policy.capability is not None:
                await self.info.require(policy.capability)
        epoch = self._status.epoch
        begun = False
        try:
            async with aclosing(cast("AsyncGenerator[Res]", open_stream())) as messages:
                while True:
                    try:
                        # Not around the whole: while the generator is suspended, its task is somewhere else.
                        async with self.scope():
                            message = await anext(messages)
                    except StopAsyncIteration:
                        return
                    if not begun:
                        # A connection that breaks says nothing of the next one; a stream that cannot begin does.
                        self._status.up(epoch)
                        begun = True
                    yield message
        except Exception as cause:  # noqa: BLE001  Whatever it is, it is explained.
            error = to_world_error(cause)
            if not begun:
                self._status.failed(epoch, error)
            raise error from error.__cause__

    @asynccontextmanager
    async def scope(self, end: float = math.inf) -> AsyncGenerator[None]:
        """Bounds what is awaited within by `end`, in the time of `time.monotonic()`, and by the life of the client."""
        if self.closed:
            raise canceled()
        timeout = None if math.isinf(end) else end - time.monotonic()
        try:
            async with asyncio.timeout(timeout) as scope:
                self._scopes.add(scope)
                try:
                    yield
                except ConnectError as error:
                    # It may be made of the cancellation by which this scope ends.
                    raise to_world_error(error) from error
                finally:
                    self._scopes.discard(scope)
        except TimeoutError:
            raise canceled() if self.closed else deadline_exceeded() from None

    def close(self) -> None:
        """Ends every call and stream with `canceled`."""
        self.closed = True
        now = asyncio.get_running_loop().time()
        for scope in [*self._scopes]:
            if not scope.expired():
                scope.reschedule(now)

    async def _try(
        self, request: Req, left_ms: float, send: Callable[[Req, int], Awaitable[Res]]
    ) -> Res:
        """One try, the wait for its turn included."""
        end = time.monotonic() + left_ms / 1000
        try:
            async with asyncio.timeout(max(0, left_ms / 1000)):
                await self._slots.acquire()
        except TimeoutError:
            raise deadline_exceeded() from NotSentError()
        try:
            left = (end - time.monotonic()) * 1000
            if left <= 0:
                raise deadline_exceeded() from NotSentError()
            return await send(request, min(math.ceil(left), _MAX_TIMEOUT_MS))
        finally:
            self._slots.release()

    async def _prepare(self, policy: MethodPolicy, request: Req) -> Req:
        """The request as it goes out on every try.

        It has a random `request_id` where its type has one, the caller gave none, and the World is not known to take
        none. The caller's own message is not changed.
        """
        if not policy.takes_request_id or policy.repeatable(request):
            return request
        if await self.info.lacks(CAPABILITY_REQUEST_IDS):
            return request
        named = copy.deepcopy(request)
        cast("EnqueueRequest", named).request_id = new_request_id()
        return named

    async def _patience(self, policy: MethodPolicy, request: object) -> float:
        if not policy.is_long_poll:
            return self._settings.deadline_ms
        longest = await self.info.long_poll_ms(cast("WaitForRunRequest", request))
        return longest + LONG_POLL_MARGIN_MS


def canceled() -> WorldError:
    """The error of a call that ends with its client."""
    return WorldError("the client was closed", code="canceled")


def deadline_exceeded() -> WorldError:
    """The error of a call whose deadline passed here."""
    return WorldError("the deadline passed", code="deadline_exceeded")
