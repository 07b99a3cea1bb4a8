"""The blocking client of one World and project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, Unpack

from worldwire.client import WorldClient
from worldwire.v1 import RESOLVE_DATA_UNSPECIFIED

from .consumer import ConsumerSync, DeliveryContextSync, HandlerSync, ThreadedHandler
from .portal import Portal
from .services import (
    EventsSync,
    HooksSync,
    KeysSync,
    QueueSync,
    RunsSync,
    StepsSync,
    StreamsSync,
    WaitsSync,
    WorldSync,
)
from .stream_writer import StreamWriterSync

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from worldwire.client.consumer import ConsumeOptions, Consumer
    from worldwire.client.options import StreamChunk, WorldClientOptions
    from worldwire.v1 import (
        AttributeKey,
        Capability,
        DeadMessage,
        DeploymentKey,
        Event,
        GetWorldResponse,
        Hook,
        KeyAccess,
        ListAttributeKeysRequest,
        ListChunksRequest,
        ListDeadMessagesRequest,
        ListEventsByCorrelationRequest,
        ListEventsRequest,
        ListHooksRequest,
        ListKeyAccessRequest,
        ListKeysRequest,
        ListPushEndpointsRequest,
        ListQueuesRequest,
        ListRunsRequest,
        ListStepsRequest,
        ListStreamsRequest,
        ListWaitsRequest,
        PushEndpoint,
        QueueInfo,
        ResolveData,
        Run,
        Step,
        Wait,
    )

__all__ = [
    "ConsumerSync",
    "DeliveryContextSync",
    "StreamWriterSync",
    "WorldClientSync",
    "connect_sync",
]


class WorldClientSync:
    """A client of one World and project, for programs without an event loop.

    It is a WorldClient whose event loop runs in a thread, and behaves as that one in everything. Any thread may call
    it.
    """

    def __init__(self, **options: Unpack[WorldClientOptions]) -> None:
        """Raises InvalidArgumentError for an address that is not one of http or https."""
        self._client = client = WorldClient(**options)
        self._portal = portal = Portal()
        self.world = WorldSync(portal, client.world)
        self.events = EventsSync(portal, client.events)
        self.runs = RunsSync(portal, client.runs)
        self.steps = StepsSync(portal, client.steps)
        self.hooks = HooksSync(portal, client.hooks)
        self.waits = WaitsSync(portal, client.waits)
        self.queue = QueueSync(portal, client.queue)
        self.streams = StreamsSync(portal, client.streams)
        self.keys = KeysSync(portal, client.keys)

    def get_world(self) -> GetWorldResponse:
        """What the World is; asked once, and again after a lost connection."""
        return self._portal.run(self._client.get_world())

    def check_version(self) -> None:
        """Raises a WorldError `failed_precondition` where the World speaks another major version of the protocol."""
        self._portal.run(self._client.check_version())

    def has(self, capability: Capability) -> bool:
        """Whether the World declares a capability."""
        return self._portal.run(self._client.has(capability))

    def watch_events(
        self,
        run_id: str,
        *,
        after_position: int = 0,
        resolve_data: ResolveData = RESOLVE_DATA_UNSPECIFIED,
    ) -> Generator[Event]:
        """Reads a log live, each event once and in order, until the run has ended; resumes where a connection broke."""
        return self._portal.iterate(
            self._client.watch_events(
                run_id, after_position=after_position, resolve_data=resolve_data
            )
        )

    def read_stream(
        self, run_id: str, name: str, *, start_index: int = 0
    ) -> Generator[StreamChunk]:
        """Reads a stream live, each chunk once and in order, until it is closed; resumes where a connection broke."""
        return self._portal.iterate(self._client.read_stream(run_id, name, start_index=start_index))

    def stream_writer(
        self, run_id: str, name: str, *, writer_id: str | None = None, sequence: int = 0
    ) -> StreamWriterSync:
        """Writes a stream in order; every chunk lands once, whatever is retried."""
        writer = self._client.stream_writer(run_id, name, writer_id=writer_id, sequence=sequence)
        return StreamWriterSync(self._portal, writer)

    def consume(self, handler: HandlerSync, **options: Unpack[ConsumeOptions]) -> ConsumerSync:
        """Receives deliveries until stopped, and executes each in a thread."""
        threaded = ThreadedHandler(handler, options.get("max_in_flight", 100) or 100)

        async def consume() -> Consumer:
            return self._client.consume(threaded, **options)

        return ConsumerSync(self._portal, self._portal.run(consume()), threaded)

    def close(self) -> None:
        """Ends every call and live read with a WorldError `canceled`, and closes the connections.

        Consumers are to be stopped before. May be called again.
        """
        if not self._portal.closed:
            self._portal.run(self._client.close())
            self._portal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def list_runs(self, request: ListRunsRequest) -> Generator[Run]:
        """Lists runs."""
        return self._portal.iterate(self._client.list_runs(request))

    def list_attribute_keys(self, request: ListAttributeKeysRequest) -> Generator[AttributeKey]:
        """Lists the keys of attributes."""
        return self._portal.iterate(self._client.list_attribute_keys(request))

    def list_events(self, request: ListEventsRequest) -> Generator[Event]:
        """Lists the events of a run."""
        return self._portal.iterate(self._client.list_events(request))

    def list_events_by_correlation(
        self, request: ListEventsByCorrelationRequest
    ) -> Generator[Event]:
        """Lists the events of one correlation id."""
        return self._portal.iterate(self._client.list_events_by_correlation(request))

    def list_steps(self, request: ListStepsRequest) -> Generator[Step]:
        """Lists the steps of a run."""
        return self._portal.iterate(self._client.list_steps(request))

    def list_hooks(self, request: ListHooksRequest) -> Generator[Hook]:
        """Lists hooks."""
        return self._portal.iterate(self._client.list_hooks(request))

    def list_waits(self, request: ListWaitsRequest) -> Generator[Wait]:
        """Lists the waits of a run."""
        return self._portal.iterate(self._client.list_waits(request))

    def list_chunks(self, request: ListChunksRequest) -> Generator[StreamChunk]:
        """Lists the chunks of a stream that are there now."""
        return self._portal.iterate(self._client.list_chunks(request))

    def list_streams(self, request: ListStreamsRequest) -> Generator[str]:
        """Lists the names of a run's streams."""
        return self._portal.iterate(self._client.list_streams(request))

    def list_queues(self, request: ListQueuesRequest) -> Generator[QueueInfo]:
        """Lists the queues that hold messages."""
        return self._portal.iterate(self._client.list_queues(request))

    def list_dead_messages(self, request: ListDeadMessagesRequest) -> Generator[DeadMessage]:
        """Lists messages that used up their attempts."""
        return self._portal.iterate(self._client.list_dead_messages(request))

    def list_push_endpoints(self, request: ListPushEndpointsRequest) -> Generator[PushEndpoint]:
        """Lists the endpoints that deliveries are posted to."""
        return self._portal.iterate(self._client.list_push_endpoints(request))

    def list_keys(self, request: ListKeysRequest) -> Generator[DeploymentKey]:
        """Lists the deployment keys in escrow."""
        return self._portal.iterate(self._client.list_keys(request))

    def list_key_access(self, request: ListKeyAccessRequest) -> Generator[KeyAccess]:
        """Lists who asked for the keys of runs."""
        return self._portal.iterate(self._client.list_key_access(request))


def connect_sync(**options: Unpack[WorldClientOptions]) -> WorldClientSync:
    """Makes a client and asks the World what it is.

    Raises WorldError where the World cannot be reached within the retry budget, or speaks another major version of the
    protocol.
    """
    client = WorldClientSync(**options)
    try:
        client.check_version()
    except BaseException:
        client.close()
        raise
    return client
