"""Pages, and live reads that resume exactly."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from client_world import (
    Seen,
    Wire,
    World,
    cutter,
    end_of_stream,
    envelope,
    error_json,
    new_run,
    scripted,
)

from worldwire import RetryOptions, StreamChunk, WorldClient, WorldError, v1

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from worldwire.client.options import Protocol

SOON = RetryOptions(budget_ms=20_000, initial_delay_ms=1, max_delay_ms=20)
CHUNKS = [b"one", b"", b"three\0", b"4" * 300, b"five"]


def read_response(*chunks: tuple[int, bytes], done: bool = False) -> v1.ReadResponse:
    return v1.ReadResponse(
        chunks=[v1.Chunk(index=index, data=data) for index, data in chunks], done=done
    )


async def test_lists_go_to_the_end_page_by_page(client: WorldClient) -> None:
    names = {await new_run(client, "paged") for _ in range(5)}
    request = v1.ListRunsRequest(workflow_name="paged", page=v1.PageRequest(limit=2))
    listed = [run.run_id async for run in client.list_runs(request)]
    assert set(listed) == names
    assert len(listed) == 5
    assert request.page.cursor == ""


async def test_a_list_is_read_only_as_far_as_it_is_pulled() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        page = v1.PageInfo(cursor=f"c{len(world.seen)}", has_more=True)
        await wire.answer(v1.ListStreamsResponse(names=["a", "b"], page=page))

    async with scripted(answer) as world, WorldClient(url=world.url) as client:
        names = client.list_streams(v1.ListStreamsRequest(page=v1.PageRequest(cursor="from")))
        assert [await anext(names) for _ in range(3)] == ["a", "b", "a"]
        await names.aclose()
        asked = [seen.message(v1.ListStreamsRequest).page.cursor for seen in world.seen]
        assert asked == ["from", "c1"]


@pytest.mark.parametrize("cursor", ["", "same"])
async def test_cursors_that_do_not_advance_end_a_list(cursor: str) -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        page = v1.PageInfo(cursor=cursor, has_more=True)
        await wire.answer(v1.ListStreamsResponse(names=["a"], page=page))

    async with scripted(answer) as world, WorldClient(url=world.url) as client:
        request = v1.ListStreamsRequest(page=v1.PageRequest(cursor=cursor))
        with pytest.raises(WorldError) as caught:
            _ = [name async for name in client.list_streams(request)]
        assert caught.value.code == "data_loss"


@pytest.mark.parametrize(("protocol", "step"), [("connect", 7), ("grpc", 60), ("grpc-web", 60)])
async def test_a_stream_is_resumed_after_a_cut_at_any_byte(
    world: World, protocol: Protocol, step: int
) -> None:
    async with WorldClient(url=world.url) as direct:
        run_id = await new_run(direct)
        await direct.stream_writer(run_id, "s").write(CHUNKS)
        await direct.streams.close(v1.CloseRequest(run_id=run_id, name="s"))
    expected = [StreamChunk(index, data) for index, data in enumerate(CHUNKS)]
    async with cutter(world.port) as network, WorldClient(url=network.url, retry=SOON) as client:
        await client.get_world()
        for through in range(0, 900, step):
            network.budgets = [through]
            # A connection of its own, which the cutter has a budget for.
            before = network.connections
            async with WorldClient(url=network.url, retry=SOON, protocol=protocol) as other:
                got = [chunk async for chunk in other.read_stream(run_id, "s")]
            assert got == expected, through
            assert network.connections > before


async def test_a_body_that_ends_neatly_at_any_byte_is_resumed() -> None:
    whole = envelope(v1.ReadResponse()) + b"".join(
        envelope(read_response((i, data), done=i == 2)) for i, data in enumerate([b"a", b"", b"c"])
    )
    whole += end_of_stream()

    async def answer(seen: Seen, wire: Wire) -> None:
        await wire.begin()
        asked = seen.message(v1.ReadRequest).start_index
        if len(world.seen) % 2 == 1:
            if cut > 0:
                await wire.piece(whole[:cut])
            await wire.end()
            return
        for i, data in enumerate([b"a", b"", b"c"]):
            if i >= asked:
                await wire.piece(envelope(read_response((i, data), done=i == 2)))
        await wire.piece(end_of_stream())
        await wire.end()

    cut = 0
    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        for cut in range(len(whole) - len(end_of_stream())):
            world.seen.clear()
            got = [chunk.data async for chunk in client.read_stream("r", "s")]
            assert got == [b"a", b"", b"c"], cut


async def test_a_negative_start_is_resumed_where_it_began() -> None:
    async def answer(seen: Seen, wire: Wire) -> None:
        await wire.begin()
        if len(world.seen) == 1:
            await wire.piece(envelope(v1.ReadResponse(next_index=7)))
            await wire.piece(envelope(read_response((7, b"seven"))))
            wire.cut()
        else:
            await wire.piece(envelope(read_response((8, b"eight"), done=True)))
            await wire.piece(end_of_stream())
            await wire.end()

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        got = [chunk.index async for chunk in client.read_stream("r", "s", start_index=-2)]
        assert got == [7, 8]
        asked = [seen.message(v1.ReadRequest).start_index for seen in world.seen]
        assert asked == [-2, 8]


async def test_repeats_are_dropped_and_gaps_are_told() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.begin()
        await wire.piece(envelope(read_response((0, b"a"), (1, b"b"))))
        await wire.piece(envelope(read_response((1, b"b"), (2, b"c"))))
        await wire.piece(envelope(read_response((4, b"e"))))

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        got: list[int] = []
        with pytest.raises(WorldError) as caught:
            async for chunk in client.read_stream("r", "s"):
                got.append(chunk.index)
        assert got == [0, 1, 2]
        assert caught.value.code == "data_loss"
        assert caught.value.metadata == {"expected": "3", "actual": "4"}


async def test_an_error_that_ends_a_stream_is_raised() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.begin()
        await wire.piece(end_of_stream(error_json("failed_precondition", "STREAM_EXPIRED")))
        await wire.end()

    async with scripted(answer) as world, WorldClient(url=world.url, retry=SOON) as client:
        with pytest.raises(WorldError) as caught:
            await anext(client.read_stream("r", "s"))
        assert caught.value.reason == "STREAM_EXPIRED"
        assert len(world.seen) == 1


async def test_a_server_that_only_accepts_and_breaks_is_given_up() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.begin()
        await wire.piece(envelope(v1.ReadResponse()))
        wire.cut()

    short = RetryOptions(budget_ms=300, initial_delay_ms=1, max_delay_ms=20)
    async with scripted(answer) as world, WorldClient(url=world.url, retry=short) as client:
        with pytest.raises(WorldError) as caught:
            await anext(client.read_stream("r", "s"))
        assert caught.value.code == "unavailable"
        assert len(world.seen) > 1


async def test_silence_is_a_cut_and_signs_of_life_are_not() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.begin()
        await wire.piece(envelope(v1.ReadResponse()))
        if len(world.seen) == 1:
            await asyncio.sleep(30)
        for _life in range(5):
            await asyncio.sleep(0.5)
            await wire.piece(envelope(v1.ReadResponse()))
        await wire.piece(envelope(read_response((0, b"a"), done=True)) + end_of_stream())
        await wire.end()

    async with (
        scripted(answer) as world,
        WorldClient(url=world.url, retry=SOON, idle_ms=2000) as client,
    ):
        got = [chunk.data async for chunk in client.read_stream("r", "s")]
        assert got == [b"a"]
        assert len(world.seen) == 2


async def test_a_log_is_watched_to_the_end_of_its_run(world: World) -> None:
    async with cutter(world.port) as network, WorldClient(url=world.url) as direct:
        run_id = await new_run(direct)

        async def write() -> None:
            for data in (
                v1.NewEvent(run_started=v1.RunStarted()),
                v1.NewEvent(run_completed=v1.RunCompleted(output=b"devl1")),
            ):
                await asyncio.sleep(0.1)
                data.spec_version = 5
                await direct.events.create_event(v1.CreateEventRequest(run_id=run_id, event=data))

        async with WorldClient(url=network.url, retry=SOON) as client:
            await client.get_world()
            network.budgets = [200, 260, 300, 400]
            async with WorldClient(url=network.url, retry=SOON) as other:
                writing = asyncio.create_task(write())
                positions = [event.position async for event in other.watch_events(run_id)]
            await writing
            assert positions == [1, 2, 3]
            rest = [event.position async for event in client.watch_events(run_id, after_position=2)]
            assert rest == [3]


async def test_leaving_a_read_closes_its_request(world: World) -> None:
    gone = asyncio.Event()

    async def answer(_: Seen, wire: Wire) -> None:
        try:
            await wire.begin()
            for index in range(100_000):
                await wire.piece(envelope(read_response((index, b"x" * 1000))))
                await asyncio.sleep(0)
        except OSError:
            gone.set()
            raise

    async with scripted(answer) as scripted_world, WorldClient(url=scripted_world.url) as client:
        async with aclosing(client.read_stream("r", "s")) as chunks:
            async for chunk in chunks:
                if chunk.index == 3:
                    break
        await asyncio.wait_for(gone.wait(), 30)


async def test_a_slow_reader_holds_the_world_back() -> None:
    sent = 0

    async def answer(_: Seen, wire: Wire) -> None:
        nonlocal sent
        await wire.begin()
        for index in range(100_000):
            await wire.piece(envelope(read_response((index, b"x" * 10_000))))
            sent += 10_000

    async with (
        scripted(answer) as world,
        WorldClient(url=world.url) as client,
        aclosing(client.read_stream("r", "s")) as chunks,
    ):
        await anext(chunks)
        before = 0
        while sent != before:
            before = sent
            await asyncio.sleep(0.5)
        assert sent < 64 * 1024 * 1024


async def test_a_read_survives_the_death_of_the_world(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    own = World(tmp_path_factory.mktemp("live"))
    try:
        async with WorldClient(url=own.url, retry=SOON, on_status=lambda _: None) as client:
            run_id = await new_run(client)
            writer = client.stream_writer(run_id, "s")
            await writer.write([b"a", b"b"])
            chunks: AsyncGenerator[StreamChunk] = client.read_stream(run_id, "s")
            got = [(await anext(chunks)).data for _ in range(2)]
            own.kill()
            pending = [writer.write(b"c"), writer.write(b"d"), writer.close()]
            await asyncio.sleep(0.2)
            await asyncio.to_thread(own.start)
            assert [result.tail_index for result in await asyncio.gather(*pending)][-1] == 3
            got += [chunk.data async for chunk in chunks]
            assert got == [b"a", b"b", b"c", b"d"]
    finally:
        own.stop()
