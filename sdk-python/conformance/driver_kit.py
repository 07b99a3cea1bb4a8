"""Reads the commands of the conformance suite, keeps them apart, and writes replies.

What is left to a driver is what its client does. `driver_pb2.py` is made from
`conformance/proto/worldwire/conformance/v1/driver.proto` by protoc.
"""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import driver_pb2 as pb
from google.protobuf import descriptor_pool, message_factory

import worldwire.v1

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.duration_pb2 import Duration
    from google.protobuf.message import Message

assert worldwire.v1  # Its modules are what fills the pool.  # noqa: S101

_LENGTH_BYTES = 4


@dataclass(frozen=True)
class UnaryCall:
    """A unary call, or the first page of a list."""

    service: str
    """The service's name, such as "RunService"."""
    method: str
    """The method's name in snake_case."""
    request: Any
    timeout_ms: float | None


class Actions:
    """What a driver's client does. A driver has those of the features that it offers."""

    async def connect(self) -> Message:
        raise NotImplementedError

    async def call(self, call: UnaryCall) -> Message:
        raise NotImplementedError

    def list(self, call: UnaryCall) -> AsyncGenerator[Message]:
        raise NotImplementedError

    def read(self, read: pb.ReadStream) -> AsyncGenerator[Message]:
        raise NotImplementedError

    def watch(self, watch: pb.WatchEvents) -> AsyncGenerator[Message]:
        raise NotImplementedError

    def open_writer(self, stream: pb.OpenWriter) -> Any:
        raise NotImplementedError

    def consume(self, options: pb.Consume, handler: Handler) -> Any:
        raise NotImplementedError

    def derive_keys(self, keys: pb.DeriveKeys) -> pb.RunKeys:
        raise NotImplementedError

    def seal(self, command: pb.SealPayload) -> bytes:
        raise NotImplementedError

    def open(self, command: pb.OpenPayload) -> bytes:
        raise NotImplementedError


class Handler(Protocol):
    """Has the suite decide what becomes of a delivery; `ended` is set when the lease is lost."""

    async def __call__(self, delivery: Any, ended: asyncio.Event) -> pb.Outcome: ...


@dataclass
class _Running:
    """What one command has under way."""

    credit: int = 0
    granted: asyncio.Event = field(default_factory=asyncio.Event)
    handlers: dict[str, asyncio.Future[pb.Outcome]] = field(
        default_factory=dict[str, asyncio.Future[pb.Outcome]]
    )
    task: asyncio.Task[None] | None = None
    writer: Any = None
    consumer: Any = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def grant(self, credit: int) -> None:
        self.credit += credit
        self.granted.set()

    async def spend(self) -> None:
        """Returns when one more item may be handed out."""
        while self.credit == 0:
            self.granted.clear()
            await self.granted.wait()
        self.credit -= 1


