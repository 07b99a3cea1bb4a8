"""What a client knows of a call before it makes it, and decides after it failed. Pure, and shared by every client."""

from __future__ import annotations

import functools
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectrpc.method import IdempotencyLevel, MethodInfo

from worldwire.protocol import METHOD_CAPABILITIES

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from worldwire.v1 import Capability

_IDEMPOTENT = frozenset(
    {
        "worldwire.v1.StreamService/Close",
        "worldwire.v1.QueueService/Settle",
        "worldwire.v1.QueueService/WakeRuns",
    }
)
"""Methods that change something, take no request_id, and still may be repeated.

A second close, settlement or wake finds nothing left to do. ReviveMessages and DeletePushEndpoint are not among them:
their second outcome differs.
"""

_APPEND = "worldwire.v1.StreamService/Append"
_WAIT = "worldwire.v1.RunService/WaitForRun"
_SETTLE = "worldwire.v1.QueueService/Settle"

QUICK_TRY_MS = 10_000
"""A try that is not answered by now was rather lost, with its connection, than is slow."""
QUICK_TRIES = 2
"""So that a try that began on a lost connection may find a second one; then patience, for a call may be slow."""


@dataclass(frozen=True, slots=True)
class MethodPolicy:
    """What is known of a method."""

    name: str
    """As in `worldwire.v1.RunService/GetRun`."""
    takes_request_id: bool
    """Whether the request has a `request_id`, which makes every try return the first outcome."""
    capability: Capability | None
    """What the World must declare for the method to exist."""
    always: bool
    """Whether it may be repeated whatever the request holds."""

    @property
    def is_long_poll(self) -> bool:
        """Whether the call takes as long as its request says."""
        return self.name == _WAIT

    def repeatable(self, request: object) -> bool:
        """Whether a try whose fate is unknown may be followed by another."""
        if self.name == _APPEND:
            # It lands once by its writer and sequence; without them a second one would land again.
            return bool(getattr(request, "writer_id", ""))
        if self.takes_request_id:
            return bool(getattr(request, "request_id", ""))
        return self.always

    def quick_tries(self, request: object) -> float:
        """How many tries are given up early. A settlement is small, and its lease runs out: it never waits longer."""
        if self.is_long_poll or not self.repeatable(request):
            return 0
        return float("inf") if self.name == _SETTLE else QUICK_TRIES


def policy_of(method: MethodInfo[Any, Any]) -> MethodPolicy:
    """Returns the policy of a method."""
    request: type[Message] = method.input
    return _policy(method.service_name, method.name, request, method.idempotency_level)


@functools.cache
def _policy(
    service: str, method: str, request: type[Message], level: IdempotencyLevel
) -> MethodPolicy:
    name = f"{service}/{method}"
    field = request.DESCRIPTOR.fields_by_name.get("request_id")
    return MethodPolicy(
        name=name,
        takes_request_id=field is not None and field.type == field.TYPE_STRING,
        capability=METHOD_CAPABILITIES.get(name),
        always=name in _IDEMPOTENT
        or level in (IdempotencyLevel.NO_SIDE_EFFECTS, IdempotencyLevel.IDEMPOTENT),
    )


def new_request_id() -> str:
    """Unique, and behind the ids made before it.

    A store that keeps them in order writes those of one moment together.
    """
    return f"{time.time_ns() // 1_000_000:x}-{uuid.uuid4()}"
