"""The file with a key that is made where nobody gives one."""

import base64
import os
import secrets
import uuid
from pathlib import Path

# Beside the application, and not within the World's data: who has that must not have the keys too.
_FOLDER = ".worldwire-keys"

_HEADER = (
    "# Payloads are sealed with this key. Back it up, and give it to every process of the"
    " deployment.\n"
    "# One key a line: [deployment] <base64 of 32 bytes>. The first that fits seals new runs, and"
    " all open old ones.\n"
)


def default_key_file(cwd: Path | None = None) -> Path:
    """Where the key file is if nobody says."""
    return (cwd or Path.cwd()) / _FOLDER / "keys"


def make_key_file(path: Path) -> bool:
    """Makes a file with one new key, whole or not at all, unless there is one.

    Of several processes that do so together, one makes it.

    Returns:
        Whether it was this one.

    """
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_new(folder / ".gitignore", "*\n")
    draft = path.with_name(f"{path.name}.{uuid.uuid4()}")
    try:
        _write_new(draft, f"{_HEADER}{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        # Unlike a rename, a link never takes the place of another file.
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        _sync(folder)
        return True
    finally:
        draft.unlink(missing_ok=True)


def _write_new(path: Path, text: str) -> None:
    """Writes a file for its owner alone, down to the disk, unless there is one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