class Session:
    """The commands of one run of the driver."""

    def __init__(
        self,
        description: pb.Description,
        start: Callable[[pb.Start], Awaitable[Actions]],
        failure_of: Callable[[BaseException], pb.Failure],
    ) -> None:
        self._description = description
        self._start = start
        self._failure_of = failure_of
        self._actions: Actions | None = None
        self._running: dict[int, _Running] = {}

    async def serve(self) -> None:
        """Serves commands until the standard input ends."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while True:
            try:
                length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
                self._take(pb.Command.FromString(await reader.readexactly(length)))
            except asyncio.IncompleteReadError:
                return

    def _take(self, command: pb.Command) -> None:
        kind = command.WhichOneof("command")
        match kind:
            case "describe":
                _reply(pb.Reply(id=command.id, description=self._description))
            case "grant":
                if running := self._running.get(command.grant.target):
                    running.grant(command.grant.credit)
            case "cancel":
                running = self._running.get(command.cancel.target)
                if running and running.task:
                    running.task.cancel()
            case "outcome":
                if running := self._running.get(command.outcome.target):
                    decide = running.handlers.get(command.outcome.lease_id)
                    if decide and not decide.done():
                        decide.set_result(command.outcome)
            case "stop_consumer":
                if running := self._running.get(command.stop_consumer.target):
                    running.stopped.set()
            case _:
                running = _Running()
                self._running[command.id] = running
                running.task = asyncio.create_task(self._answer(command, running))

    async def _answer(self, command: pb.Command, running: _Running) -> None:
        try:
            value = await self._carry_out(command, running)
        except BaseException as error:  # noqa: BLE001
            _reply(pb.Reply(id=command.id, failure=self._failure_of(error)))
        else:
            _reply(pb.Reply(id=command.id, result=pb.Result(value=value)))

    @property
    def _client(self) -> Actions:
        if self._actions is None:
            raise RuntimeError("no client was started")
        return self._actions

    async def _carry_out(self, command: pb.Command, running: _Running) -> bytes:
        kind = command.WhichOneof("command")
        match kind:
            case "start":
                self._actions = await self._start(command.start)
            case "connect":
                return (await self._client.connect()).SerializeToString()
            case "call":
                timeout = command.call.timeout if command.call.HasField("timeout") else None
                call, _ = _unary(command.call.method, command.call.request, timeout)
                return (await self._client.call(call)).SerializeToString()
            case "list_items":
                call, _ = _unary(command.list_items.method, command.list_items.request, None)
                items = self._client.list(call)
                await _bring(command.id, running, command.list_items.credit, items)
            case "read_stream":
                items = self._client.read(command.read_stream)
                await _bring(command.id, running, command.read_stream.credit, items)
            case "watch_events":
                items = self._client.watch(command.watch_events)
                await _bring(command.id, running, command.watch_events.credit, items)
            case "open_writer":
                running.writer = self._client.open_writer(command.open_writer)
            case "write":
                await self._running[command.write.target].writer.write(list(command.write.chunks))
            case "close_writer":
                await self._running[command.close_writer.target].writer.close()
            case "consume":
                await self._consume(command.id, running, command.consume)
            case "derive_keys":
                return self._client.derive_keys(command.derive_keys).SerializeToString()
            case "seal_payload":
                return self._client.seal(command.seal_payload)
            case "open_payload":
                return self._client.open(command.open_payload)
            case _:
                raise RuntimeError(f"the driver does not know the command {kind}")
        return b""

    async def _consume(self, id_: int, running: _Running, options: pb.Consume) -> None:
        async def handle(delivery: Any, ended: asyncio.Event) -> pb.Outcome:
            async def tell() -> None:
                await ended.wait()
                _reply(pb.Reply(id=id_, lease_lost=pb.LeaseLost(lease_id=delivery.lease_id)))

            decided = asyncio.get_running_loop().create_future()
            running.handlers[delivery.lease_id] = decided
            _reply(pb.Reply(id=id_, item=pb.Item(value=delivery.SerializeToString())))
            telling = asyncio.create_task(tell())
            try:
                return await decided
            finally:
                telling.cancel()

        running.consumer = self._client.consume(options, handle)
        await running.stopped.wait()
        await running.consumer.stop()


async def _bring(id_: int, running: _Running, credit: int, items: AsyncGenerator[Message]) -> None:
    """Hands out items as there is credit for them; the client is asked for the next one only then."""
    running.grant(credit)
    async with aclosing(items):
        await running.spend()
        async for item in items:
            _reply(pb.Reply(id=id_, item=pb.Item(value=item.SerializeToString())))
            await running.spend()


def _reply(reply: pb.Reply) -> None:
    body = reply.SerializeToString()
    sys.stdout.buffer.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)
    sys.stdout.buffer.flush()


def _unary(
    name: str, request: bytes, timeout: Duration | None
) -> tuple[UnaryCall, MethodDescriptor]:
    method = descriptor_pool.Default().FindMethodByName(name.replace("/", "."))
    message = message_factory.GetMessageClass(method.input_type).FromString(request)
    service = method.containing_service.name
    timeout_ms = None if timeout is None else ms_of(timeout)
    return UnaryCall(service, snake_case(method.name), message, timeout_ms), method


def snake_case(name: str) -> str:
    """The name of a method as Python has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def ms_of(duration: Duration) -> float:
    """Milliseconds of a duration."""
    return duration.ToTimedelta().total_seconds() * 1000
