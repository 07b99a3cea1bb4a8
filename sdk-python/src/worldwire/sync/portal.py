"""An event loop in a thread of its own, for callers that have none."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Generator

T = TypeVar("T")

_END = object()


_LAST_WORDS_S = 1.0
"""How long what is under way at the end gets to end by itself, for its callers wait for what it says."""


class Portal:
    """Runs coroutines for other threads until it is closed."""

    def __init__(self) -> None:
        self.closed = False
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="worldwire", daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T]) -> T:
        """Waits for some work. An exception that comes meanwhile, such as KeyboardInterrupt, cancels it."""

        async def await_it() -> T:
            return await work

        future = asyncio.run_coroutine_threadsafe(await_it(), self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncGenerator[T]) -> Generator[T]:
        """Iterates, item by item as they are pulled; closing the generator closes the other one."""
        try:
            while True:
                item = self.run(anext(items, _END))
                if item is _END:
                    return
                yield item  # pyright: ignore[reportReturnType]
        finally:
            if not self.closed:
                self.run(items.aclose())

    def close(self) -> None:
        """Ends the loop, and waits for its thread. May be called again."""
        if self.closed:
            return
        self.closed = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(_end_all())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()


async def _end_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if not left:
        return
    _, slow = await asyncio.wait(left, timeout=_LAST_WORDS_S)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
