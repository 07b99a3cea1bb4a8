"""A real World and a real worker, each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

REPOSITORY = Path(__file__).resolve().parents[3]
EXAMPLE = REPOSITORY / "examples/python"
_PATIENCE = 60

T = TypeVar("T")


class Process:
    """A process whose output goes to a file."""

    def __init__(self, args: list[str], log: Path, *, env: dict[str, str], cwd: Path) -> None:
        self._log = log
        clean = {
            k: v for k, v in os.environ.items() if not k.startswith(("WORLDWIRE_", "WORKFLOW_"))
        }
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                args, stdout=output, stderr=output, env={**clean, **env}, cwd=cwd
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def prints(self, pattern: str) -> re.Match[str]:
        """Waits until the output matches."""
        give_up = time.monotonic() + _PATIENCE
        while True:
            match = re.search(pattern, self.output, re.MULTILINE)
            if match is not None:
                return match
            assert self._child.poll() is None, self.output
            assert time.monotonic() < give_up, self.output
            time.sleep(0.05)

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()

    def stop(self) -> int:
        """Asks it to end, and returns its exit code."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            return self._child.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Server(Process):
    """The reference World."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        program = REPOSITORY / "reference-world/bin/worldwire.js"
        args = ["node", str(program), "serve", "--port", "0", "--data-dir", str(self.data)]
        super().__init__(args, folder / "world.log", env={}, cwd=folder)
        self.url = self.prints(r"^worldwire listening on (http:\S+)$")[1]


class OrdersWorker(Process):
    """The sample application, which takes work."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        log = folder / f"worker-{time.monotonic_ns()}.log"
        args = [sys.executable, "-m", "orders", "worker"]
        super().__init__(args, log, env={"PYTHONPATH": str(EXAMPLE), **env}, cwd=folder)
        self.prints("^orders takes work$")


async def until(what: str, ask: Callable[[], Awaitable[T | None]]) -> T:
    """Asks until the answer is not None."""
    give_up = time.monotonic() + _PATIENCE
    while True:
        answer = await ask()
        if answer is not None:
            return answer
        assert time.monotonic() < give_up, what
        await asyncio.sleep(0.05)


def folder_holds(folder: Path, text: str) -> bool:
    """Whether a text is in any file of a folder, however deep."""
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
