"""Calls, their errors and what is tried again."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from client_world import WORLD, Seen, Wire, World, cutter, free_port, new_run, scripted

from worldwire import ConnectionStatus, RetryOptions, WorldClient, WorldError, connect, v1
from worldwire.client import bodies
from worldwire.errors import (
    CapabilityNotDeclaredError,
    InvalidArgumentError,
    RunNotFoundError,
    StoreFullError,
    ThrottledError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from worldwire.client.options import Codec, Protocol

RUN_ID = "wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV"
SOON = RetryOptions(budget_ms=20_000, initial_delay_ms=1, max_delay_ms=20)


@pytest.mark.parametrize("protocol", ["connect", "grpc", "grpc-web"])
@pytest.mark.parametrize("codec", ["proto", "json"])
async def test_every_protocol_and_codec_gives_the_same_answers(
    world: World, protocol: Protocol, codec: Codec
) -> None:
    async with WorldClient(url=world.url, protocol=protocol, codec=codec) as client:
        run_id = await new_run(client)
        assert (await client.runs.get_run(v1.GetRunRequest(run_id=run_id))).run.input == b"devl[]"
        with pytest.raises(RunNotFoundError) as caught:
            await client.runs.get_run(v1.GetRunRequest(run_id=RUN_ID))
        error = caught.value
        assert (error.code, error.reason) == ("not_found", "RUN_NOT_FOUND")
        assert error.metadata == {"run_id": RUN_ID}
        assert not error.retryable
        assert (error.upstream_class, error.upstream_status) == ("WorkflowRunNotFoundError", 404)
        await client.streams.append(
            v1.AppendRequest(run_id=run_id, name="s", chunks=[b"a", b"\0"], close=True)
        )
        chunks = [chunk.data async for chunk in client.read_stream(run_id, "s")]
        assert chunks == [b"a", b"\0"]


@pytest.mark.parametrize("url", ["ftp://somewhere", "nothing", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgumentError):
        WorldClient(url=url)


async def test_headers_token_and_project_go_with_every_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.answer(v1.GetRunResponse())

    async with scripted(answer) as world:
        monkeypatch.setenv("WORLDWIRE_URL", world.url)
        monkeypatch.setenv("WORLDWIRE_TOKEN", "from-env")
        async with WorldClient(project="shop") as client:
            await client.runs.get_run(v1.GetRunRequest(), headers={"X-Own": "yes"})
        [seen] = world.seen
        assert seen.headers["authorization"] == "bearer from-env"
        assert seen.headers["worldwire-project"] == "shop"
        assert seen.headers["worldwire-protocol-version"] == "1.0"
        assert seen.headers["x-own"] == "yes"


@pytest.mark.parametrize(
    ("code", "reason", "tries"),
    [
        ("unavailable", None, 2),
        ("unavailable", "SHUTTING_DOWN", 2),
        ("internal", "INTERNAL", 2),
        ("resource_exhausted", "STORE_FULL", 2),
        ("internal", None, 1),
        ("resource_exhausted", None, 1),
        ("unavailable", "OF_A_NEWER_WORLD", 2),
        ("failed_precondition", "OF_A_NEWER_WORLD", 1),
        ("not_found", "RUN_NOT_FOUND", 1),
    ],
)
async def test_only_what_may_help_is_tried_again_and_with_the_same_request(
    code: str, reason: str | None, tries: int
) -> None:
    async def answer(seen: Seen, wire: Wire) -> None:
        if len(world.seen) == 1:
            await wire.refuse(code, reason)
        else:
            await wire.answer(v1.EnqueueResponse(message_id="m"))

    request = v1.EnqueueRequest(message=v1.NewMessage(queue_name="q"))
    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        if tries == 1:
            with pytest.raises(WorldError) as caught:
                await client.queue.enqueue(request)
            assert caught.value.code == code
        else:
            assert (await client.queue.enqueue(request)).message_id == "m"
        ids = {seen.message(v1.EnqueueRequest).request_id for seen in world.seen}
        assert len(world.seen) == tries
        assert len(ids) == 1
        assert "" not in ids
        assert request.request_id == ""


async def test_the_delay_that_the_world_asks_for_is_kept() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            await wire.refuse("resource_exhausted", "THROTTLED", retry_ms=400)
        else:
            await wire.answer(v1.GetRunResponse())

    times: list[float] = []
    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        await client.runs.get_run(v1.GetRunRequest())
        assert times[1] - times[0] >= 0.4


async def test_the_budget_ends_the_tries_with_the_last_error() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.refuse("resource_exhausted", "THROTTLED", retry_ms=60_000)

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        with pytest.raises(ThrottledError) as caught:
            await client.runs.get_run(v1.GetRunRequest())
        assert caught.value.retry_delay == timedelta(seconds=60)
    off = RetryOptions(budget_ms=0)
    async with scripted(answer) as world, WorldClient(url=world.url, retry=off) as client:
        with pytest.raises(ThrottledError):
            await client.runs.get_run(v1.GetRunRequest())
        assert len(world.seen) == 1


Call: TypeAlias = "Callable[[WorldClient], Awaitable[object]]"


def calls() -> list[tuple[Call, int]]:
    """Calls, and how often each is tried when its first two tries are cut."""
    return [
        (lambda c: c.queue.revive_messages(v1.ReviveMessagesRequest()), 1),
        (lambda c: c.queue.delete_push_endpoint(v1.DeletePushEndpointRequest()), 1),
        (lambda c: c.streams.append(v1.AppendRequest(name="s")), 1),
        (lambda c: c.streams.append(v1.AppendRequest(name="s", writer_id="w")), 3),
        (lambda c: c.streams.close(v1.CloseRequest(name="s")), 3),
        (lambda c: c.queue.wake_runs(v1.WakeRunsRequest()), 3),
        (lambda c: c.runs.get_run(v1.GetRunRequest()), 3),
        (lambda c: c.events.create_event(v1.CreateEventRequest()), 3),
    ]


@pytest.mark.parametrize(("call", "tries"), calls())
async def test_a_call_whose_fate_is_unknown_is_repeated_only_where_that_is_safe(
    call: Call, tries: int
) -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        if len(world.seen) < 3:
            wire.cut()
        else:
            await wire.refuse("not_found")

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        with pytest.raises(WorldError) as caught:
            await call(client)
        assert len(world.seen) == tries
        assert caught.value.code == ("unavailable" if tries == 1 else "not_found")


async def test_without_request_ids_a_write_goes_without_one_and_once() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        wire.cut()

    plain = v1.GetWorldResponse(protocol_version="1.0")
    async with (
        scripted(answer, plain) as world,
        WorldClient(url=world.url, retry=SOON) as client,
    ):
        with pytest.raises(WorldError):
            await client.queue.enqueue(v1.EnqueueRequest())
        [seen] = world.seen
        assert seen.message(v1.EnqueueRequest).request_id == ""


async def test_what_is_not_declared_is_not_sent() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.answer(v1.ListQueuesResponse())

    plain = v1.GetWorldResponse(protocol_version="1.0")
    async with scripted(answer, plain) as world, WorldClient(url=world.url) as client:
        with pytest.raises(CapabilityNotDeclaredError):
            await client.queue.list_queues(v1.ListQueuesRequest())
        with pytest.raises(CapabilityNotDeclaredError):
            await anext(client.watch_events("wrun_1"))
        assert world.seen == []


async def test_a_call_that_was_never_sent_is_repeated_whatever_it_is(world: World) -> None:
    port = free_port()
    async with WorldClient(url=f"http://127.0.0.1:{port}", retry=SOON) as client:
        call = asyncio.create_task(client.queue.revive_messages(v1.ReviveMessagesRequest()))
        await asyncio.sleep(0.3)
        assert not call.done()

        async def answer(seen: Seen, wire: Wire) -> None:
            await wire.answer(v1.ReviveMessagesResponse(revived=7))

        async with cutter(world.port) as _, scripted(answer) as up:
            relay = await asyncio.start_server(
                lambda r, w: _relay(r, w, int(up.url.rsplit(":", 1)[1])), "127.0.0.1", port
            )
            assert (await call).revived == 7
            relay.close()


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
    up_writer.write(await reader.read(65536))
    writer.write(await up_reader.read(65536))
    for one in (writer, up_writer):
        one.close()


async def test_a_lost_answer_does_not_become_a_conflict(world: World) -> None:
    async with cutter(world.port) as network, WorldClient(url=network.url, retry=SOON) as client:
        await client.get_world()
        network.lose_answers = True
        created = v1.RunCreated(deployment_id="d", workflow_name="w", input=b"devl1")
        response = await client.events.create_event(
            v1.CreateEventRequest(event=v1.NewEvent(run_created=created, spec_version=5))
        )
        assert network.connections == 2
        run_id = response.run.run_id
        events = client.list_events(v1.ListEventsRequest(run_id=run_id))
        assert len([event async for event in events]) == 1


async def test_every_cut_of_an_answer_is_survived(world: World) -> None:
    async with WorldClient(url=world.url) as direct:
        run_id = await new_run(direct)
    for bytes_through in [0, 1, 5, 20, 100, 150, 180, 200, 220, 240, 260, 280]:
        async with (
            cutter(world.port) as network,
            WorldClient(url=network.url, retry=SOON) as client,
        ):
            network.budgets = [bytes_through]
            assert (await client.runs.get_run(v1.GetRunRequest(run_id=run_id))).run.run_id == run_id


async def test_deadlines_bound_all_tries_together() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await asyncio.sleep(30)

    async with scripted(answer) as world, WorldClient(url=world.url, deadline_ms=200) as client:
        begun = time.monotonic()
        with pytest.raises(WorldError) as caught:
            await client.runs.get_run(v1.GetRunRequest(), timeout_ms=700)
        assert caught.value.code == "deadline_exceeded"
        assert time.monotonic() - begun >= 0.2
        assert 1 <= len(world.seen) <= 4
        assert int(world.seen[0].headers["connect-timeout-ms"]) <= 200


async def test_cancelling_a_task_cancels_its_call_on_the_wire() -> None:
    gone = asyncio.Event()
    come = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        come.set()
        while await reader.read(1000):
            pass
        gone.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with WorldClient(url=url) as client:
        task = asyncio.create_task(client.runs.get_run(v1.GetRunRequest()))
        await come.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 30)
    server.close()


async def test_a_timeout_of_the_caller_is_a_timeout() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await asyncio.sleep(30)

    async with scripted(answer) as world, WorldClient(url=world.url) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.runs.get_run(v1.GetRunRequest())


async def test_closing_ends_calls_and_live_reads_as_canceled() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await asyncio.sleep(30)

    async with scripted(answer) as world:
        client = WorldClient(url=world.url)
        calls: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(client.runs.get_run(v1.GetRunRequest())),
            asyncio.ensure_future(anext(client.read_stream("r", "s"))),
            asyncio.ensure_future(anext(client.watch_events("r"))),
        ]
        while len(world.seen) < 3:
            await asyncio.sleep(0.01)
        await client.close()
        for call in calls:
            with pytest.raises(WorldError) as caught:
                await asyncio.wait_for(call, 30)
            assert caught.value.code == "canceled"
        with pytest.raises(WorldError):
            await client.runs.get_run(v1.GetRunRequest())


async def test_a_bounded_number_of_calls_is_on_the_wire() -> None:
    running, most = 0, 0

    async def answer(_: Seen, wire: Wire) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        await wire.answer(v1.GetRunResponse())

    async with scripted(answer) as world, WorldClient(url=world.url, max_connections=3) as client:
        calls = [client.runs.get_run(v1.GetRunRequest()) for _ in range(30)]
        await asyncio.gather(*calls)
        assert most == 3


async def test_the_status_is_told_once_a_change(tmp_path_factory: pytest.TempPathFactory) -> None:
    changes: list[ConnectionStatus] = []
    own = World(tmp_path_factory.mktemp("status"))
    try:
        async with WorldClient(url=own.url, retry=SOON, on_status=changes.append) as client:
            before = (await client.get_world()).instance_id
            run_id = await new_run(client)
            own.kill()
            calls = [
                asyncio.create_task(client.runs.get_run(v1.GetRunRequest(run_id=run_id)))
                for _ in range(5)
            ]
            await asyncio.sleep(0.3)
            await asyncio.to_thread(own.start)
            for call in calls:
                assert (await call).run.run_id == run_id
            assert [change.state for change in changes] == ["disconnected", "connected"]
            assert changes[0].error is not None
            # Another process answers, so what it is was asked again.
            assert (await client.get_world()).instance_id != before
    finally:
        own.stop()


async def test_a_world_of_another_major_version_is_refused() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.answer(v1.GetRunResponse())

    async with scripted(answer, v1.GetWorldResponse(protocol_version="2.0")) as world:
        with pytest.raises(WorldError) as caught:
            await connect(url=world.url)
        assert caught.value.code == "failed_precondition"
    async with scripted(answer, WORLD) as world:
        await (await connect(url=world.url)).close()


async def test_an_answer_that_is_no_message_is_an_error_and_not_a_value() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.send(200, "text/html", b"<p>hello</p>")

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        with pytest.raises(WorldError):
            await client.runs.get_run(v1.GetRunRequest())
        assert len(world.seen) == 1


@pytest.mark.parametrize("announced", [True, False])
async def test_an_answer_beyond_all_measure_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        if announced:
            await wire.send(200, "application/proto", b"x" * 2000)
            return
        head = b"HTTP/1.1 200 X\r\ncontent-type: application/proto\r\n"
        await wire.write(head + b"transfer-encoding: chunked\r\n\r\n")
        while True:
            await wire.piece(b"x" * 2000)

    monkeypatch.setattr(bodies, "MAX_MESSAGE_BYTES", 1000)
    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        with pytest.raises(WorldError) as caught:
            await client.runs.get_run(v1.GetRunRequest())
        assert caught.value.code == "resource_exhausted"
        assert len(world.seen) == 1


async def test_a_message_that_announces_too_much_is_not_waited_for() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.begin()
        await wire.piece(b"\0\xff\xff\xff\xff")
        await asyncio.sleep(30)

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        with pytest.raises(WorldError) as caught:
            await asyncio.wait_for(anext(client.read_stream("r", "s")), 30)
        assert caught.value.code == "resource_exhausted"


async def test_a_request_that_cannot_be_written_is_not_tried_again() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.answer(v1.GetRunResponse())

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        with pytest.raises(WorldError) as caught:
            await client.runs.get_run("no message")  # pyright: ignore[reportArgumentType]
        assert caught.value.code == "internal"
        assert world.seen == []


async def test_a_proxy_without_its_world_is_an_outage() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        if len(world.seen) == 1:
            await wire.send(502, "text/html", b"<p>bad gateway</p>")
        else:
            await wire.answer(v1.GetRunResponse())

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        await client.runs.get_run(v1.GetRunRequest())
        assert len(world.seen) == 2


def test_errors_survive_pickling() -> None:
    import pickle

    error = WorldError.of("full", code="resource_exhausted", reason="STORE_FULL")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, StoreFullError)
    assert (again.code, str(again)) == ("resource_exhausted", "full")
