"""The World of a vercel-workflow application, on any Worldwire server."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING, Any, Self

from google.protobuf import duration_pb2
from vercel.workflow._internal import ulid
from vercel.workflow._internal import world as w

from worldwire.v1 import (
    common_pb2,
    event_pb2,
    hook_pb2,
    queue_pb2,
    run_pb2,
    step_pb2,
    world_pb2,
)

from .codec import CBOR, encode_message
from .connection import Connection, Connector
from .convert import to_timestamp
from .delivery import deliver, run_id_of
from .errors import translated
from .events import committed, from_event, to_new_event
from .push import PushApp, PushVerifier, answer_push
from .records import from_hook, from_run, from_step
from .remote import chosen_deployment
from .sealing import seal_event
from .streams import Streams
from .worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from types import TracebackType

    from worldwire import DeliveryOutcome

    from .config import Config

_READ_BACK = frozenset({"run_created", "run_started", "step_started"})
"""The events whose records the SDK reads the payloads of."""

_MANIFEST = pathlib.Path(".well-known", "workflow", "v1", "manifest.json")

_log = logging.getLogger("worldwire.vercel")
_new_ulid = ulid.monotonic_factory()


class WorldwireWorld(w.World):
    """A World behind an address. `use_worldwire` makes it.

    Calls work at any time. Within `async with world:` this process also takes work: it pulls deliveries, gives them to
    the handlers that the SDK registered, and sends back at the end what is not finished. With `WORLDWIRE_WORKER=0` in
    the environment it takes none.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._connect = Connector(config)
        self._handlers: dict[str, w.QueueHandler] = {}
        self._worker = Worker(self._connect, self._handlers)
        self._streams = Streams(self._connect)
        self._working = 0
        self._verifier = None if config.push_secret is None else PushVerifier(config.push_secret)
        self.asgi = PushApp(self._answer_push, self.aclose)
        """An ASGI application that takes the deliveries which the World posts."""

    async def __aenter__(self) -> Self:
        if os.environ.get("WORLDWIRE_WORKER") != "0":
            self._worker.start()
            self._working += 1
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._working = max(0, self._working - 1)
        if self._working == 0:
            await self._worker.stop()
            await self.aclose()

    async def aclose(self) -> None:
        """Ends every call and closes the connections; a later call opens new ones."""
        self._streams.forget()
        await self._connect.close()

    # Identity

    async def get_deployment_id(self) -> str:
        return chosen_deployment() or self._config.deployment_id

    def get_environment(self) -> str | None:
        return self._config.environment

    async def run_key(self, run_id: str, *, deployment_id: str | None = None) -> bytes | None:
        """The key of a run, 32 bytes; None where it is not sealed.

        A run that does not exist is one that is about to be created, for the deployment that is named.
        """
        with translated():
            connection = await self._connect()
            held = await connection.keys.of(run_id, deployment_id)
            return None if held is None else held.keys.run_key

    def write_manifest(self, manifest: dict[str, Any]) -> pathlib.Path | None:
        """Writes the manifest to where the builder for TypeScript puts it, below the working directory."""
        path = pathlib.Path.cwd() / _MANIFEST
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, delete=False, encoding="utf-8"
        ) as draft:
            json.dump(manifest, draft, indent=2)
        os.replace(draft.name, path)
        return path

    # Queue

    async def queue(
        self,
        queue_name: str,
        message: w.QueuePayload,
        *,
        deployment_id: str | None = None,
        idempotency_key: str | None = None,
        delay_seconds: float | None = None,
        **kwargs: Any,
    ) -> str:
        """Sends one message; it is durable when this returns. Returns the message's id."""
        with translated():
            connection = await self._connect()
            fields = message.model_dump()
            run_id = run_id_of(fields)
            new = queue_pb2.NewMessage(
                queue_name=queue_name,
                body=encode_message(fields),
                content_type=CBOR,
                # Whoever resumes a hook does not say where its run lives.
                deployment_id=deployment_id
                or connection.keys.deployment_of(run_id)
                or self._config.deployment_id,
                idempotency_key=idempotency_key,
                run_id=run_id,
            )
            if delay_seconds is not None:
                seconds = max(1, math.ceil(delay_seconds))
                new.delay.CopyFrom(duration_pb2.Duration(seconds=seconds))
            request = queue_pb2.EnqueueRequest(message=new)
            return (await connection.client.queue.enqueue(request)).message_id

    def create_queue_handler(
        self, queue_name_prefix: w.QueuePrefix, handler: w.QueueHandler
    ) -> w.HTTPHandler:
        """Registers the handler of a queue prefix, and returns its HTTP form, which takes what the World posts."""
        if queue_name_prefix in self._handlers:
            _log.warning(
                "a second Workflows() takes the messages of %s* from the first: give it a namespace",
                queue_name_prefix,
            )
        self._handlers[queue_name_prefix] = handler
        if self._working > 0:
            self._worker.start()

        async def handle(request: w.HTTPRequest) -> w.HTTPResponse:
            headers = {name.lower(): value for name, value in request.headers.items()}
            body = b"".join([chunk async for chunk in request.aiter_bytes()])
            return await self._answer_push(headers, body)

        return handle

    async def _answer_push(self, headers: Mapping[str, str], body: bytes) -> w.HTTPResponse:
        return await answer_push(self._verifier, self._deliver, headers, body)

    async def _deliver(self, delivery: queue_pb2.Delivery) -> DeliveryOutcome:
        return await deliver(await self._connect(), self._handlers, delivery)

    # Runs, steps and hooks

    async def runs_get(self, run_id: str) -> w.WorkflowRun:
        with translated():
            connection = await self._connect()
            request = run_pb2.GetRunRequest(run_id=run_id, **connection.reader)
            run = (await connection.client.runs.get_run(request)).run
            connection.keys.note_run(run_id, run)
            return from_run(run)

    async def steps_get(self, run_id: str, step_id: str) -> w.WorkflowStep:
        with translated():
            connection = await self._connect()
            request = step_pb2.GetStepRequest(run_id=run_id, step_id=step_id, **connection.reader)
            return from_step((await connection.client.steps.get_step(request)).step)

    async def hooks_get_by_token(self, token: str) -> w.Hook:
        with translated():
            connection = await self._connect()
            request = hook_pb2.GetHookByTokenRequest(token=token)
            hook = (await connection.client.hooks.get_hook_by_token(request)).hook
            if hook.HasField("run"):
                connection.keys.note_run(hook.run_id, hook.run)
            return from_hook(
                hook,
                project=self._config.project,
                environment=self._config.environment or "",
            )

    # Events

    async def events_create(self, run_id: str | None, data: w.Event) -> w.EventResult:
        """Writes one event.

        A run that is created without an id gets one here, so that its input can be sealed. Where nothing changed (a
        start of a running run, a cancellation of a cancelled one) the result has the run and no event.
        """
        run_id = run_id or f"wrun_{_new_ulid()}"
        with translated():
            connection = await self._connect()
            event = await self._prepared(connection, run_id, data)
            read_back = data.event_type in _READ_BACK
            request = event_pb2.CreateEventRequest(
                run_id=run_id,
                event=event,
                skip_preload=data.event_type == "run_started",
                resolve_data=common_pb2.RESOLVE_DATA_ALL
                if read_back
                else common_pb2.RESOLVE_DATA_NONE,
                **connection.reader,
            )
            answer = await connection.client.events.create_event(request)
            if answer.HasField("run"):
                connection.keys.note_run(run_id, answer.run)
            return w.EventResult(
                event=committed(data, answer.event) if answer.HasField("event") else None,
                run=from_run(answer.run) if answer.HasField("run") else None,
                step=from_step(answer.step) if answer.HasField("step") else None,
            )

    async def _prepared(
        self, connection: Connection, run_id: str, data: w.Event
    ) -> event_pb2.NewEvent:
        """An event as the World is to have it: it names the key of the run that it creates, and is sealed."""
        event = to_new_event(data)
        resume = (
            data._queue_input  # pyright: ignore[reportPrivateUsage]  So the SDK hands it to its Worlds.
            if isinstance(data, w.HookReceivedEvent)
            else None
        )
        if resume is not None:
            self._note_resume(connection, event, resume)
        await seal_event(connection.keys, run_id, event)
        created = _created_by(event)
        if created is not None:
            key_id = connection.keys.stamp(run_id, created)
            if key_id is not None and connection.declares(world_pb2.CAPABILITY_KEY_IDS):
                created.encryption_key_id = key_id
        return event

    @staticmethod
    def _note_resume(
        connection: Connection, event: event_pb2.NewEvent, resume: w.HookResumeInput
    ) -> None:
        """What makes a payload that two writers bring land once."""
        if connection.declares(world_pb2.CAPABILITY_HOOK_RESUME_DEDUP):
            event.resume_id = resume.resume_id
            event.resume_payload_digest = (
                resume.payload_digest or hashlib.sha256(resume.payload).hexdigest()
            )
        occurred_at = resume.occurred_at()
        if occurred_at is not None:
            event.occurred_at.CopyFrom(to_timestamp(occurred_at))

    async def events_list(
        self, run_id: str, *, pagination: w.PaginationOptions | None = None
    ) -> w.PaginatedResult[w.Event]:
        """Lists a page of a log, by position."""
        given = pagination or w.PaginationOptions()
        with translated():
            connection = await self._connect()
            page = common_pb2.PageRequest(
                limit=given.limit or 0,
                cursor=given.cursor or "",
                sort_order=_ORDERS[given.sort_order],
            )
            request = event_pb2.ListEventsRequest(run_id=run_id, page=page, **connection.reader)
            answer = await connection.client.events.list_events(request)
            return w.PaginatedResult[w.Event].model_construct(
                data=[from_event(event) for event in answer.events],
                # The SDK takes the cursor of the last page, and would begin anew without one.
                cursor=answer.page.cursor or given.cursor,
                has_more=answer.page.has_more,
            )

    # Streams

    async def streams_write(self, run_id: str, name: str, chunk: bytes) -> None:
        await self._streams.write(run_id, name, [chunk])

    async def streams_write_multi(self, run_id: str, name: str, chunks: Sequence[bytes]) -> None:
        await self._streams.write(run_id, name, chunks)

    async def streams_close(self, run_id: str, name: str) -> None:
        await self._streams.close(run_id, name)

    def streams_get(
        self, run_id: str, name: str, start_index: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        return self._streams.read(run_id, name, start_index)

    async def streams_list(self, run_id: str) -> list[str]:
        return await self._streams.names(run_id)

    async def streams_get_chunks(
        self, run_id: str, name: str, *, limit: int | None = None, cursor: str | None = None
    ) -> w.StreamChunksPage:
        return await self._streams.chunks(run_id, name, limit=limit, cursor=cursor)

    async def streams_get_info(self, run_id: str, name: str) -> w.StreamInfo:
        return await self._streams.info(run_id, name)


_ORDERS = {
    None: common_pb2.SORT_ORDER_UNSPECIFIED,
    "asc": common_pb2.SORT_ORDER_ASCENDING,
    "desc": common_pb2.SORT_ORDER_DESCENDING,
}


def _created_by(event: event_pb2.NewEvent) -> event_pb2.RunCreated | None:
    """What an event creates a run from."""
    match event.WhichOneof("data"):
        case "run_created":
            return event.run_created
        case "run_started" if event.run_started.HasField("create"):
            return event.run_started.create
        case _:
            return None
