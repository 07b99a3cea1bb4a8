"""The HTTP connections of a client."""

from __future__ import annotations

import asyncio

import pyqwest

from .bodies import checked

_CONNECT_TIMEOUT_S = 5.0
"""A connection takes longer only where its packets are lost; the next try is then the better bet."""

_SETTLE_SECONDS = 0.05
"""What the threads of pyqwest need to drop what was cancelled.

An interpreter that ends meanwhile aborts: a thread that still asks for it is unwound through native code.
"""


class Connections:
    """A pyqwest transport whose connections can be given up all at once."""

    def __init__(self, *, http2: bool, max_idle: int) -> None:
        self._http2 = http2
        self._max_idle = max_idle
        self.current = self._open()

    def _open(self) -> pyqwest.HTTPTransport:
        return pyqwest.HTTPTransport(
            http_version=pyqwest.HTTPVersion.HTTP2 if self._http2 else pyqwest.HTTPVersion.HTTP1,
            tls_include_system_certs=True,
            connect_timeout=_CONNECT_TIMEOUT_S,
            pool_max_idle_per_host=self._max_idle,
            # Nothing is compressed, so nothing small can unpack into something large.
            enable_gzip=False,
            enable_brotli=False,
            enable_zstd=False,
            use_system_dns=True,
            follow_redirects=False,
        )

    def distrust(self, silent: pyqwest.HTTPTransport) -> None:
        """Uses none of the idle connections again.

        Where one connection was silent for long the network may have been cut, and the idle ones are as dead without
        knowing it: each would cost a later call its time.
        """
        if silent is self.current:
            self.current = self._open()

    async def execute(self, request: pyqwest.Request) -> pyqwest.Response:
        """Sends a request."""
        return checked(await self.current.execute(request))

    async def close(self) -> None:
        """Closes the connections."""
        await self.current.aclose()
        await asyncio.sleep(_SETTLE_SECONDS)
