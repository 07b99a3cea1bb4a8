"""Deliveries, their leases and what becomes of them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from client_world import Seen, Wire, World, cutter, envelope, scripted

from worldwire import (
    Ack,
    DeliveryContext,
    DeliveryOutcome,
    Retry,
    RetryOptions,
    WorldClient,
    WorldError,
    v1,
)
from worldwire.client.consumer import MAX_ERROR_BYTES, settlement
from worldwire.errors import LeaseLostError

if TYPE_CHECKING:
    import pytest

SOON = RetryOptions(budget_ms=20_000, initial_delay_ms=1, max_delay_ms=20)


async def send(client: WorldClient, queue: str, *bodies: bytes) -> None:
    for body in bodies:
        message = v1.NewMessage(queue_name=queue, body=body)
        await client.queue.enqueue(v1.EnqueueRequest(message=message))


async def until(condition: object, seconds: float = 60) -> None:
    """Waits until a condition, a function without arguments, holds."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_deliveries_are_handled_and_acknowledged(client: WorldClient) -> None:
    got: list[bytes] = []

    async def handle(delivery: v1.Delivery, _: DeliveryContext) -> DeliveryOutcome:
        got.append(delivery.body)
        return Ack()

    await send(client, "ack_1", b"a", b"b")
    async with client.consume(handle, queue_prefixes=["ack_"]):
        await send(client, "ack_2", b"c")
        await until(lambda: len(got) == 3)
    assert sorted(got) == [b"a", b"b", b"c"]
    again: list[bytes] = []

    async def handle_again(delivery: v1.Delivery, _: DeliveryContext) -> DeliveryOutcome:
        again.append(delivery.body)
        return Ack()

    async with client.consume(handle_again, queue_prefixes=["ack_"]):
        await asyncio.sleep(0.3)
    assert again == []


async def test_outcomes_say_when_a_delivery_comes_again(client: WorldClient) -> None:
    times: list[float] = []

    async def handle(delivery: v1.Delivery, _: DeliveryContext) -> DeliveryOutcome:
        times.append(time.monotonic())
        if len(times) == 1:
            return Retry(0)
        if len(times) == 2:
            return Retry(400)
        if len(times) == 3:
            raise ValueError("broken")
        attempts.append(delivery.attempt)
        return Ack()

    attempts: list[int] = []
    await send(client, "again_1", b"x")
    async with client.consume(handle, queue_prefixes=["again_"]):
        await until(lambda: len(times) == 4)
    assert times[2] - times[1] >= 0.4
    assert attempts == [2]


async def test_leases_are_extended_while_a_handler_works(client: WorldClient) -> None:
    calls = 0

    async def handle(_: v1.Delivery, context: DeliveryContext) -> DeliveryOutcome:
        nonlocal calls
        calls += 1
        await asyncio.sleep(4.5)
        assert not context.ended.is_set()
        return Ack()

    await send(client, "long_1", b"x")
    async with client.consume(handle, queue_prefixes=["long_"], lease_ms=2000):
        await until(lambda: calls == 1)
        await asyncio.sleep(5)
    assert calls == 1


async def test_a_lost_lease_is_noticed() -> None:
    async def answer(seen: Seen, wire: Wire) -> None:
        if seen.method == "QueueService/Settle":
            request = seen.message(v1.SettleRequest)
            settled.extend(s.WhichOneof("action") or "" for s in request.settlements)
            results = [v1.SettleResult(settled=False) for _ in request.settlements]
            await wire.answer(v1.SettleResponse(results=results))
            return
        await wire.begin()
        deliveries = [v1.Delivery(message_id="m", lease_id="l")]
        await wire.piece(envelope(v1.ReceiveResponse(deliveries=deliveries)))
        await asyncio.sleep(30)

    settled: list[str] = []
    ended: list[WorldError | None] = []

    async def handle(_: v1.Delivery, context: DeliveryContext) -> DeliveryOutcome:
        await context.ended.wait()
        ended.append(context.error)
        return Ack()

    async with (
        scripted(answer) as world,
        WorldClient(url=world.url) as client,
        client.consume(handle, queue_prefixes=["q"], lease_ms=300),
    ):
        await until(lambda: len(ended) == 1)
        await asyncio.sleep(0.2)
    assert isinstance(ended[0], LeaseLostError)
    # What is lost is settled by nobody here.
    assert set(settled) == {"extend"}


async def test_no_more_handlers_run_than_allowed(client: WorldClient) -> None:
    running, most, done = 0, 0, 0

    async def handle(_: v1.Delivery, __: DeliveryContext) -> DeliveryOutcome:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        done += 1
        return Ack()

    await send(client, "few_1", *[b"x"] * 10)
    async with client.consume(handle, queue_prefixes=["few_"], max_in_flight=3):
        await until(lambda: done == 10)
    assert most == 3


