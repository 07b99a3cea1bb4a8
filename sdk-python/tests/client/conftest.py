"""What the tests of the client share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from client_world import World

from worldwire import WorldClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One World for all tests that break none."""
    started = World(tmp_path_factory.mktemp("client-world"))
    yield started
    started.stop()


@pytest.fixture
async def client(world: World) -> AsyncIterator[WorldClient]:
    async with WorldClient(url=world.url) as made:
        yield made
