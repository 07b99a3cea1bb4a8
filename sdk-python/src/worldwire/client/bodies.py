"""Bodies of responses that end with an error where they were cut, or are larger than any message of a World."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqwest
from connectrpc.code import Code
from connectrpc.errors import ConnectError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    Piece = bytes | bytearray | memoryview

MAX_MESSAGE_BYTES = 512 * 1024 * 1024
"""No record of a World comes near; beyond it, what answers is not one."""

_HEADER_BYTES = 5
_END_OF_STREAM = 0b10


def checked(response: pyqwest.Response) -> pyqwest.Response:
    """Returns the response with a body that ends with an error where something is wrong with it."""
    kind = response.headers.get("content-type") or ""
    if response.status == 200 and kind.startswith("application/connect+"):
        return _with_content(response, _whole_stream(response))
    # gRPC has its own way of telling, and a length that was announced is kept to by the HTTP library.
    if kind.startswith("application/grpc") or _announced_length(response) <= MAX_MESSAGE_BYTES:
        return response
    return _with_content(response, _bounded(response))


def _announced_length(response: pyqwest.Response) -> float:
    length = response.headers.get("content-length") or ""
    return int(length) if length.isdecimal() else float("inf")


def _with_content(response: pyqwest.Response, content: AsyncGenerator[Piece]) -> pyqwest.Response:
    return pyqwest.Response(
        status=response.status,
        http_version=response.http_version,
        headers=response.headers,
        content=content,
    )


async def _bounded(response: pyqwest.Response) -> AsyncGenerator[Piece]:
    size = 0
    async with response:
        async for piece in response.content:
            size += len(piece)
            if size > MAX_MESSAGE_BYTES:
                raise ConnectError(Code.RESOURCE_EXHAUSTED, "the response is too large")
            yield piece


async def _whole_stream(response: pyqwest.Response) -> AsyncGenerator[Piece]:
    """Follows the envelopes of a stream in Connect's protocol, whose last one says that it is the last."""
    progress = EnvelopeProgress()
    async with response:
        async for piece in response.content:
            progress.feed(piece)
            yield piece
    if not progress.ended:
        raise pyqwest.ReadError("the response ended before its end")


class EnvelopeProgress:
    """Follows a stream of envelopes, each a byte of flags, four bytes of length and the data, without keeping it."""

    def __init__(self) -> None:
        self.ended = False
        """Whether the message that ends the stream was there to its last byte."""
        self._header = bytearray()
        self._left = 0

    def feed(self, piece: Piece) -> None:
        """Takes the next bytes."""
        at = 0
        while at < len(piece):
            if len(self._header) < _HEADER_BYTES:
                taken = piece[at : at + _HEADER_BYTES - len(self._header)]
                self._header += taken
                at += len(taken)
                if len(self._header) < _HEADER_BYTES:
                    return
                self._left = int.from_bytes(self._header[1:], "big")
            skipped = min(self._left, len(piece) - at)
            at += skipped
            self._left -= skipped
            if self._left == 0:
                self.ended = bool(self._header[0] & _END_OF_STREAM)
                self._header.clear()
