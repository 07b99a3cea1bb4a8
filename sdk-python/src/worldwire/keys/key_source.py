"""Where the deployment keys of this process come from."""

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from .config import KeyConfig
from .error import KeyUnavailableError
from .key_file import default_key_file, make_key_file
from .key_ring import KeyRing, parse_keys

_log = logging.getLogger(__name__)


class KeySource:
    """The deployment keys of this process.

    Those of ``WORLDWIRE_KEY``, of the file that ``WORLDWIRE_KEY_FILE`` names, or of the file that
    is made where neither is set. A file is read again when it has changed, so that a key which was
    put back is found.
    """

    def __init__(self, config: KeyConfig) -> None:
        self._text = config.text
        self._path = config.file or default_key_file()
        self._may_make = config.file is None
        self._ring: KeyRing | None = None
        self._version = (0, 0, 0)
        """The state of the file that the ring was read from."""

    def read(self) -> KeyRing:
        """The keys that are there; none where the file would have to be made first.

        Raises:
            KeyUnavailableError: where they cannot be read.

        """
        return self._read() or KeyRing([], str(self._path))

    def read_or_make(self) -> KeyRing:
        """The keys, of which a first one is made if need be.

        Raises:
            KeyUnavailableError: where they can neither be read nor made.

        """
        ring = self._read()
        if ring is not None:
            return ring
        try:
            made = make_key_file(self._path)
        except OSError as error:
            raise KeyUnavailableError(
                f"no key is set, and {self._path} cannot be made ({error}): set WORLDWIRE_KEY or "
                "WORLDWIRE_KEY_FILE, or WORLDWIRE_ENCRYPTION=off to leave payloads readable"
            ) from error
        if made:
            _log.warning(
                "worldwire: made a key in %s; back it up and give it to every process of this "
                "deployment, for nothing else opens what it seals",
                self._path,
            )
        return self.read()

    def _read(self) -> KeyRing | None:
        """None where only the file is missing that may be made."""
        if self._text is not None:
            if self._ring is None:
                entries = self._text.split(",")
                self._ring = _ring_of(
                    entries, "WORLDWIRE_KEY", lambda number: f"entry {number} of WORLDWIRE_KEY"
                )
            return self._ring
        path = self._path
        try:
            return self._read_file(path)
        except OSError as error:
            if self._may_make and isinstance(error, FileNotFoundError):
                return None
            raise KeyUnavailableError(
                f"the keys of {path} cannot be read: {error.strerror}"
            ) from error

    def _read_file(self, path: Path) -> KeyRing:
        state = path.stat()
        version = (state.st_mtime_ns, state.st_size, state.st_ino)
        if self._ring is None or version != self._version:
            lines = re.split(r"\r?\n", path.read_bytes().decode("utf-8", "replace"))
            self._ring = _ring_of(lines, str(path), lambda number: f"line {number} of {path}")
            self._version = version
        return self._ring


def _ring_of(entries: Sequence[str], source: str, name_of: Callable[[int], str]) -> KeyRing:
    keys = parse_keys(entries, name_of)
    if not keys:
        raise KeyUnavailableError(f"{source} holds no key")
    return KeyRing(keys, source)
