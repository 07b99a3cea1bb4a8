"""What the tests of the World adapter share."""

from __future__ import annotations

import base64
import secrets
import sys
from typing import TYPE_CHECKING

import pytest
from vercel_harness import EXAMPLE, OrdersWorker, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from worldwire.vercel import WorldwireWorld

sys.path.insert(0, str(EXAMPLE))

DEPLOYMENT = "python"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One World for all tests that break none."""
    world = Server(tmp_path_factory.mktemp("world"))
    yield world
    world.stop()


@pytest.fixture(scope="session")
def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="session")
def environment(server: Server, key: str) -> dict[str, str]:
    """The environment of the sample application."""
    return {
        "WORLDWIRE_URL": server.url,
        "WORLDWIRE_KEY": key,
        "WORLDWIRE_DEPLOYMENT_ID": DEPLOYMENT,
    }


@pytest.fixture(scope="session")
def worker(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OrdersWorker]:
    """One worker for all tests that break none."""
    process = OrdersWorker(tmp_path_factory.mktemp("worker"), environment)
    yield process
    assert process.stop() == 0, process.output


@pytest.fixture
async def world(server: Server, key: str) -> AsyncIterator[WorldwireWorld]:
    """The World of this process, which takes no work."""
    from worldwire.vercel import use_worldwire

    world = use_worldwire(url=server.url, key=key, deployment_id=DEPLOYMENT)
    yield world
    await world.aclose()


@pytest.fixture
def start_worker(
    environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., OrdersWorker]]:
    """Starts workers that are stopped after the test."""
    started: list[OrdersWorker] = []

    def start(**env: str) -> OrdersWorker:
        process = OrdersWorker(tmp_path, {**environment, **env})
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()
