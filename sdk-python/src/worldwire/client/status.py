"""Whether the World can be reached, told once a change."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .options import ConnectionStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from worldwire.errors import WorldError

logger = logging.getLogger("worldwire")


class StatusReporter:
    """Tells once when the World goes away and once when it is back.

    A try remembers the epoch in which it began, and its outcome counts only in that one: of many calls that fail
    together the first speaks, and stragglers of an outage do not undo the news of its end.
    """

    def __init__(self, report: Callable[[ConnectionStatus], None]) -> None:
        self.epoch = 0
        self._connected = True
        self._report = report

    def up(self, epoch: int) -> None:
        """A try that began in `epoch` was answered."""
        if self._connected or epoch != self.epoch:
            return
        self._connected = True
        self.epoch += 1
        self._report(ConnectionStatus(state="connected", since=datetime.now(UTC)))

    def down(self, epoch: int, error: WorldError) -> None:
        """A try that began in `epoch` could not reach the World."""
        if not self._connected or epoch != self.epoch:
            return
        self._connected = False
        self.epoch += 1
        self._report(ConnectionStatus(state="disconnected", since=datetime.now(UTC), error=error))

    def failed(self, epoch: int, error: WorldError) -> None:
        """Takes the outcome of a try that failed. Any answer of the World but `unavailable` shows that it is there."""
        if error.code == "unavailable":
            self.down(epoch, error)
        elif error.reason is not None:
            self.up(epoch)


def log_status(address: str) -> Callable[[ConnectionStatus], None]:
    """Makes the default listener: one warning of the logger `worldwire` a change."""

    def log(status: ConnectionStatus) -> None:
        since = status.since.isoformat(timespec="milliseconds")
        if status.state == "connected":
            logger.warning("connected to %s again at %s", address, since)
        else:
            logger.warning(
                "%s cannot be reached since %s, trying again: %s", address, since, status.error
            )

    return log
