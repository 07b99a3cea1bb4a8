"""The client for programs without an event loop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from worldwire import Ack, DeliveryOutcome, WorldClientSync, WorldError, connect_sync, v1
from worldwire.errors import RunNotFoundError

if TYPE_CHECKING:
    from client_world import World

    from worldwire.sync import DeliveryContextSync


def create_run(client: WorldClientSync) -> str:
    created = v1.RunCreated(deployment_id="d", workflow_name="sync", input=b"devl[]")
    request = v1.CreateEventRequest(event=v1.NewEvent(run_created=created, spec_version=5))
    return client.events.create_event(request).run.run_id


def test_calls_lists_reads_and_writes(world: World) -> None:
    with connect_sync(url=world.url) as client:
        assert client.has(v1.CAPABILITY_REQUEST_IDS)
        run_ids = [create_run(client) for _ in range(3)]
        request = v1.ListRunsRequest(workflow_name="sync", page=v1.PageRequest(limit=1))
        assert {run.run_id for run in client.list_runs(request)} == set(run_ids)
        with pytest.raises(RunNotFoundError):
            client.runs.get_run(v1.GetRunRequest(run_id="wrun_01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        writer = client.stream_writer(run_ids[0], "s")
        assert writer.write([b"a", b"b"]).tail_index == 1
        assert writer.close().tail_index == 1
        assert [chunk.data for chunk in client.read_stream(run_ids[0], "s")] == [b"a", b"b"]
        first = client.streams.read(v1.ReadRequest(run_id=run_ids[0], name="s"))
        assert next(first) is not None
        events = client.watch_events(run_ids[0])
        assert next(events).position == 1
        events.close()
    client.close()


def test_deliveries_are_handled_in_threads(world: World) -> None:
    threads: set[str] = set()
    done = threading.Event()

    def handle(delivery: v1.Delivery, context: DeliveryContextSync) -> DeliveryOutcome:
        time.sleep(0.2)
        threads.add(threading.current_thread().name)
        if len(threads) == 2:
            done.set()
        return Ack()

    with (
        WorldClientSync(url=world.url) as client,
        client.consume(handle, queue_prefixes=["thread_"]) as consumer,
    ):
        for _ in range(2):
            message = v1.NewMessage(queue_name="thread_1")
            client.queue.enqueue(v1.EnqueueRequest(message=message))
        assert done.wait(10)
        consumer.stop()
    assert len(threads) == 2


def test_closing_from_another_thread_ends_a_call(world: World) -> None:
    client = WorldClientSync(url=world.url)
    run_id = create_run(client)
    threading.Timer(0.3, client.close).start()
    with pytest.raises(WorldError) as caught:
        client.runs.wait_for_run(v1.WaitForRunRequest(run_id=run_id))
    assert caught.value.code == "canceled"
