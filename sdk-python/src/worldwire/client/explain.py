"""What a failure of a call means: turns what the RPC library raises into a WorldError. Pure."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pyqwest
from connectrpc.errors import ConnectError
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo

from worldwire.errors import WorldError
from worldwire.protocol import ERROR_DOMAIN

if TYPE_CHECKING:
    from datetime import timedelta

_LOST = (OSError, pyqwest.ReadError, pyqwest.WriteError, pyqwest.RemoteProtocolError)
"""What connections raise that cannot be made, or that break."""


def to_world_error(error: Exception) -> WorldError:
    """Turns anything raised by a call into a WorldError; one that is a WorldError already is returned as it is.

    Raises asyncio.CancelledError where the RPC library made an error of the cancellation of its task.
    """
    if isinstance(error, WorldError):
        return error
    if not isinstance(error, ConnectError):
        made = WorldError.of(str(error) or type(error).__name__, code="internal")
        made.__cause__ = error
        return made
    if isinstance(error.__cause__, asyncio.CancelledError):
        raise error.__cause__
    info = _info(error)
    made = WorldError.of(
        error.message,
        code=_code(error) if info is None else error.code.value,
        reason=None if info is None else info.reason,
        metadata=None if info is None else dict(info.metadata),
        retry_delay=_retry_delay(error),
    )
    made.__cause__ = error
    return made


class NotSentError(Exception):
    """The cause of a failure before anything was sent."""


def is_unsent(error: BaseException | None) -> bool:
    """Whether the call that failed with this error cannot have reached the server.

    A plain ConnectionError is that of a connection which could not be made: those that break raise pyqwest's own.
    """
    while error is not None:
        if (
            isinstance(error, NotSentError | pyqwest.ConnectTimeout)
            or type(error) is ConnectionError
        ):
            return True
        error = error.__cause__
    return False


def _code(error: ConnectError) -> str:
    """The code of an error that the World did not explain.

    The RPC library takes every fault for `unavailable`, that of a request which cannot be written too; only one of the
    connection is.
    """
    cause = error.__cause__
    if cause is None:
        return error.code.value
    if isinstance(cause, _LOST) and not _is_deadline(cause):
        return "unavailable"
    if error.code.value == "unavailable":
        return "internal"
    return error.code.value


def _is_deadline(cause: BaseException) -> bool:
    """TimeoutError is an OSError; that of a connection which could not be made in time is a lost one all the same."""
    return isinstance(cause, TimeoutError) and not isinstance(cause, ConnectionError)


def _info(error: ConnectError) -> ErrorInfo | None:
    for detail in error.details:
        if detail.type_name != ErrorInfo.DESCRIPTOR.full_name:
            continue
        info = ErrorInfo()
        if _parse(info, detail.message_bytes) and info.domain == ERROR_DOMAIN:
            return info
    return None


def _retry_delay(error: ConnectError) -> timedelta | None:
    for detail in error.details:
        if detail.type_name != RetryInfo.DESCRIPTOR.full_name:
            continue
        retry = RetryInfo()
        if _parse(retry, detail.message_bytes) and retry.HasField("retry_delay"):
            return retry.retry_delay.ToTimedelta()
    return None


def _parse(message: Message, data: bytes) -> bool:
    try:
        message.ParseFromString(data)
    except DecodeError:
        return False
    return True
