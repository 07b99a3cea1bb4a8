"""Several processes, in both languages, with one key file."""

import base64
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal, cast

import pytest

from worldwire import envelope
from worldwire.keys import (
    KeyConfig,
    KeyFinder,
    KeyRecord,
    KeySource,
    KeyUnavailableError,
    make_key_file,
)

HERE = Path(__file__).parent
COMMANDS = {
    "python": [sys.executable, str(HERE / "peer.py")],
    "typescript": ["node", str(HERE / "peer.mjs")],
}
Language = Literal["python", "typescript"]

A, B = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


class Peer:
    """A process that answers what keys it has."""

    def __init__(self, language: Language, folder: Path, env: dict[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if "WORLDWIRE" not in name}
        self._process = subprocess.Popen(
            COMMANDS[language],
            cwd=folder,
            env=clean | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def started(self) -> "Peer":
        """Waits until it takes commands."""
        assert self._answers.readline() == "ready\n", self.said()
        return self

    def tell(self, command: str, given: Any = None) -> None:
        requests = cast("IO[str]", self._process.stdin)
        requests.write(json.dumps({"command": command, "given": given}) + "\n")
        requests.flush()

    def answer(self) -> Any:
        line = self._answers.readline()
        assert line, self.said()
        return json.loads(line)

    def ask(self, command: str, given: Any = None) -> Any:
        self.tell(command, given)
        return self.answer()

    def said(self) -> str:
        """Ends it; what it wrote to its standard error."""
        return self._process.communicate(timeout=30)[1]

    @property
    def _answers(self) -> IO[str]:
        return cast("IO[str]", self._process.stdout)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


Start = Callable[..., Peer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process in a folder of the test."""
    peers: list[Peer] = []

    def start_one(language: Language, **env: str) -> Peer:
        peers.append(Peer(language, tmp_path, env))
        return peers[-1]

    yield start_one
    for peer in peers:
        peer.kill()


@pytest.mark.parametrize(
    "languages",
    [["python", "python"], ["python"] * 6, ["python", "typescript", "python", "typescript"]],
    ids=["two", "six", "two languages"],
)
def test_processes_that_start_together_make_one_key(
    start: Start, tmp_path: Path, languages: list[Language]
) -> None:
    peers = [start(language) for language in languages]
    for peer in peers:
        peer.started()
    for peer in peers:
        peer.tell("keys")
    found = [peer.answer() for peer in peers]
    assert len(found[0]) == 1
    assert all(each == found[0] for each in found)

    file = tmp_path / ".worldwire-keys" / "keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {each.name for each in file.parent.iterdir()} == {".gitignore", "keys"}
    told = [line for peer in peers for line in peer.said().splitlines()]
    assert len(told) == 1
    assert re.fullmatch(rf"worldwire: made a key in {re.escape(str(file))}; back it up .*", told[0])


def test_a_draft_of_one_that_died_is_no_key_file(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / ".worldwire-keys"
    folder.mkdir()
    (folder / "keys.of-one-that-died").write_text("# half a hea")
    found = start("python").started().ask("keys")
    ring = KeySource(KeyConfig(file=folder / "keys")).read()
    assert [[key.id, None] for key in ring.keys] == found


@pytest.mark.parametrize("maker", ["python", "typescript"])
def test_both_languages_find_the_same_key_in_one_file(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maker: Language
) -> None:
    peer = start(maker).started()
    made = peer.ask("keys")
    reader = start("typescript" if maker == "python" else "python").started()
    assert reader.ask("keys") == made
    assert reader.said() == ""

    monkeypatch.chdir(tmp_path)
    held = KeyFinder(KeyConfig()).of_run("wrun_1", KeyRecord("default", key_id=made[0][0]))
    assert held is not None
    run = {"encryptionKeyId": held.key_id, "encryptionPublicKey": held.public_key}
    typescript = start("typescript").started()
    assert typescript.ask("find", run) == held.keys.run_key.hex()


def test_both_languages_write_the_same_file(start: Start, tmp_path: Path) -> None:
    start("typescript").started().ask("keys")
    ours = tmp_path / "ours" / "keys"
    make_key_file(ours)
    theirs = tmp_path / ".worldwire-keys" / "keys"
    assert ours.read_text().splitlines()[:-1] == theirs.read_text().splitlines()[:-1]
    assert len(ours.read_bytes()) == len(theirs.read_bytes())
    assert (ours.parent / ".gitignore").read_bytes() == (theirs.parent / ".gitignore").read_bytes()
    for path in (ours, ours.parent):
        twin = theirs if path == ours else theirs.parent
        assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(twin.stat().st_mode)


def test_both_languages_take_the_same_texts_for_keys(start: Start) -> None:
    texts = [
        A,
        f"{A},{B}",
        f" blue\t{A}  # of May,{B}",
        f"# nothing,,{A}",
        f"\ufeff{A}",
        f"blue\u00a0{A}",
        f"blue\u0085{A}",
        f"blue\x1c{A}",
        f"{A}#no comment",
        f"{A}\n# a comment\n",
        A.rstrip("="),
        A.replace("A", "-"),
        f"{A}=",
        f"a b {A}",
        "blue",
        "",
        "#",
        "ü" * 44,
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(33)).decode(),
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        f"{A[:20]} {A[20:]}",
    ]

    def ours(text: str) -> list[list[str | None]] | None:
        try:
            ring = KeySource(KeyConfig(text=text)).read()
        except KeyUnavailableError:
            return None
        return [[key.id, key.deployment_id] for key in ring.keys]

    assert start("typescript").started().ask("parse", texts) == [ours(text) for text in texts]


def test_typescript_reads_after_rotation_what_python_sealed_before(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{A}\n")
    held = KeyFinder(KeyConfig(file=file)).of_new_run("wrun_1", "default")
    assert held is not None
    sealed = envelope.seal(b'devl["old"]', held.keys)
    file.write_text(f"{B}\n{A}\n")
    typescript = start("typescript", WORLDWIRE_KEY_FILE=str(file)).started()
    assert [key_id for key_id, _ in typescript.ask("keys")][1] == held.key_id
    run_key = bytes.fromhex(typescript.ask("find", {"encryptionPublicKey": held.public_key}))
    assert envelope.open(sealed, envelope.RunKeys(run_key=run_key)).payload == b'devl["old"]'
