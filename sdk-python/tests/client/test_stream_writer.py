"""Writers whose chunks land once."""

from __future__ import annotations

import asyncio

import pytest
from client_world import Seen, Wire, World, cutter, new_run, scripted

from worldwire import RetryOptions, WorldClient, WorldError, v1
from worldwire.client.stream_writer import MAX_BYTES, MAX_CHUNKS, MAX_WAITING_BYTES, batch_size

SOON = RetryOptions(budget_ms=20_000, initial_delay_ms=1, max_delay_ms=20)


async def test_writes_land_once_and_in_order_over_lost_answers(world: World) -> None:
    async with cutter(world.port) as network, WorldClient(url=network.url, retry=SOON) as client:
        run_id = await new_run(client)
        writer = client.stream_writer(run_id, "s")
        for number in range(20):
            network.lose_answers = number % 3 == 0
            result = await writer.write([b"%d" % number, b""])
            assert result.tail_index == number * 2 + 1
        assert writer.sequence == 40
        closed = await writer.close()
        assert (closed.tail_index, closed.was_closed) == (39, False)
        assert await writer.close() == closed
        chunks = client.list_chunks(v1.ListChunksRequest(run_id=run_id, name="s"))
        data = [chunk.data async for chunk in chunks]
        assert data == [part for number in range(20) for part in (b"%d" % number, b"")]
        with pytest.raises(WorldError) as caught:
            await writer.write(b"late")
        assert caught.value.code == "failed_precondition"


async def test_what_waits_is_sent_together_and_closes_with_it() -> None:
    async def answer(seen: Seen, wire: Wire) -> None:
        request = seen.message(v1.AppendRequest)
        landed.extend(request.chunks)
        arrived.set()
        await all_written.wait()
        await wire.answer(v1.AppendResponse(tail_index=len(landed) - 1))

    landed: list[bytes] = []
    arrived, all_written = asyncio.Event(), asyncio.Event()
    async with scripted(answer) as world, WorldClient(url=world.url) as client:
        writer = client.stream_writer("r", "s", writer_id="w", sequence=5)
        first = writer.write(b"0")
        await arrived.wait()
        rest = [writer.write(b"%d" % i) for i in range(1, 6)]
        closed = writer.close()
        all_written.set()
        assert (await first).tail_index == 0
        assert [(await one).tail_index for one in rest] == [5] * 5
        assert (await closed).tail_index == 5
        requests = [seen.message(v1.AppendRequest) for seen in world.seen]
        assert [(r.sequence, len(r.chunks), r.close) for r in requests] == [
            (5, 1, False),
            (6, 5, True),
        ]
        assert {r.writer_id for r in requests} == {"w"}


async def test_a_failure_fails_everything_after_it() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await wire.refuse("failed_precondition", "STREAM_EXPIRED")

    async with scripted(answer) as world, WorldClient(url=world.url) as client:
        writer = client.stream_writer("r", "s")
        calls = [writer.write(b"1"), writer.write(b"2"), writer.close()]
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, WorldError)
            assert outcome.reason == "STREAM_EXPIRED"
        with pytest.raises(WorldError):
            await writer.write(b"3")
        assert len(world.seen) == 1


async def test_a_writer_that_does_not_wait_is_stopped_before_it_fills_the_memory() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        await asyncio.sleep(30)

    async with scripted(answer) as world, WorldClient(url=world.url) as client:
        writer = client.stream_writer("r", "s")
        writes = [writer.write(bytes(MAX_WAITING_BYTES // 4)) for _ in range(6)]
        outcomes = [write for write in writes if write.done()]
        assert [type(write.exception()) for write in outcomes] == [WorldError, WorldError]
        await client.close()
        await asyncio.gather(*writes, return_exceptions=True)


async def test_a_world_without_writers_gets_no_names_and_no_repeats() -> None:
    async def answer(_: Seen, wire: Wire) -> None:
        wire.cut()

    plain = v1.GetWorldResponse(protocol_version="1.0")
    async with (
        scripted(answer, plain) as world,
        WorldClient(url=world.url, retry=SOON) as client,
    ):
        with pytest.raises(WorldError):
            await client.stream_writer("r", "s").write(b"1")
        [seen] = world.seen
        request = seen.message(v1.AppendRequest)
        assert (request.writer_id, request.sequence) == ("", 0)


def test_requests_stay_small() -> None:
    assert batch_size([b""] * 5) == 5
    assert batch_size([b""] * 3000) == MAX_CHUNKS
    assert batch_size([bytes(MAX_BYTES), b"1"]) == 1
    assert batch_size([bytes(MAX_BYTES + 1), b"1"]) == 1
    assert batch_size([bytes(MAX_BYTES // 2)] * 3) == 2
