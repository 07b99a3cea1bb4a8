"""How long a client waits before another try."""

from __future__ import annotations

import asyncio
import math
import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worldwire.errors import WorldError

    from .options import RetryOptions


def delay_bound_ms(options: RetryOptions, failures: int) -> float:
    """The upper bound of the random delay after so many failures before this one, in milliseconds."""
    doubled = options.initial_delay_ms * 2.0 ** min(failures, 1000)
    return min(options.max_delay_ms, doubled)


class Backoff:
    """Counts the failures of one call or live read in a row, and waits between its tries."""

    def __init__(self, options: RetryOptions) -> None:
        self._options = options
        self._failures = 0
        self._budget_end = math.inf

    def reset(self) -> None:
        """Forgets the failures: something came through."""
        self._failures = 0
        self._budget_end = math.inf

    def next_delay(self, error: WorldError, end: float = math.inf) -> float:
        """Returns the seconds to wait: a random time below a bound that doubles, on top of what the World asks for.

        Raises `error` itself where the wait would end after the budget or after `end`, in the time of
        `time.monotonic()`.
        """
        now = time.monotonic()
        if self._failures == 0:
            self._budget_end = now + self._options.budget_ms / 1000
        delay = random.random() * delay_bound_ms(self._options, self._failures) / 1000
        if error.retry_delay is not None:
            delay += error.retry_delay.total_seconds()
        self._failures += 1
        if now + delay >= min(self._budget_end, end):
            raise error
        return delay

    async def wait(self, error: WorldError, end: float = math.inf) -> None:
        """Waits for `next_delay`."""
        await asyncio.sleep(self.next_delay(error, end))
