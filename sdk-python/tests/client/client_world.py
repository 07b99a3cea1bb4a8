"""A real World in a process of its own, a network that breaks, and a World that answers as a test says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import subprocess
from base64 import b64encode
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast

from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo

from worldwire import v1

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from worldwire import WorldClient

M = TypeVar("M", bound=Message)

REPOSITORY = Path(__file__).resolve().parents[3]


class World:
    """The reference World on a port and a folder that outlive its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        program = str(REPOSITORY / "reference-world/bin/worldwire.js")
        place = ["--port", str(self.port), "--data-dir", str(self._folder), "--log-level", "error"]
        self._process = subprocess.Popen(
            ["node", program, "serve", *place], stdout=subprocess.PIPE, text=True
        )
        line = cast("IO[str]", self._process.stdout).readline()
        assert re.match(r"worldwire listening on ", line), line

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


def free_port() -> int:
    """A port below those that Linux gives to connections: a server that is down for a moment gets it back."""
    for _ in range(100):
        port = random.randint(10_000, 32_767)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port is free")


@dataclass
class Cutter:
    """A network that cuts each connection after so many bytes of answers, as long as there are cuts left."""

    port: int = 0
    budgets: list[int] = field(default_factory=list[int])
    """Bytes that the next connections let through towards the client; without one they live."""
    lose_answers: bool = False
    """Whether requests arrive, and their answers are lost with the connection."""
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def cutter(target: int) -> AsyncGenerator[Cutter]:
    """Stands between a client and a World."""
    state = Cutter()
    open_writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        budget = state.budgets.pop(0) if state.budgets else None
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        open_writers.update((writer, up_writer))
        requests = asyncio.create_task(copy(reader, up_writer))
        with suppress(OSError):
            while data := await up_reader.read(65536):
                if state.lose_answers:
                    state.lose_answers = False
                    break
                if budget is not None:
                    data, budget = data[:budget], budget - len(data)
                writer.write(data)
                await writer.drain()
                if budget is not None and budget <= 0:
                    break
        requests.cancel()
        for one in (writer, up_writer):
            one.transport.abort()
            open_writers.discard(one)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        # The client went away.
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for one in [*open_writers]:
            one.transport.abort()


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    method: str
    """As in `RunService/GetRun`."""
    headers: dict[str, str]
    body: bytes

    @property
    def streams(self) -> bool:
        return self.headers["content-type"].startswith("application/connect+")

    def message(self, kind: type[M]) -> M:
        return kind.FromString(self.body[5:] if self.streams else self.body)


class Wire:
    """Writes the answer to one request."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.gone = asyncio.Event()
        """Set when the client closed its connection."""

    async def answer(self, message: Message) -> None:
        await self.send(200, "application/proto", message.SerializeToString())

    async def refuse(self, code: str, reason: str | None = None, **more: object) -> None:
        body = json.dumps(error_json(code, reason, **more)).encode()  # pyright: ignore[reportArgumentType]
        await self.send(STATUS.get(code, 500), "application/json", body)

    async def send(self, status: int, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        await self.write(head.encode() + body)

    async def begin(self) -> None:
        """Begins a stream."""
        await self.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/connect+proto\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )

    async def piece(self, data: bytes) -> None:
        await self.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        """Ends the body as HTTP has it."""
        await self.write(b"0\r\n\r\n")

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def cut(self) -> None:
        self._writer.transport.abort()


STATUS = {"not_found": 404, "unavailable": 503, "resource_exhausted": 429, "invalid_argument": 400}


def error_json(
    code: str,
    reason: str | None = None,
    *,
    message: str = "refused",
    metadata: dict[str, str] | None = None,
    retry_ms: int | None = None,
) -> dict[str, object]:
    details: list[dict[str, str]] = []
    if reason is not None:
        info = ErrorInfo(reason=reason, domain="worldwire", metadata=metadata)
        details.append(_detail("google.rpc.ErrorInfo", info))
    if retry_ms is not None:
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(retry_ms)
        details.append(_detail("google.rpc.RetryInfo", retry))
    return {"code": code, "message": message, "details": details}


def _detail(kind: str, message: Message) -> dict[str, str]:
    return {"type": kind, "value": b64encode(message.SerializeToString()).decode().rstrip("=")}


def envelope(message: Message) -> bytes:
    return _envelope(0, message.SerializeToString())


def end_of_stream(error: dict[str, object] | None = None) -> bytes:
    return _envelope(2, json.dumps({} if error is None else {"error": error}).encode())


def _envelope(flags: int, data: bytes) -> bytes:
    return bytes([flags]) + len(data).to_bytes(4, "big") + data


@dataclass
class Scripted:
    """A World that answers as a test says."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list[Seen])

    def of(self, method: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method]


ALL = [name for name in v1.Capability.keys() if not name.endswith("_UNSPECIFIED")]  # noqa: SIM118  No mapping.
WORLD = v1.GetWorldResponse(
    implementation="scripted", version="1", protocol_version="1.0", capabilities=ALL
)


@asynccontextmanager
async def scripted(
    answer: Callable[[Seen, Wire], Awaitable[None]], world: v1.GetWorldResponse = WORLD
) -> AsyncGenerator[Scripted]:
    """Answers GetWorld by itself, and everything else with `answer`."""
    state = Scripted()
    tasks: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method = head[0].split(" ")[1].removeprefix("/worldwire.v1.")
                seen, wire = Seen(method, headers, body), Wire(writer)
                if method == "WorldService/GetWorld":
                    await wire.answer(world)
                    continue
                state.seen.append(seen)
                await answer(seen, wire)
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(connection(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()


async def new_run(client: WorldClient, name: str = "sample") -> str:
    """Creates a run, and returns its id."""
    created = v1.RunCreated(deployment_id="d", workflow_name=name, input=b"devl[]")
    response = await client.events.create_event(
        v1.CreateEventRequest(event=v1.NewEvent(run_created=created, spec_version=5))
    )
    return response.run.run_id