async def test_settlements_of_a_moment_travel_together() -> None:
    async def answer(seen: Seen, wire: Wire) -> None:
        if seen.method == "QueueService/Settle":
            request = seen.message(v1.SettleRequest)
            results = [v1.SettleResult(settled=True) for _ in request.settlements]
            await wire.answer(v1.SettleResponse(results=results))
            return
        await wire.begin()
        deliveries = [v1.Delivery(message_id=f"m{i}", lease_id=f"l{i}") for i in range(50)]
        await wire.piece(envelope(v1.ReceiveResponse(deliveries=deliveries)))
        await asyncio.sleep(30)

    handled = 0

    async def handle(_: v1.Delivery, __: DeliveryContext) -> DeliveryOutcome:
        nonlocal handled
        handled += 1
        await asyncio.sleep(0)
        return Ack()

    async with scripted(answer) as world, WorldClient(url=world.url) as client:
        async with client.consume(handle, queue_prefixes=["q"]):
            await until(lambda: handled == 50)
        sent = [seen.message(v1.SettleRequest) for seen in world.of("QueueService/Settle")]
        acks = [s.lease_id for r in sent for s in r.settlements if s.HasField("ack")]
        assert sorted(acks) == sorted(f"l{i}" for i in range(50))
        assert len(sent) < 10


async def test_a_stop_waits_and_then_gives_back(client: WorldClient) -> None:
    started = asyncio.Event()
    cancelled = asyncio.Event()

    async def handle(_: v1.Delivery, __: DeliveryContext) -> DeliveryOutcome:
        started.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return Ack()

    await send(client, "stop_1", b"x")
    consumer = client.consume(handle, queue_prefixes=["stop_"], grace_ms=200)
    await started.wait()
    begun = time.monotonic()
    await asyncio.gather(consumer.stop(), consumer.stop())
    assert time.monotonic() - begun >= 0.2
    assert cancelled.is_set()
    again = asyncio.Event()

    async def take(_: v1.Delivery, __: DeliveryContext) -> DeliveryOutcome:
        again.set()
        return Ack()

    async with client.consume(take, queue_prefixes=["stop_"]):
        await asyncio.wait_for(again.wait(), 30)


async def test_a_consumer_outlives_its_world(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = World(tmp_path_factory.mktemp("consumer"))
    got: list[bytes] = []
    attached = 0

    async def handle(delivery: v1.Delivery, _: DeliveryContext) -> DeliveryOutcome:
        got.append(delivery.body)
        return Ack()

    def on_attached() -> None:
        nonlocal attached
        attached += 1

    try:
        async with WorldClient(url=own.url, retry=SOON, on_status=lambda _: None) as client:
            consumer = client.consume(handle, queue_prefixes=["q"], on_attached=on_attached)
            await send(client, "q1", b"before")
            await until(lambda: got == [b"before"])
            own.kill()
            await asyncio.sleep(0.2)
            await asyncio.to_thread(own.start)
            await send(client, "q1", b"after")
            await until(lambda: b"after" in got)
            assert attached >= 2
            await consumer.stop()
    finally:
        own.stop()


async def test_a_cut_does_not_lose_what_is_in_hand(world: World) -> None:
    calls: list[bytes] = []
    release = asyncio.Event()

    async def handle(delivery: v1.Delivery, _: DeliveryContext) -> DeliveryOutcome:
        calls.append(delivery.body)
        await release.wait()
        return Ack()

    async with (
        cutter(world.port) as network,
        WorldClient(url=network.url, retry=SOON, on_status=lambda _: None) as client,
        WorldClient(url=world.url) as direct,
    ):
        network.budgets = [420]
        async with client.consume(handle, queue_prefixes=["cut_"]):
            await until(lambda: network.connections == 1)
            await send(direct, "cut_1", b"1" * 20, b"2" * 20, b"3" * 20)
            await until(lambda: len(set(calls)) == 3)
            assert network.connections > 1
            await asyncio.sleep(0.3)
            release.set()
        assert {*calls} == {b"1" * 20, b"2" * 20, b"3" * 20}


def test_settlements_say_what_outcomes_mean() -> None:
    assert settlement("l", Ack()).WhichOneof("action") == "ack"
    assert not settlement("l", Retry()).retry.HasField("delay")
    at_once = settlement("l", Retry(0)).retry
    assert at_once.HasField("delay")
    assert at_once.delay.ToMilliseconds() == 0
    assert settlement("l", Retry(1500)).retry.delay.ToMilliseconds() == 1500
    text = settlement("l", Retry(error="ä" * 2000)).retry.error
    assert text == "ä" * (MAX_ERROR_BYTES // 2)
