"""The driver of this client: `worldwire-conformance sdk -- python sdk-python/conformance/driver.py`."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import driver_pb2 as pb
from driver_kit import Actions, Session, ms_of
from google.protobuf.duration_pb2 import Duration

from worldwire import (
    PROTOCOL_VERSION,
    Ack,
    DeliveryOutcome,
    Retry,
    WorldClient,
    WorldError,
    connect,
    envelope,
)
from worldwire.v1 import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from driver_kit import Handler, UnaryCall
    from google.protobuf.message import Message

    from worldwire import Consumer, DeliveryContext, StreamWriter, WorldClientOptions

MEMBERS = {
    "WorldService": "world",
    "EventService": "events",
    "RunService": "runs",
    "StepService": "steps",
    "HookService": "hooks",
    "WaitService": "waits",
    "QueueService": "queue",
    "StreamService": "streams",
    "KeyService": "keys",
}

DESCRIPTION = pb.Description(
    implementation="worldwire (Python)",
    version=version("worldwire"),
    protocol_version=PROTOCOL_VERSION,
    features=[
        pb.FEATURE_LISTS,
        pb.FEATURE_STREAM_READS,
        pb.FEATURE_EVENT_WATCHES,
        pb.FEATURE_STREAM_WRITES,
        pb.FEATURE_CONSUMERS,
        pb.FEATURE_ENVELOPES,
        pb.FEATURE_ZSTD,
    ],
    wires=[pb.WIRE_CONNECT, pb.WIRE_GRPC, pb.WIRE_GRPC_WEB, pb.WIRE_JSON],
)


class Driven(Actions):
    """What the client does."""

    def __init__(self, options: WorldClientOptions) -> None:
        self._options = options
        self._client = WorldClient(**options)

    async def connect(self) -> Message:
        client = await connect(**self._options)
        async with client:
            return await client.get_world()

    async def call(self, call: UnaryCall) -> Message:
        method = getattr(getattr(self._client, MEMBERS[call.service]), call.method)
        timeout = {} if call.timeout_ms is None else {"timeout_ms": call.timeout_ms}
        return await method(call.request, **timeout)

    def list(self, call: UnaryCall) -> AsyncGenerator[Message]:
        return getattr(self._client, call.method)(call.request)

    async def read(self, read: pb.ReadStream) -> AsyncGenerator[Message]:
        chunks = self._client.read_stream(read.run_id, read.name, start_index=read.start_index)
        try:
            async for chunk in chunks:
                yield Chunk(index=chunk.index, data=chunk.data)
        finally:
            await chunks.aclose()

    def watch(self, watch: pb.WatchEvents) -> AsyncGenerator[Message]:
        return self._client.watch_events(watch.run_id, after_position=watch.after_position)

    def open_writer(self, stream: pb.OpenWriter) -> StreamWriter:
        return self._client.stream_writer(stream.run_id, stream.name)

    def consume(self, options: pb.Consume, handler: Handler) -> Consumer:
        async def handle(delivery: Any, context: DeliveryContext) -> DeliveryOutcome:
            return outcome_of(await handler(delivery, context.ended))

        return self._client.consume(
            handle,
            queue_prefixes=list(options.queue_prefixes),
            deployment_id=options.deployment_id,
            max_in_flight=options.max_in_flight,
            lease_ms=ms_of(options.lease),
            grace_ms=ms_of(options.grace),
            on_error=lambda _error: None,
        )

    def derive_keys(self, keys: pb.DeriveKeys) -> pb.RunKeys:
        run_key = envelope.derive_run_key(keys.deployment_key, keys.project_id, keys.run_id)
        return pb.RunKeys(run_key=run_key, public_key=envelope.derive_key_pair(run_key).public_key)

    def seal(self, command: pb.SealPayload) -> bytes:
        if command.WhichOneof("key") == "run_key":
            return envelope.seal(command.payload, envelope.RunKeys(run_key=command.run_key))
        return envelope.seal_to_public_key(command.payload, command.public_key)

    def open(self, command: pb.OpenPayload) -> bytes:
        keys = envelope.RunKeys(
            run_id=command.run_id or None,
            run_key=command.run_key or None,
            public_key=envelope.public_key_text(command.public_key) if command.public_key else None,
        )
        limit = {"max_bytes": command.max_bytes} if command.max_bytes else {}
        return envelope.open(command.payload, keys, **limit).payload


def outcome_of(outcome: pb.Outcome) -> DeliveryOutcome:
    """What the suite decided, in the client's terms."""
    match outcome.WhichOneof("outcome"):
        case "done":
            return Ack()
        case "again_after":
            return Retry(after_ms=ms_of(outcome.again_after))
        case _:
            raise RuntimeError(outcome.error)


def failure_of(error: BaseException) -> pb.Failure:
    """An error as the client shows it. A call that is given up ends with its task's CancelledError."""
    if isinstance(error, asyncio.CancelledError):
        return pb.Failure(code="canceled")
    if isinstance(error, envelope.EnvelopeError):
        return pb.Failure(code=error.failure, message=str(error))
    if not isinstance(error, WorldError):
        return pb.Failure(code="unknown", message=repr(error))
    failure = pb.Failure(
        code=error.code, reason=error.reason or "", message=str(error), metadata=error.metadata
    )
    if error.retry_delay is not None:
        delay = Duration()
        delay.FromTimedelta(error.retry_delay)
        failure.retry_delay.CopyFrom(delay)
    return failure


async def start(command: pb.Start) -> Driven:
    """Makes the client."""
    options: WorldClientOptions = {"url": command.url, "on_status": lambda _status: None}
    if command.wire == pb.WIRE_GRPC:
        options["protocol"] = "grpc"
    if command.wire == pb.WIRE_GRPC_WEB:
        options["protocol"] = "grpc-web"
    if command.wire == pb.WIRE_JSON:
        options["codec"] = "json"
    if command.token:
        options["token"] = command.token
    if command.project:
        options["project"] = command.project
    if command.HasField("silence"):
        options["idle_ms"] = ms_of(command.silence)
    return Driven(options)


if __name__ == "__main__":
    asyncio.run(Session(DESCRIPTION, start, failure_of).serve())
