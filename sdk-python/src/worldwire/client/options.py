"""What callers give to a client, and what clients tell them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from worldwire.errors import WorldError

Protocol: TypeAlias = Literal["connect", "grpc", "grpc-web"]
"""How calls travel; a World speaks `connect` always, and the others usually."""

Codec: TypeAlias = Literal["proto", "json"]
"""How messages are written; `json` is for looking at the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOptions:
    """How calls that failed are tried again. Only retryable errors are, and always with the same request."""

    budget_ms: float = 300_000
    """How long a call, or a broken live read, is tried again, in milliseconds from its first failure.

    For a live read it is the first since it last made progress. 0 turns retries off. Five minutes outlast a restart or
    a network cut.
    """
    initial_delay_ms: float = 50
    """The upper bound of the first random delay, in milliseconds; it doubles with every try."""
    max_delay_ms: float = 2_000
    """The upper bound of every random delay, in milliseconds. Two seconds notice the end of an outage soon."""


RECONNECT = RetryOptions(budget_ms=math.inf, max_delay_ms=5_000)
"""For ever, and soon back: an application without its consumer does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """Whether the World can be reached."""

    state: Literal["connected", "disconnected"]
    since: datetime
    """When this state began; aware, in UTC."""
    error: WorldError | None = None
    """What broke the connection; only when disconnected."""


class WorldClientOptions(TypedDict, total=False):
    """Where the World is, and how it is called."""

    url: str | None
    """The World's address. Default: `WORLDWIRE_URL`, else `http://127.0.0.1:7420`."""
    token: str | None
    """The bearer token. Default: `WORLDWIRE_TOKEN`, else none."""
    project: str | None
    """The project. Default: `WORLDWIRE_PROJECT`, else `default`."""
    protocol: Protocol
    """How calls travel. Default `connect`."""
    codec: Codec
    """How messages are written. Default `proto`."""
    deadline_ms: float
    """The deadline of one try of a unary call, in milliseconds. Default 30,000.

    Where a call can be repeated, its first two tries get 10,000 at most, since what is not answered by then is rather
    lost than slow. WaitForRun gets its own timeout and a margin instead. The `timeout_ms` of a call bounds all its
    tries together.
    """
    retry: RetryOptions
    """How calls that failed are tried again."""
    idle_ms: float
    """A live stream on which nothing arrives for this long, not even a sign of life, is taken as cut.

    In milliseconds. Default 15,000, three times a World's usual interval between signs of life.
    """
    max_connections: int
    """How many unary calls may be on the wire at a time; more wait. Default 64. Live streams do not count."""
    on_status: Callable[[ConnectionStatus], None] | None
    """Called once when the World goes away and once when it is back.

    Default: one warning of the logger `worldwire` each.
    """


@dataclass(frozen=True, slots=True)
class StreamChunk:
    """A chunk of a stream."""

    index: int
    """Its place in the stream, from 0."""
    data: bytes


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Where a write landed."""

    tail_index: int
    """The index of the stream's last chunk; -1 where it is empty."""
    was_closed: bool
    """Whether the stream was closed before, so that chunks of this write were discarded."""


@dataclass(frozen=True, slots=True)
class Ack:
    """The outcome of a delivery that is done."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The outcome of a delivery that is to come again."""

    after_ms: float | None = None
    """Not before this many milliseconds; 0 means at once, None after the queue's own backoff."""
    error: str = field(default="", kw_only=True)
    """Why, where it failed."""


DeliveryOutcome: TypeAlias = Ack | Retry
"""What a handler made of a delivery."""
