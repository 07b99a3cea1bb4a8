"""Payloads: opaque bytes that the World counts, keeps, and leaves out where a reader asks so."""

import copy
from typing import Any, TypeVar

from protobuf import Message, Oneof

from .errors import invalid
from .gen.worldwire.v1.common_pb import ResolveData
from .gen.worldwire.v1.event_pb import Event

M = TypeVar("M", bound=Message)

_FIELDS = ("input", "output", "result", "error", "payload", "metadata")
"""The names of all payload fields of events, runs, steps and hooks."""


def payload_bytes(message: Message) -> int:
    """How many payload bytes a record or an event's data carries."""
    size = 0
    for field in message:
        value = message[field]
        if field.name in _FIELDS:
            size += len(value.to_binary() if isinstance(value, Message) else value)
    return size


def wants_payloads(choice: ResolveData) -> bool:
    """Whether a read returns payloads."""
    if choice not in (ResolveData.UNSPECIFIED, ResolveData.ALL, ResolveData.NONE):
        raise invalid("resolve_data", "is no value that this World knows")
    return choice != ResolveData.NONE


def shown(message: M, payloads: bool) -> M:
    """A record as a reader wants it. What is kept is never changed."""
    if payloads:
        return message
    bare = copy.copy(message)
    for field in message:
        if field.name in _FIELDS:
            del bare[field]
    if isinstance(bare, Event) and bare.data is not None:
        data: Oneof[Any, Any] = bare.data
        bare.data = Oneof(data.field, shown(data.value, False))
    return bare
