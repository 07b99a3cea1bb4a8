"""A driver of the clients that Connect generates for Python, without anything around them.

They are no SDK: what they cannot do shows what an SDK has to.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import driver_pb2 as pb
from connectrpc.errors import ConnectError
from connectrpc.protocol import ProtocolType
from driver_kit import Actions, Session
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo

from worldwire.protocol import ERROR_DOMAIN, PROTOCOL_VERSION
from worldwire.v1 import GetWorldRequest
from worldwire.v1.event_pb2 import WatchEventsRequest
from worldwire.v1.stream_pb2 import ReadRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from driver_kit import UnaryCall
    from google.protobuf.message import Message

DESCRIPTION = pb.Description(
    implementation="connectrpc (Python)",
    version=version("connectrpc"),
    protocol_version=PROTOCOL_VERSION,
    features=[pb.FEATURE_STREAM_READS, pb.FEATURE_EVENT_WATCHES],
    wires=[pb.WIRE_CONNECT, pb.WIRE_GRPC],
)


class Driven(Actions):
    """What the generated clients do."""

    def __init__(self, command: pb.Start) -> None:
        self._address = command.url
        self._protocol = ProtocolType.GRPC if command.wire == pb.WIRE_GRPC else ProtocolType.CONNECT
        self._headers = {"authorization": f"Bearer {command.token}"} if command.token else None

    def _client(self, service: str) -> Any:
        module = import_module(f"worldwire.v1.{service.removesuffix('Service').lower()}_connect")
        return getattr(module, f"{service}Client")(self._address, protocol=self._protocol)

    async def connect(self) -> Message:
        return await self._client("WorldService").get_world(GetWorldRequest())

    async def call(self, call: UnaryCall) -> Message:
        timeout = {} if call.timeout_ms is None else {"timeout_ms": round(call.timeout_ms)}
        method = getattr(self._client(call.service), call.method)
        return await method(call.request, headers=self._headers, **timeout)

    async def read(self, read: pb.ReadStream) -> AsyncGenerator[Message]:
        request = ReadRequest(run_id=read.run_id, name=read.name, start_index=read.start_index)
        async for response in self._client("StreamService").read(request, headers=self._headers):
            for chunk in response.chunks:
                yield chunk

    async def watch(self, watch: pb.WatchEvents) -> AsyncGenerator[Message]:
        request = WatchEventsRequest(run_id=watch.run_id, after_position=watch.after_position)
        client = self._client("EventService")
        async for response in client.watch_events(request, headers=self._headers):
            for event in response.events:
                yield event


def failure_of(error: BaseException) -> pb.Failure:
    """An error as the generated clients show it."""
    if isinstance(error, asyncio.CancelledError):
        return pb.Failure(code="canceled")
    if not isinstance(error, ConnectError):
        return pb.Failure(code="unknown", message=repr(error))
    failure = pb.Failure(code=error.code.value, message=error.message)
    for detail in error.details:
        if detail.type_name == ErrorInfo.DESCRIPTOR.full_name:
            info = ErrorInfo.FromString(detail.message_bytes)
            if info.domain == ERROR_DOMAIN:
                failure.reason = info.reason
                failure.metadata.update(info.metadata)
        if detail.type_name == RetryInfo.DESCRIPTOR.full_name:
            delay = RetryInfo.FromString(detail.message_bytes).retry_delay
            failure.retry_delay.CopyFrom(delay)
    return failure


async def start(command: pb.Start) -> Driven:
    """Makes the clients."""
    return Driven(command)


if __name__ == "__main__":
    asyncio.run(Session(DESCRIPTION, start, failure_of).serve())
