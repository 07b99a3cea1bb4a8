"""What the World says of itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from worldwire.errors import CapabilityNotDeclaredError
from worldwire.v1 import Capability, GetWorldResponse, WaitForRunRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_DEFAULT_LONG_POLL_MS = 600_000
"""What a long poll may take where the World does not say."""

Ask: TypeAlias = "Callable[[], Awaitable[GetWorldResponse]]"


class WorldInfo:
    """Asks the World what it is when that is needed, and keeps the answer."""

    def __init__(self, patiently: Ask, quickly: Ask) -> None:
        """`patiently` goes on trying for as long as a call may; `quickly` tries once, and not for long."""
        self._patiently = patiently
        self._quickly = quickly
        self._known: GetWorldResponse | None = None
        self._asking: asyncio.Task[GetWorldResponse | None] | None = None

    async def get(self) -> GetWorldResponse:
        """Raises where the World cannot be reached."""
        if self._known is None:
            self._known = await self._patiently()
        return self._known

    def forget(self) -> None:
        """After a lost connection another World may answer, or another version of it."""
        self._known = None

    async def has(self, capability: Capability) -> bool:
        """Whether the World declares the capability."""
        return capability in (await self.get()).capabilities

    async def require(self, capability: Capability) -> None:
        """Raises where the World is known not to declare the capability."""
        if not await self.lacks(capability):
            return
        name = Capability.Name(capability).removeprefix("CAPABILITY_")
        raise CapabilityNotDeclaredError(
            f"the World does not declare {name}", metadata={"capability": name}
        )

    async def lacks(self, capability: Capability) -> bool:
        """Whether the World is known not to declare the capability.

        Where it cannot be asked now, it is taken to have it: the call itself will tell.
        """
        world = await self._peek()
        return world is not None and capability not in world.capabilities

    async def long_poll_ms(self, request: WaitForRunRequest) -> float:
        """How long the World takes for a WaitForRun at most, in milliseconds."""
        world = await self._peek()
        longest = None
        if world is not None and world.limits.HasField("max_long_poll"):
            longest = world.limits.max_long_poll.ToTimedelta().total_seconds() * 1000
        if not request.HasField("timeout"):
            return longest if longest is not None else _DEFAULT_LONG_POLL_MS
        wanted = request.timeout.ToTimedelta().total_seconds() * 1000
        return wanted if longest is None else min(wanted, longest)

    async def _peek(self) -> GetWorldResponse | None:
        """What is known, or can be had with one try; many that ask together share it."""
        if self._known is not None:
            return self._known
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_quickly())
        return await asyncio.shield(self._asking)

    async def _ask_quickly(self) -> GetWorldResponse | None:
        try:
            self._known = await self._quickly()
        except Exception:  # noqa: BLE001  Whatever it is, the call itself will tell.
            return None
        finally:
            self._asking = None
        return self._known
