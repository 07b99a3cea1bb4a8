# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportMissingImports=false
"""The members of the World, against the reference World."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from orders import workflows as app
from vercel.workflow import start
from vercel.workflow._internal import runtime, ulid
from vercel.workflow._internal import serialization as ser
from vercel.workflow._internal import world as w
from vercel_harness import until

from worldwire import Ack, WorldClient
from worldwire.envelope import is_sealed, prefix_of
from worldwire.v1 import (
    CAPABILITY_READERS,
    Delivery,
    GetRunRequest,
    ListChunksRequest,
    ListEventsResponse,
    ListQueuesRequest,
)
from worldwire.vercel import KeyMissingError, on_deployment, run_keys, use_worldwire
from worldwire.vercel.config import read_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from vercel_harness import Server

    from worldwire.vercel import WorldwireWorld

PAYLOAD = b'devl["plain"]'

_new_ulid = ulid.monotonic_factory()


def new_id(kind: str) -> str:
    return f"{kind}_{_new_ulid()}"


async def new_run(world: w.World, run_id: str | None = None, **fields: Any) -> str:
    """A run that is under way and that no worker knows."""
    data = w.RunCreatedEventData(
        deployment_id="nobody", workflow_name="none", input=PAYLOAD, **fields
    )
    created = await world.events_create(run_id, data.into_event())
    assert created.run is not None
    started = await world.events_create(created.run.run_id, w.RunStartedEvent())
    assert started.run is not None
    assert started.run.status == "running"
    return created.run.run_id


class TestEvents:
    async def test_gives_a_run_its_id_and_seals_its_input(self, world: WorldwireWorld) -> None:
        run_id = await new_run(world)
        run = await world.runs_get(run_id)
        key = await world.run_key(run_id)
        assert run_id.startswith("wrun_")
        assert is_sealed(run.input)
        assert ser.hydrate(run.input, what="the input", key=key) == "plain"

    async def test_a_start_of_a_running_run_returns_the_run(self, world: WorldwireWorld) -> None:
        run_id = await new_run(world)
        again = await world.events_create(run_id, w.RunStartedEvent())
        assert again.event is None
        assert again.run is not None
        assert again.run.started_at == (await world.runs_get(run_id)).started_at

    async def test_raises_what_the_sdk_tells_apart(self, world: WorldwireWorld) -> None:
        run_id, step, hook = await new_run(world), new_id("step"), new_id("hook")
        created = w.StepCreatedEventData(step_name="s", input=PAYLOAD).into_event(step)
        await world.events_create(run_id, created)
        with pytest.raises(w.EntityConflictError):
            await world.events_create(run_id, created)
        later = datetime.now(UTC) + timedelta(seconds=30)
        retrying = w.StepRetryingEventData(error=PAYLOAD, retry_after=later)
        await world.events_create(run_id, retrying.into_event(step))
        with pytest.raises(w.TooEarlyError) as early:
            await world.events_create(run_id, w.StepStartedEvent(correlation_id=step))
        assert 20 <= (early.value.retry_after or 0) <= 30
        with pytest.raises(w.HookNotFoundError):
            await world.events_create(run_id, w.HookDisposedEvent(correlation_id=hook))
        with pytest.raises(w.HookNotFoundError):
            await world.hooks_get_by_token(hook)
        await world.events_create(run_id, w.RunCompletedEventData(output=PAYLOAD).into_event())
        with pytest.raises(w.EntityConflictError):
            await world.events_create(run_id, w.RunCompletedEventData(output=PAYLOAD).into_event())
        with pytest.raises(w.RunExpiredError):
            await world.events_create(run_id, w.RunStartedEvent())
        with pytest.raises(w.WorkflowWorldError) as missing:
            await world.runs_get(new_id("wrun"))
        assert missing.value.status == 404

    async def test_a_step_has_what_the_sdk_runs_it_by(self, world: WorldwireWorld) -> None:
        run_id, step = await new_run(world), new_id("step")
        created = w.StepCreatedEventData(step_name="s", input=PAYLOAD).into_event(step)
        await world.events_create(run_id, created)
        for attempt in (1, 2):
            result = await world.events_create(run_id, w.StepStartedEvent(correlation_id=step))
            assert result.step is not None
            assert (result.step.attempt, result.step.step_name) == (attempt, "s")
            assert result.step.started_at is not None
            assert is_sealed(result.step.input)
        assert await world.steps_get(run_id, step) == result.step

    async def test_a_token_that_is_taken_is_a_conflict_event(self, world: WorldwireWorld) -> None:
        token, owner = uuid.uuid4().hex, await new_run(world)
        hook = w.HookCreatedEventData(token=token, metadata=PAYLOAD)
        await world.events_create(owner, hook.into_event(new_id("hook")))
        other = await new_run(world)
        result = await world.events_create(other, hook.into_event(new_id("hook")))
        assert isinstance(result.event, w.HookConflictEvent)
        assert result.event.event_data.conflicting_run_id == owner
        found = await world.hooks_get_by_token(token)
        assert (found.run_id, found.is_webhook) == (owner, False)
        assert is_sealed(found.metadata)

    async def test_a_resume_that_two_bring_lands_once(self, world: WorldwireWorld) -> None:
        run_id, hook = await new_run(world), new_id("hook")
        await world.events_create(run_id, w.HookCreatedEventData(token=hook).into_event(hook))
        resume_id = _new_ulid()

        async def resume(payload: bytes) -> w.EventResult:
            event = w.HookReceivedEventData(payload=payload).into_event(hook)
            event._queue_input = w.HookResumeInput(
                resume_id=resume_id,
                hook_id=hook,
                token=hook,
                payload=payload,
                payload_digest=hashlib.sha256(payload).hexdigest(),
            )
            return await world.events_create(run_id, event)

        first, second = await resume(PAYLOAD), await resume(PAYLOAD)
        assert first.event is not None
        assert second.event is not None
        assert first.event.server_props == second.event.server_props
        assert first.event.server_props is not None
        assert first.event.server_props.resume_id == resume_id
        with pytest.raises(w.HookResumeConflictError):
            await resume(b'devl["other"]')
        log = (await world.events_list(run_id)).data
        received = [event for event in log if isinstance(event, w.HookReceivedEvent)]
        # It is another writer's payload, whose digest both have.
        assert [event.event_data.payload for event in received] == [PAYLOAD]

    async def test_errors_in_texts_are_sealed_as_values(self, world: WorldwireWorld) -> None:
        run_id = await new_run(world)
        error = {"message": "it broke", "stack": "somewhere", "code": "USER_ERROR"}
        await world.events_create(run_id, w.RunFailedEventData(error=error).into_event())
        run = await world.runs_get(run_id)
        assert prefix_of(run.error) == "encr"
        key = await world.run_key(run_id)
        assert str(ser.hydrate_error(run.error, what="the error", key=key)) == "Error: it broke"

    async def test_the_log_goes_on_from_its_last_cursor(self, world: WorldwireWorld) -> None:
        run_id = await new_run(world)
        loaded = await runtime.get_all_workflow_run_events(run_id)
        assert [event.event_type for event in loaded.events] == ["run_created", "run_started"]
        assert loaded.cursor is not None
        nothing = await runtime.get_all_workflow_run_events(run_id, after_cursor=loaded.cursor)
        assert (nothing.events, nothing.cursor) == ([], loaded.cursor)
        await world.events_create(run_id, w.RunCancelledEvent())
        delta = await runtime.get_all_workflow_run_events(run_id, after_cursor=nothing.cursor)
        assert [event.event_type for event in delta.events] == ["run_cancelled"]

    async def test_a_last_page_without_a_cursor_keeps_the_one_before(
        self, world: WorldwireWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connection = await world._connect()

        async def list_events(_: object) -> ListEventsResponse:
            return ListEventsResponse()

        monkeypatch.setattr(connection.client.events, "list_events", list_events)
        given = w.PaginationOptions(cursor="here", sort_order="asc")
        assert (await world.events_list("wrun_1", pagination=given)).cursor == "here"

    async def test_a_world_that_knows_readers_refuses_by_a_reason(
        self, world: WorldwireWorld
    ) -> None:
        connection = await world._connect()
        assert connection.declares(CAPABILITY_READERS)
        run_id = await new_run(world)
        await world.events_create(run_id, w.RunCancelledEvent())
        assert len((await world.events_list(run_id)).data) == 3
        # As an older version of the SDK would say it.
        connection._reader.event_types.remove("run_cancelled")
        page = await world.events_list(run_id)
        assert (len(page.data), page.has_more) == (2, True)
        with pytest.raises(w.WorkflowWorldError, match="run_cancelled") as refused:
            await world.events_list(run_id, pagination=w.PaginationOptions(cursor=page.cursor))
        assert (refused.value.code, refused.value.status) == ("FEATURE_NOT_READ", 501)
        connection._reader.max_spec_version = w.SPEC_VERSION_CURRENT - 1
        with pytest.raises(w.WorkflowWorldError, match="spec_version:5"):
            await world.runs_get(run_id)

    async def test_lists_in_pages_and_backwards(self, world: WorldwireWorld) -> None:
        run_id = await new_run(world)
        page = await world.events_list(
            run_id, pagination=w.PaginationOptions(limit=1, sort_order="desc")
        )
        assert [event.event_type for event in page.data] == ["run_started"]
        assert page.has_more


class TestStreams:
    async def test_keeps_the_bounds_of_chunks(self, world: WorldwireWorld, server: Server) -> None:
        run_id, name = await new_run(world), "strm_bounds"
        value = len(PAYLOAD).to_bytes(4, "big") + PAYLOAD
        chunks = [value, b"bytes", b"\0" * 100_000, value, b"seal\x01x"]
        await world.streams_write(run_id, name, chunks[0])
        await world.streams_write_multi(run_id, name, chunks[1:])
        await world.streams_write_multi(run_id, name, [])
        assert await world.streams_get_info(run_id, name) == w.StreamInfo(tail_index=4, done=False)
        await world.streams_close(run_id, name)
        await world.streams_close(run_id, name)
        await world.streams_write(run_id, name, b"too late")
        assert [chunk async for chunk in world.streams_get(run_id, name)] == chunks
        assert [chunk async for chunk in world.streams_get(run_id, name, -2)] == chunks[-2:]
        assert await world.streams_list(run_id) == [name]
        page = await world.streams_get_chunks(run_id, name, limit=2)
        assert ([one.data for one in page.data], page.has_more) == (chunks[:2], True)
        rest = await world.streams_get_chunks(run_id, name, cursor=page.cursor)
        assert [(one.index, one.data) for one in rest.data] == list(enumerate(chunks))[2:]
        assert (rest.has_more, rest.cursor, rest.done) == (False, None, True)
        async with WorldClient(url=server.url) as stranger:
            request = ListChunksRequest(run_id=run_id, name=name)
            stored = [chunk.data async for chunk in stranger.list_chunks(request)]
        assert [b"seal" in one[:8] or b"encr" in one[:8] for one in stored] == [True] * 5
        assert not any(b"plain" in one for one in stored)

    async def test_go_on_after_the_connections_were_closed(self, world: WorldwireWorld) -> None:
        run_id, name = await new_run(world), "strm_again"
        await world.streams_write(run_id, name, b"one")
        await world.aclose()
        await world.streams_write(run_id, name, b"two")
        page = await world.streams_get_chunks(run_id, name)
        assert [one.data for one in page.data] == [b"one", b"two"]


class TestQueue:
    @pytest.fixture
    def prefix(self) -> str:
        return f"__t{uuid.uuid4().hex}_wkf_workflow_"

    @pytest.fixture
    async def own_world(
        self, server: Server, key: str, prefix: str
    ) -> AsyncIterator[WorldwireWorld]:
        world = use_worldwire(url=server.url, key=key, deployment_id=prefix)
        yield world
        await world.aclose()

    async def send(self, world: w.World, prefix: str, **options: Any) -> str:
        message = w.WorkflowInvokePayload(run_id=new_id("wrun"))
        return await world.queue(f"{prefix}some//workflow", message, **options)

    @pytest.mark.parametrize("again", ["wait_1", None, "wait_2"])
    async def test_sends_a_message_again_that_a_handler_continues(
        self, own_world: WorldwireWorld, prefix: str, again: str | None
    ) -> None:
        seen: list[tuple[Any, str, int]] = []

        async def handler(
            message: Any, *, attempt: int, queue_name: str, message_id: str
        ) -> w.QueueContinuation | None:
            seen.append((message, message_id, attempt))
            return w.QueueContinuation(0.2, again) if len(seen) < 3 else None

        own_world.create_queue_handler(prefix, handler)
        async with own_world:
            # The key of a message is taken until it is acknowledged, also for its own continuation.
            first = await self.send(own_world, prefix, idempotency_key="wait_1")
            await until("three deliveries", self.at_least(seen, 3))
        assert seen[0][1] == first
        assert len({message_id for _, message_id, _ in seen}) == 3
        assert [attempt for _, _, attempt in seen] == [1, 1, 1]
        assert seen[0][0] == seen[1][0] == seen[2][0]

    async def test_a_message_whose_handler_fails_comes_again(
        self, own_world: WorldwireWorld, prefix: str
    ) -> None:
        seen: list[tuple[str, int]] = []

        async def handler(_: Any, *, attempt: int, queue_name: str, message_id: str) -> None:
            seen.append((message_id, attempt))
            if attempt == 1:
                raise OSError("once")
            raise ExceptionGroup("ended", [w.RunExpiredError("gone", status=410)])

        own_world.create_queue_handler(prefix, handler)
        async with own_world:
            sent = await self.send(own_world, prefix)
            await until("two deliveries", self.at_least(seen, 2))
            await self.drained(own_world, prefix)
        # What a run that has ended asks for is done with.
        assert seen == [(sent, 1), (sent, 2)]

    async def test_a_step_that_a_crash_left_without_a_message_gets_it(
        self, own_world: WorldwireWorld, prefix: str
    ) -> None:
        run_id, lost, begun = await new_run(own_world), new_id("step"), new_id("step")
        for step in (lost, begun):
            created = w.StepCreatedEventData(step_name="name", input=PAYLOAD).into_event(step)
            await own_world.events_create(run_id, created)
        await own_world.events_create(run_id, w.StepStartedEvent(correlation_id=begun))
        seen: list[tuple[int, Any]] = []

        async def handler(message: Any, *, attempt: int, queue_name: str, message_id: str) -> None:
            seen.append((attempt, message))
            if attempt == 1 and "stepId" not in message:
                raise OSError("as good as dead")

        own_world.create_queue_handler(prefix, handler)
        async with own_world:
            message = w.WorkflowInvokePayload(run_id=run_id)
            await own_world.queue(f"{prefix}some//workflow", message, deployment_id=prefix)
            await until("three deliveries", self.at_least(seen, 3))
            await self.drained(own_world, prefix)
        assert [attempt for attempt, message in seen if "stepId" not in message] == [1, 2]
        assert [message for _, message in seen if "stepId" in message] == [
            {"runId": run_id, "stepId": lost, "stepName": "name"}
        ]

    async def test_a_block_ends_when_its_handlers_have(
        self, own_world: WorldwireWorld, prefix: str
    ) -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def handler(_: Any, *, attempt: int, queue_name: str, message_id: str) -> None:
            begun.set()
            await asyncio.sleep(0.5)
            ended.set()

        own_world.create_queue_handler(prefix, handler)
        before = asyncio.all_tasks()
        async with own_world:
            await self.send(own_world, prefix)
            await begun.wait()
        assert ended.is_set()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before
        await self.drained(own_world, prefix)

    async def test_a_handler_that_comes_late_gets_its_work(
        self, own_world: WorldwireWorld, prefix: str
    ) -> None:
        done = asyncio.Event()

        async def handler(_: Any, *, attempt: int, queue_name: str, message_id: str) -> None:
            done.set()

        async with own_world:
            await self.send(own_world, prefix)
            own_world.create_queue_handler(prefix, handler)
            await asyncio.wait_for(done.wait(), 30)

    async def test_takes_no_work_where_it_is_told_so(
        self, own_world: WorldwireWorld, prefix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WORLDWIRE_WORKER", "0")
        done = asyncio.Event()

        async def handler(message: Any, *, attempt: int, queue_name: str, message_id: str) -> None:
            done.set()

        async with own_world:
            own_world.create_queue_handler(prefix, handler)
            await self.send(own_world, prefix)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(done.wait(), 1)

    async def test_a_wake_goes_to_the_deployment_of_its_run(
        self, world: WorldwireWorld, server: Server, prefix: str
    ) -> None:
        run_id = await new_run(world)
        await world.queue(f"{prefix}none", w.WorkflowInvokePayload(run_id=run_id))
        taken: list[Delivery] = []

        async def take(delivery: Delivery, _: object) -> Ack:
            taken.append(delivery)
            return Ack()

        async with (
            WorldClient(url=server.url) as client,
            client.consume(take, queue_prefixes=[prefix], deployment_id="nobody"),
        ):
            await until("the wake", self.at_least(taken, 1))
        assert [one.deployment_id for one in taken] == ["nobody"]

    @staticmethod
    def at_least(seen: list[Any], count: int) -> Any:
        async def ask() -> bool | None:
            return True if len(seen) >= count else None

        return ask

    @staticmethod
    async def drained(world: WorldwireWorld, prefix: str) -> None:
        """Waits until nothing waits in the queues of a prefix."""
        client = (await world._connect()).client

        async def ask() -> bool | None:
            counts: Counter[str] = Counter()
            async for queue in client.list_queues(ListQueuesRequest()):
                if queue.queue_name.startswith(prefix):
                    counts.update(ready=queue.ready, delayed=queue.delayed, leased=queue.leased)
            return True if counts.total() == 0 else None

        await until("the queue is empty", ask)


class TestKeys:
    async def test_a_run_whose_key_is_missing_waits_until_it_is_there(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(run_keys, "DEFER_SECONDS", 0.2)
        own, other = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in "12")
        deployment = uuid.uuid4().hex
        starter = use_worldwire(url=server.url, key=own, deployment_id=deployment)
        run = await start(app.sequence, 2)
        await starter.aclose()

        keys = tmp_path / "keys"
        keys.write_text(f"{other}\n")
        world = use_worldwire(url=server.url, key_file=keys, deployment_id=deployment)
        runtime.workflow_entrypoint(app.workflows)
        async with world:
            with pytest.raises(KeyMissingError, match=f"the key of run {run.run_id} is missing"):
                await world.run_key(run.run_id)
            await asyncio.sleep(1)
            assert await run.status() == "pending"
            keys.write_text(f"{other}\n{own}\n")
            async with asyncio.timeout(60):
                assert await run.return_value() == 3
        log = [event.event_type for event in (await world.events_list(run.run_id)).data]
        assert "step_retrying" not in log
        await world.aclose()

    async def test_nothing_is_sealed_where_it_is_told_so(self, server: Server) -> None:
        world = use_worldwire(url=server.url, encryption="off")
        assert await world.run_key(new_id("wrun")) is None
        run_id = await new_run(world)
        assert (await world.runs_get(run_id)).input == PAYLOAD
        await world.streams_write(run_id, "strm_plain", b"chunk")
        page = await world.streams_get_chunks(run_id, "strm_plain")
        assert [one.data for one in page.data] == [b"chunk"]
        await world.aclose()

    async def test_the_record_names_the_key_of_another_deployment(self, server: Server) -> None:
        one, two = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in "12")
        world = use_worldwire(url=server.url, key=f"here {one},there {two}", deployment_id="here")
        with on_deployment("there"):
            assert await world.get_deployment_id() == "there"
            run = await start(app.sequence, 1)
        assert await world.get_deployment_id() == "here"
        async with WorldClient(url=server.url) as client:
            record = (await client.runs.get_run(GetRunRequest(run_id=run.run_id))).run
        assert record.deployment_id == "there"
        reader = use_worldwire(url=server.url, key=two)
        key = await reader.run_key(run.run_id)
        assert ser.hydrate(record.input, what="the input", key=key) == [{"count": 1}]
        for each in (world, reader):
            await each.aclose()


class TestSettings:
    def test_come_from_the_environment(self) -> None:
        config = read_config(
            env={
                "WORLDWIRE_URL": "http://w",
                "WORLDWIRE_TOKEN": "t",
                "WORLDWIRE_PROJECT": "p",
                "WORLDWIRE_DEPLOYMENT_ID": "d",
                "WORLDWIRE_ENVIRONMENT": "e",
                "WORLDWIRE_CONCURRENCY": "7",
            }
        )
        assert (config.url, config.token, config.project) == ("http://w", "t", "p")
        assert (config.deployment_id, config.environment) == ("d", "e")
        assert config.concurrency == 7
        assert read_config(env={}).deployment_id == "default"

    @pytest.mark.parametrize(
        "env",
        [
            {"WORLDWIRE_URL": "embedded:.worldwire"},
            {"WORLDWIRE_URL": "postgres://me:secret@db/world"},
            {"WORLDWIRE_CONCURRENCY": "0"},
            {"WORLDWIRE_CONCURRENCY": "many"},
            {"WORLDWIRE_ENCRYPTION": "maybe"},
        ],
        ids=lambda env: next(iter(env.values())),
    )
    def test_that_are_wrong_are_named(self, env: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=next(iter(env))):
            read_config(env=env)

    def test_comes_before_another_world(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Other:
            pass

        monkeypatch.setattr(w, "the_world", Other())
        with pytest.raises(RuntimeError, match="Other"):
            use_worldwire()

    def test_writes_the_manifest(
        self, world: WorldwireWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        manifest = runtime.build_manifest(app.workflows)
        path = world.write_manifest(manifest)
        assert path == tmp_path / ".well-known/workflow/v1/manifest.json"
        assert path is not None
        assert json.loads(path.read_text()) == manifest
