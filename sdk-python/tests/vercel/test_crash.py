# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportMissingImports=false
"""kill -9 of the worker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from orders import workflows as app
from vercel.workflow import start
from vercel.workflow._internal import world as w
from vercel_harness import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from vercel_harness import OrdersWorker

    from worldwire.vercel import WorldwireWorld

RUNS = 10
STEPS = 8


async def log_of(world: WorldwireWorld, run_id: str) -> list[w.Event]:
    found: list[w.Event] = []
    cursor, more = None, True
    while more:
        page = await world.events_list(
            run_id, pagination=w.PaginationOptions(cursor=cursor, sort_order="asc")
        )
        found += page.data
        cursor, more = page.cursor, page.has_more
    return found


async def test_ten_runs_survive(
    world: WorldwireWorld, start_worker: Callable[..., OrdersWorker]
) -> None:
    worker = start_worker(WORLDWIRE_DEPLOYMENT_ID="crash")
    from worldwire.vercel import on_deployment

    with on_deployment("crash"):
        runs = [await start(app.sequence, STEPS, 0.3) for _ in range(RUNS)]

    async def under_way() -> bool | None:
        counts = [
            sum(event.event_type == "step_completed" for event in await log_of(world, run.run_id))
            for run in runs
        ]
        assert all(count < STEPS for count in counts), counts
        return True if all(count >= 1 for count in counts) else None

    await until("every run is under way", under_way)
    worker.kill()
    # It takes up its runs by its start alone.
    start_worker(WORLDWIRE_DEPLOYMENT_ID="crash")
    async with asyncio.timeout(100):
        values = await asyncio.gather(*(run.return_value() for run in runs))
    assert values == [STEPS * (STEPS + 1) // 2] * RUNS
    for run in runs:
        log = await log_of(world, run.run_id)
        ids = [event.server_props.event_id for event in log if event.server_props]
        assert ids == [f"evnt_{position:026}" for position in range(1, len(log) + 1)]
        for kind in ("step_created", "step_completed"):
            steps = [event.correlation_id for event in log if event.event_type == kind]
            assert len(steps) == len(set(steps)) == STEPS
        assert [event.event_type for event in log].count("run_completed") == 1
        assert log[-1].event_type == "run_completed"
