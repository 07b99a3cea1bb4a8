"""The generated service clients for callers without an event loop, over those for callers with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from connectrpc.client import ConnectClientSync

from worldwire.v1.event_connect import EventServiceClientSync
from worldwire.v1.hook_connect import HookServiceClientSync
from worldwire.v1.key_connect import KeyServiceClientSync
from worldwire.v1.queue_connect import QueueServiceClientSync
from worldwire.v1.run_connect import RunServiceClientSync
from worldwire.v1.step_connect import StepServiceClientSync
from worldwire.v1.stream_connect import StreamServiceClientSync
from worldwire.v1.wait_connect import WaitServiceClientSync
from worldwire.v1.world_connect import WorldServiceClientSync

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from connectrpc.method import MethodInfo
    from connectrpc.request import Headers

    from worldwire.client.services import ServiceClient

    from .portal import Portal

Req = TypeVar("Req")
Res = TypeVar("Res")


class ServiceClientSync(ConnectClientSync):
    """Calls one service. `timeout_ms` bounds all tries of a call together; streams are one try each."""

    def __init__(self, portal: Portal, service: ServiceClient) -> None:
        # Not the base's: it would open connections of its own.
        self._portal = portal
        self._service = service

    def execute_unary(
        self,
        *,
        request: Req,
        method: MethodInfo[Req, Res],
        headers: Headers | Mapping[str, str] | None = None,
        timeout_ms: int | None = None,
        use_get: bool = False,
    ) -> Res:
        """Calls a method, and again where that is safe and may help."""
        return self._portal.run(
            self._service.execute_unary(
                request=request,
                method=method,
                headers=headers,
                timeout_ms=timeout_ms,
                use_get=use_get,
            )
        )

    def execute_server_stream(
        self,
        *,
        request: Req,
        method: MethodInfo[Req, Res],
        headers: Headers | Mapping[str, str] | None = None,
        timeout_ms: int | None = None,
    ) -> Iterator[Res]:
        """Reads a stream in one try."""
        messages = self._service.execute_server_stream(
            request=request, method=method, headers=headers, timeout_ms=timeout_ms
        )
        return self._portal.iterate(cast("AsyncGenerator[Res]", messages))


class WorldSync(ServiceClientSync, WorldServiceClientSync):
    """`worldwire.v1.WorldService`."""


class EventsSync(ServiceClientSync, EventServiceClientSync):
    """`worldwire.v1.EventService`."""


class RunsSync(ServiceClientSync, RunServiceClientSync):
    """`worldwire.v1.RunService`."""


class StepsSync(ServiceClientSync, StepServiceClientSync):
    """`worldwire.v1.StepService`."""


class HooksSync(ServiceClientSync, HookServiceClientSync):
    """`worldwire.v1.HookService`."""


class WaitsSync(ServiceClientSync, WaitServiceClientSync):
    """`worldwire.v1.WaitService`."""


class QueueSync(ServiceClientSync, QueueServiceClientSync):
    """`worldwire.v1.QueueService`."""


class StreamsSync(ServiceClientSync, StreamServiceClientSync):
    """`worldwire.v1.StreamService`. `close` closes a stream."""

    close = StreamServiceClientSync.close


class KeysSync(ServiceClientSync, KeyServiceClientSync):
    """`worldwire.v1.KeyService`."""
