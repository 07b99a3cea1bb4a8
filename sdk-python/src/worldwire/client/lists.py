"""The lists of every service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .options import StreamChunk
from .pages import pages

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from worldwire.v1 import (
        AttributeKey,
        DeadMessage,
        DeploymentKey,
        Event,
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
        Run,
        Step,
        Wait,
    )

    from .services import Events, Hooks, Keys, Queue, Runs, Steps, Streams, Waits


class Lists:
    """Lists page by page, to the end.

    `page.limit` of a request is the size of a page, `page.cursor` where to begin. A list ends when the World says that
    there is no more, and raises a WorldError `data_loss` if the World's cursors do not advance.
    """

    events: Events
    runs: Runs
    steps: Steps
    hooks: Hooks
    waits: Waits
    queue: Queue
    streams: Streams
    keys: Keys

    def list_runs(self, request: ListRunsRequest) -> AsyncGenerator[Run]:
        """Lists runs."""
        return pages(self.runs.list_runs, request, lambda page: page.runs)

    def list_attribute_keys(
        self, request: ListAttributeKeysRequest
    ) -> AsyncGenerator[AttributeKey]:
        """Lists the keys of attributes."""
        return pages(self.runs.list_attribute_keys, request, lambda page: page.attributes)

    def list_events(self, request: ListEventsRequest) -> AsyncGenerator[Event]:
        """Lists the events of a run."""
        return pages(self.events.list_events, request, lambda page: page.events)

    def list_events_by_correlation(
        self, request: ListEventsByCorrelationRequest
    ) -> AsyncGenerator[Event]:
        """Lists the events of one correlation id."""
        return pages(self.events.list_events_by_correlation, request, lambda page: page.events)

    def list_steps(self, request: ListStepsRequest) -> AsyncGenerator[Step]:
        """Lists the steps of a run."""
        return pages(self.steps.list_steps, request, lambda page: page.steps)

    def list_hooks(self, request: ListHooksRequest) -> AsyncGenerator[Hook]:
        """Lists hooks."""
        return pages(self.hooks.list_hooks, request, lambda page: page.hooks)

    def list_waits(self, request: ListWaitsRequest) -> AsyncGenerator[Wait]:
        """Lists the waits of a run."""
        return pages(self.waits.list_waits, request, lambda page: page.waits)

    def list_chunks(self, request: ListChunksRequest) -> AsyncGenerator[StreamChunk]:
        """Lists the chunks of a stream that are there now."""
        return pages(
            self.streams.list_chunks,
            request,
            lambda page: [StreamChunk(chunk.index, chunk.data) for chunk in page.chunks],
        )

    def list_streams(self, request: ListStreamsRequest) -> AsyncGenerator[str]:
        """Lists the names of a run's streams."""
        return pages(self.streams.list_streams, request, lambda page: page.names)

    def list_queues(self, request: ListQueuesRequest) -> AsyncGenerator[QueueInfo]:
        """Lists the queues that hold messages."""
        return pages(self.queue.list_queues, request, lambda page: page.queues)

    def list_dead_messages(self, request: ListDeadMessagesRequest) -> AsyncGenerator[DeadMessage]:
        """Lists messages that used up their attempts."""
        return pages(self.queue.list_dead_messages, request, lambda page: page.messages)

    def list_push_endpoints(
        self, request: ListPushEndpointsRequest
    ) -> AsyncGenerator[PushEndpoint]:
        """Lists the endpoints that deliveries are posted to."""
        return pages(self.queue.list_push_endpoints, request, lambda page: page.endpoints)

    def list_keys(self, request: ListKeysRequest) -> AsyncGenerator[DeploymentKey]:
        """Lists the deployment keys in escrow."""
        return pages(self.keys.list_keys, request, lambda page: page.keys)

    def list_key_access(self, request: ListKeyAccessRequest) -> AsyncGenerator[KeyAccess]:
        """Lists who asked for the keys of runs."""
        return pages(self.keys.list_key_access, request, lambda page: page.entries)
