"""The generated service clients, with every call made by a Caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, TypeVar

from connectrpc.client import ConnectClient
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.protocol import ProtocolType
from pyqwest import Client

from worldwire.v1 import GetWorldRequest, GetWorldResponse
from worldwire.v1.event_connect import EventServiceClient
from worldwire.v1.hook_connect import HookServiceClient
from worldwire.v1.key_connect import KeyServiceClient
from worldwire.v1.queue_connect import QueueServiceClient
from worldwire.v1.run_connect import RunServiceClient
from worldwire.v1.step_connect import StepServiceClient
from worldwire.v1.stream_connect import StreamServiceClient
from worldwire.v1.wait_connect import WaitServiceClient
from worldwire.v1.world_connect import WorldServiceClient

from .bodies import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from connectrpc.codec import Codec as ConnectCodec
    from connectrpc.method import MethodInfo
    from connectrpc.request import Headers

    from .caller import Caller
    from .settings import Settings
    from .transport import Connections

Req = TypeVar("Req")
Res = TypeVar("Res")

_QUICK_DEADLINE_MS = 5_000
"""For the one try of a GetWorld on whose answer another call waits."""

_PROTOCOLS = {
    "connect": ProtocolType.CONNECT,
    "grpc": ProtocolType.GRPC,
    "grpc-web": ProtocolType.GRPC_WEB,
}


class _Options(TypedDict):
    codec: ConnectCodec
    protocol: ProtocolType
    accept_compression: tuple[()]
    send_compression: None
    read_max_bytes: int
    http_client: Client


def _options(settings: Settings, connections: Connections) -> _Options:
    json = settings.codec == "json"
    return {
        "codec": google_protobuf_json_codec() if json else google_protobuf_binary_codec(),
        "protocol": _PROTOCOLS[settings.protocol],
        # Nothing is compressed, so nothing small can unpack into something large.
        "accept_compression": (),
        "send_compression": None,
        "read_max_bytes": MAX_MESSAGE_BYTES,
        "http_client": Client(connections),
    }


def ask_once(
    settings: Settings, connections: Connections
) -> Callable[[], Awaitable[GetWorldResponse]]:
    """Makes a GetWorld that is tried once and given up early. Raises what the RPC library raises."""
    client = WorldServiceClient(settings.url, **_options(settings, connections))
    return lambda: client.get_world(
        GetWorldRequest(), headers=settings.headers, timeout_ms=_QUICK_DEADLINE_MS
    )


class ServiceClient(ConnectClient):
    """Calls one service. `timeout_ms` bounds all tries of a call together; streams are one try each."""

    def __init__(self, settings: Settings, connections: Connections, caller: Caller) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  Of interceptors.
            settings.url, **_options(settings, connections)
        )
        self._headers = settings.headers
        self._caller = caller

    async def execute_unary(
        self,
        *,
        request: Req,
        method: MethodInfo[Req, Res],
        headers: Headers | Mapping[str, str] | None = None,
        timeout_ms: int | None = None,
        use_get: bool = False,
    ) -> Res:
        """Calls a method, and again where that is safe and may help."""
        call = super().execute_unary
        merged = self._merge(headers)
        return await self._caller.unary(
            method,
            request,
            timeout_ms,
            lambda named, left_ms: call(
                request=named, method=method, headers=merged, timeout_ms=left_ms, use_get=use_get
            ),
        )

    def execute_server_stream(
        self,
        *,
        request: Req,
        method: MethodInfo[Req, Res],
        headers: Headers | Mapping[str, str] | None = None,
        timeout_ms: int | None = None,
    ) -> AsyncIterator[Res]:
        """Reads a stream in one try."""
        call = super().execute_server_stream
        merged = self._merge(headers)
        return self._caller.stream(
            method,
            lambda: call(request=request, method=method, headers=merged, timeout_ms=timeout_ms),
        )

    def _merge(self, own: Headers | Mapping[str, str] | None) -> dict[str, str]:
        """The call's own headers win."""
        merged = dict(self._headers)
        for name, value in (own or {}).items():
            merged[name.lower()] = value
        return merged


class World(ServiceClient, WorldServiceClient):
    """`worldwire.v1.WorldService`."""


class Events(ServiceClient, EventServiceClient):
    """`worldwire.v1.EventService`."""


class Runs(ServiceClient, RunServiceClient):
    """`worldwire.v1.RunService`."""


class Steps(ServiceClient, StepServiceClient):
    """`worldwire.v1.StepService`."""


class Hooks(ServiceClient, HookServiceClient):
    """`worldwire.v1.HookService`."""


class Waits(ServiceClient, WaitServiceClient):
    """`worldwire.v1.WaitService`."""


class Queue(ServiceClient, QueueServiceClient):
    """`worldwire.v1.QueueService`."""


class Streams(ServiceClient, StreamServiceClient):  # pyright: ignore[reportIncompatibleMethodOverride]
    """`worldwire.v1.StreamService`. `close` closes a stream."""

    close = StreamServiceClient.close  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]


class Keys(ServiceClient, KeyServiceClient):
    """`worldwire.v1.KeyService`."""
