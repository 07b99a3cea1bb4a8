"""The state of the World, and what a rule takes and gives."""

import asyncio
import copy
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from protobuf import Message, Oneof
from protobuf.wkt import Timestamp

from .errors import Refusal
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.event_pb import Event, NewEvent
from .gen.worldwire.v1.hook_pb import Hook
from .gen.worldwire.v1.run_pb import Run, RunStatus
from .gen.worldwire.v1.step_pb import Step
from .gen.worldwire.v1.wait_pb import Wait

M = TypeVar("M", bound=Message)

ENDED = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)


class Bell:
    """Wakes everybody who waits for a change."""

    def __init__(self) -> None:
        """Begins silent."""
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Something has changed: whoever waits looks again."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Returns at the next ring, or when the time is up."""
        # Not wait_for, which before Python 3.12 loses a cancellation that meets a ring: the call
        # of a caller who went away would go on, and be given messages.
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0, seconds)):
                await self._rung.wait()


@dataclass
class RunRecord:
    """A run, its log, and what the log makes of its entities. Records are replaced, not changed."""

    run: Run
    events: list[Event] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)
    hooks: dict[str, "LiveHook | None"] = field(default_factory=dict)
    """By every id that was ever asked for; None where the hook is not, or no longer, there."""

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self.run.status in ENDED


@dataclass(frozen=True)
class LiveHook:
    """A hook that holds its token."""

    number: int
    """The number of the event that created it."""
    hook: Hook


@dataclass
class State:
    """All that the World knows of runs. Changed in one place: where log.py commits."""

    runs: dict[str, RunRecord] = field(default_factory=dict)
    tokens: dict[str, LiveHook] = field(default_factory=dict)
    """The live hooks, by the tokens that they hold: one key cannot be held twice."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Numbers events in the order of their commit."""
    changed: Bell = field(default_factory=Bell)


@dataclass
class Stopping:
    """Whether the server stops. Live calls look at it whenever they wake."""

    now: bool = False

    def check(self) -> None:
        """Refuses to go on when the server stops."""
        if self.now:
            raise Refusal(ErrorReason.SHUTTING_DOWN, "the server is stopping: connect again")


@dataclass(frozen=True)
class Command:
    """An event to be decided."""

    run_id: str
    event: NewEvent
    spec_version: int
    at: Timestamp
    """The time of the commit."""

    @property
    def entity(self) -> str:
        """The id of the step, hook or wait that the event is about."""
        return self.event.correlation_id

    @property
    def data(self) -> Any:
        """The message that the event's oneof holds. A rule knows its type by its name."""
        return self.event.data.value if self.event.data else None


@dataclass(frozen=True)
class Change:
    """What an event brings about: events for the log, and the records after them."""

    events: tuple[Oneof[Any, Any], ...] = ()
    run: Run | None = None
    step: Step | None = None
    wait: Wait | None = None
    hook: Hook | None = None
    hook_gone: bool = False
    """Whether the hook is disposed of, or met a conflict."""


Rule = Callable[[State, Command], Change]
"""Decides an event: returns its change, or raises a Refusal. Changes nothing itself."""


def number_of(event: Event) -> int:
    """The number of an event, which orders it among all events of the World."""
    return int(event.event_id.removeprefix("evnt_"))


def given(message: Message, name: str) -> Any:
    """The value of an optional field, or None where the writer left it out."""
    return getattr(message, name) if message.has_field(name) else None


def replaced(message: M, **fields: Any) -> M:
    """A copy with other values; None unsets a field."""
    changed = copy.copy(message)
    for name, value in fields.items():
        if value is None:
            changed.clear_field(name)
        else:
            setattr(changed, name, value)
    return changed
