"""The asynchronous client of one World and project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, Unpack

from worldwire.errors import WorldError
from worldwire.protocol import PROTOCOL_VERSION
from worldwire.v1 import (
    CAPABILITY_STREAM_WRITERS,
    RESOLVE_DATA_UNSPECIFIED,
    GetWorldRequest,
)

from .caller import Caller
from .consumer import Consumer
from .lists import Lists
from .live_reads import read_stream, watch_events
from .services import Events, Hooks, Keys, Queue, Runs, Steps, Streams, Waits, World, ask_once
from .settings import read_settings
from .status import StatusReporter, log_status
from .stream_writer import StreamWriter
from .transport import Connections
from .world_info import WorldInfo

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from types import TracebackType

    from worldwire.v1 import Capability, Event, GetWorldResponse, ResolveData

    from .consumer import ConsumeOptions, Handler
    from .options import ConnectionStatus, StreamChunk, WorldClientOptions


class WorldClient(Lists):
    """A client of one World and project.

    Every method raises WorldError and nothing else, save the CancelledError of its own task. Unary calls are retried;
    the live methods of the services (`streams.read`, `events.watch_events`, `queue.receive`) are one try each, and
    `read_stream`, `watch_events` and `consume` are what resumes. Nothing is sent before the first call.
    """

    world: World

    def __init__(self, **options: Unpack[WorldClientOptions]) -> None:
        """Raises InvalidArgumentError for an address that is not one of http or https."""
        settings = read_settings(options)
        report = options.get("on_status") or log_status(settings.url)

        def on_change(status: ConnectionStatus) -> None:
            if status.state == "connected":
                self._info.forget()
            report(status)

        connections = Connections(
            http2=settings.protocol == "grpc", max_idle=settings.max_connections
        )
        caller = Caller(settings, connections, StatusReporter(on_change))
        self._settings = settings
        self._connections = connections
        self._caller = caller
        self.world = World(settings, connections, caller)
        self.events = Events(settings, connections, caller)
        self.runs = Runs(settings, connections, caller)
        self.steps = Steps(settings, connections, caller)
        self.hooks = Hooks(settings, connections, caller)
        self.waits = Waits(settings, connections, caller)
        self.queue = Queue(settings, connections, caller)
        self.streams = Streams(settings, connections, caller)
        self.keys = Keys(settings, connections, caller)
        self._info = caller.info = WorldInfo(
            lambda: self.world.get_world(GetWorldRequest()), ask_once(settings, connections)
        )

    async def get_world(self) -> GetWorldResponse:
        """What the World is; asked once, and again after a lost connection."""
        return await self._info.get()

    async def check_version(self) -> None:
        """Raises a WorldError `failed_precondition` where the World speaks another major version of the protocol."""
        world = await self.get_world()
        if _major(world.protocol_version) != _major(PROTOCOL_VERSION):
            raise WorldError(
                f"{world.implementation} speaks protocol {world.protocol_version}, this client "
                f"{PROTOCOL_VERSION}",
                code="failed_precondition",
            )

    async def has(self, capability: Capability) -> bool:
        """Whether the World declares a capability."""
        return await self._info.has(capability)

    def watch_events(
        self,
        run_id: str,
        *,
        after_position: int = 0,
        resolve_data: ResolveData = RESOLVE_DATA_UNSPECIFIED,
    ) -> AsyncGenerator[Event]:
        """Reads a log live, each event once and in order, until the run has ended; resumes where a connection broke.

        Events with a higher position than `after_position` are delivered; 0 means the whole log. Closing the generator
        closes the request; `contextlib.aclosing` does so at the end of a block.
        """
        return watch_events(
            self._caller,
            self.events,
            run_id=run_id,
            after_position=after_position,
            resolve_data=resolve_data,
            retry=self._settings.retry,
            idle_ms=self._settings.idle_ms,
        )

    def read_stream(
        self, run_id: str, name: str, *, start_index: int = 0
    ) -> AsyncGenerator[StreamChunk]:
        """Reads a stream live, each chunk once and in order, until it is closed; resumes where a connection broke.

        An empty run id finds the stream by its name alone. A negative `start_index` counts from the end at the moment
        the read attaches. Closing the generator closes the request.
        """
        return read_stream(
            self._caller,
            self.streams,
            run_id=run_id,
            name=name,
            start_index=start_index,
            retry=self._settings.retry,
            idle_ms=self._settings.idle_ms,
        )

    def stream_writer(
        self, run_id: str, name: str, *, writer_id: str | None = None, sequence: int = 0
    ) -> StreamWriter:
        """Writes a stream in order; every chunk lands once, whatever is retried.

        `writer_id` names the writer, and is random by default. Never give two writers the same one. `sequence` is the
        number of the first chunk among all that this writer id has appended.
        """
        return StreamWriter(
            self.streams,
            run_id,
            name,
            writer_id,
            sequence,
            lambda: self._info.lacks(CAPABILITY_STREAM_WRITERS),
        )

    def consume(self, handler: Handler, **options: Unpack[ConsumeOptions]) -> Consumer:
        """Receives deliveries until stopped, through every loss of the connection.

        The handler executes one delivery and says what became of it. An exception sends it back with the queue's
        backoff and the exception's text.
        """
        return Consumer(self._caller, self.queue, handler, options, self._settings.idle_ms)

    async def close(self) -> None:
        """Ends every call and live read with a WorldError `canceled`, and closes the connections.

        Consumers are to be stopped before.
        """
        self._caller.close()
        await self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


async def connect(**options: Unpack[WorldClientOptions]) -> WorldClient:
    """Makes a client and asks the World what it is.

    Raises WorldError where the World cannot be reached within the retry budget, or speaks another major version of the
    protocol.
    """
    client = WorldClient(**options)
    try:
        await client.check_version()
    except BaseException:
        await client.close()
        raise
    return client


def _major(version: str) -> str:
    return version.partition(".")[0]
