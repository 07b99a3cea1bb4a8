"""The wheel installs elsewhere, and what the README shows runs there."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Installing takes as long as the network does.
pytestmark = pytest.mark.timeout(600)

PACKAGE = Path(__file__).resolve().parents[2]
REPOSITORY = PACKAGE.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # By way of the source distribution, which must hold everything, too.
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(PACKAGE)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    [made] = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment that has the wheel and nothing of this repository."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    lock = ["-c", str(PACKAGE / "requirements.lock")]
    subprocess.run(
        [python, "-m", "pip", "install", "-q", *lock, f"{wheel}[vercel]"], check=True, cwd=folder
    )
    return python


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("readme-world")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    program = str(REPOSITORY / "reference-world/bin/worldwire.js")
    world = subprocess.Popen(
        ["node", program, "serve", "--port", port, "--data-dir", folder, "--log-level", "error"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "listening" in cast("IO[str]", world.stdout).readline()
    yield f"http://127.0.0.1:{port}"
    world.terminate()
    world.wait(30)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "worldwire/py.typed" in names
    assert "worldwire/v1/run_pb2.pyi" in names
    assert all(name.startswith(("worldwire/", "worldwire-")) for name in names)


def test_the_application_of_the_readme_runs_elsewhere(
    elsewhere: Path, url: str, tmp_path: Path
) -> None:
    readme = (PACKAGE / "README.md").read_text()
    for name, source in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", readme, re.DOTALL):
        (tmp_path / name).write_text(source)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WORLDWIRE_")}
    done = subprocess.run(
        [elsewhere, "main.py"],
        cwd=tmp_path,
        env={**clean, "WORLDWIRE_URL": url, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Hello, Ada!", done.stdout + done.stderr


def test_the_client_needs_nothing_of_the_adapter(elsewhere: Path, url: str) -> None:
    program = (
        "import sys; from worldwire import connect_sync; c = connect_sync(); "
        "print(c.get_world().implementation, 'vercel' in ' '.join(sys.modules)); c.close()"
    )
    said = subprocess.check_output(
        [elsewhere, "-c", program], env={"WORLDWIRE_URL": url}, text=True, cwd="/"
    )
    assert said.split() == ["worldwire-reference", "False"]
