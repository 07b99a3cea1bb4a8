"""Request bodies that nobody reads to their end, because the request is refused before."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

_PATIENCE_S = 2.0


class Body:
    """A request's body. Passed on as it is; what is left of it is thrown away before an answer.

    A server that answers over an unread body has to cut the connection, and the caller, still
    sending, would see the cut and not the answer.
    """

    def __init__(
        self, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Takes both ends of an ASGI request."""
        self._receive = receive
        self._send = send
        self._ended = False

    async def receive(self) -> Any:
        """ASGI's receive."""
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        return message

    async def send(self, message: Any) -> None:
        """ASGI's send."""
        with suppress(TimeoutError):
            while message["type"] == "http.response.start" and not self._ended:
                async with asyncio.timeout(_PATIENCE_S):
                    await self.receive()
        await self._send(message)
