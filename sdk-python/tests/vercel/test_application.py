# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportMissingImports=false
"""A real application of vercel-workflow on the reference World, its worker in a process of its own."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from orders import workflows as app
from vercel.workflow import (
    FatalError,
    HookNotFoundError,
    WorkflowRunFailedError,
    get_hook_by_token,
    get_run,
    start,
)
from vercel.workflow._internal import world as w
from vercel_harness import OrdersWorker, Server, folder_holds, until

from worldwire import WorldClient
from worldwire.envelope import prefix_of
from worldwire.v1 import GetRunRequest, ListChunksRequest, ListEventsRequest

if TYPE_CHECKING:
    from worldwire.vercel import WorldwireWorld

pytestmark = pytest.mark.usefixtures("worker")


async def hook_of(token: str) -> Any:
    async def ask() -> Any:
        try:
            return await get_hook_by_token(token)
        except HookNotFoundError:
            return None

    return await until(f"hook {token}", ask)


@pytest.mark.parametrize(
    ("workflow", "args", "value"),
    [
        (app.sequence, (4,), 10),
        (app.parallel, (20,), [n * n for n in range(20)]),
        (app.retried, (2,), 3),
        (app.retried_later, (1, 1), 2),
        (app.nap, (1,), "awake"),
        (app.impatient, (0.5,), "cancelled: no time"),
    ],
    ids=lambda one: getattr(one, "qualname", None),
)
async def test_runs_to_its_value(
    world: WorldwireWorld, workflow: Any, args: tuple[Any, ...], value: object
) -> None:
    run = await start(workflow, *args)
    assert await run.return_value() == value


async def test_a_run_fails_with_the_error_of_its_step(world: WorldwireWorld) -> None:
    run = await start(app.refused, "no way")
    with pytest.raises(WorkflowRunFailedError, match="no way") as failed:
        await run.return_value()
    assert isinstance(failed.value.error, FatalError)
    assert failed.value.error_code == "USER_ERROR"


async def test_a_hook_takes_several_payloads(world: WorldwireWorld) -> None:
    token = f"collect:{uuid.uuid4()}"
    run = await start(app.collect, token, "fruit")
    hook = await hook_of(token)
    assert (hook.run_id, hook.metadata) == (run.run_id, {"about": "fruit"})
    await app.Message("apple").resume(token)
    await app.Message("pear", last=True).resume(token)
    assert await run.return_value() == ["APPLE", "PEAR"]
    with pytest.raises(HookNotFoundError):
        await app.Message("late").resume(token)


async def test_readers_see_a_stream_as_it_comes_and_resume(world: WorldwireWorld) -> None:
    run = await start(app.ticker, 3, 10, 0.02)
    seen: list[dict[str, int]] = []
    chunks = run.readable()
    async for chunk in chunks:
        seen.append(chunk)
        if len(seen) == 12:
            break
    await chunks.aclose()
    seen += [chunk async for chunk in run.readable(start_index=12)]
    assert [chunk["n"] for chunk in seen] == list(range(30))
    assert await run.return_value() == 30
    assert [chunk["n"] async for chunk in run.readable(start_index=-3)] == [27, 28, 29]
    assert await run.stream_info() == w.StreamInfo(tail_index=29, done=True)
    assert len(await run.list_streams()) == 1


async def test_a_terminated_run_ends_and_its_worker_goes_on(world: WorldwireWorld) -> None:
    run = await start(app.sequence, 200, 0.05)

    async def running() -> bool | None:
        return True if await run.status() == "running" else None

    await until("the run is under way", running)
    await run.terminate(reason="asked for")
    with pytest.raises(RuntimeError, match="cancelled"):
        await run.return_value()
    assert await (await start(app.sequence, 2)).return_value() == 3


async def test_answers_a_health_check(world: WorldwireWorld) -> None:
    correlation_id = uuid.uuid4().hex
    probe = w.HealthCheckPayload(
        health_check=True, correlation_id=correlation_id, run_id=f"wrun_{uuid.uuid4().hex}"
    )
    await world.queue("__wkf_workflow_health_check", probe)
    name, run_id = f"__health_check__{correlation_id}", f"wrun_hc_{correlation_id}"
    async with asyncio.timeout(60):
        answer = b"".join([chunk async for chunk in world.streams_get(run_id, name)])
    # Whoever asks has no key.
    found = json.loads(answer)
    assert found["healthy"] is True
    assert found["correlationId"] == correlation_id
    assert len(found["encryptionPublicKey"]) == 44


async def test_nothing_readable_reaches_the_world(
    world: WorldwireWorld, server: Server, worker: OrdersWorker
) -> None:
    secret, token = f"secret-{uuid.uuid4()}", f"secrets:{uuid.uuid4()}"
    run = await start(app.secrets, secret, token)
    chunks = [chunk async for chunk in run.readable()]
    assert chunks == [{"secret": secret}]
    assert (await hook_of(token)).metadata == {"secret": secret}
    await app.Message(secret).resume(token)
    assert await run.return_value() == [secret, secret, f"refused {secret}", secret]
    as_bytes = [chunk async for chunk in run.readable_bytes(namespace="bytes")]
    assert as_bytes == [secret.encode()]
    assert await run.attributes() == {"phase": "asked"}

    failing = await start(app.secret_failure, secret)
    with pytest.raises(WorkflowRunFailedError, match=secret):
        await failing.return_value()

    assert not folder_holds(server.data, secret)
    assert secret not in server.output
    async with WorldClient(url=server.url) as stranger:
        sealed = [await sealed_payloads(stranger, one.run_id) for one in (run, failing)]
        assert [prefix for one in sealed for prefix in one if prefix not in ("encr", "encp")] == []
        assert sum(len(one) for one in sealed) > 12
        for name in await run.list_streams():
            request = ListChunksRequest(run_id=run.run_id, name=name)
            stored = [chunk.data async for chunk in stranger.list_chunks(request)]
            # Values are sealed behind their length, as the SDK for TypeScript has them.
            assert [chunk[4:8] for chunk in stored] == [b"encr"]
        record = (await stranger.runs.get_run(GetRunRequest(run_id=run.run_id))).run
        assert record.encryption_key_id
        assert record.encryption_public_key


async def sealed_payloads(client: WorldClient, run_id: str) -> list[str | None]:
    """The prefixes of the payloads of a run's log."""
    found: list[str | None] = []
    async for event in client.list_events(ListEventsRequest(run_id=run_id)):
        data = getattr(event, event.WhichOneof("data") or "")
        fields = {"input", "output", "result", "payload", "metadata"}
        there = fields.intersection(data.DESCRIPTOR.fields_by_name)
        found += [prefix_of(getattr(data, field)) for field in there if data.HasField(field)]
        if "error" in data.DESCRIPTOR.fields_by_name and data.HasField("error"):
            assert data.error.WhichOneof("form") == "payload"
            found.append(prefix_of(data.error.payload))
    return found


async def test_reads_what_it_did_not_start(world: WorldwireWorld) -> None:
    run = await start(app.sequence, 2)
    assert await get_run(run.run_id, type=int).return_value() == 3
