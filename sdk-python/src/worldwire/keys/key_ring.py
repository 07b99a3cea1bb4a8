"""Deployment keys, several at once, so that the old ones open old runs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..envelope import key_id_of
from ..envelope.base64_text import decode_base64
from .error import KeyUnavailableError

_KEY_BYTES = 32
# What JavaScript's \s, . and $ are, so that both languages find the same keys in one file.
_SPACE = "[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
_COMMENT = re.compile(rf"(^|{_SPACE})#[^\n\r\u2028\u2029]*\Z")
_BETWEEN_WORDS = re.compile(f"{_SPACE}+")


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """A secret from which the keys of runs derive."""

    id: str
    """Its fingerprint, by which runs name it."""
    secret: bytes = field(repr=False)
    """32 bytes."""
    deployment_id: str | None
    """The deployment that it is for; any where None."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Deployment keys, the newest of each deployment first."""

    keys: Sequence[DeploymentKey]
    source: str
    """Where they come from, for error messages."""

    def current(self, deployment_id: str) -> DeploymentKey | None:
        """The key of a deployment's new runs."""
        fitting = (key for key in self.keys if key.deployment_id in (None, deployment_id))
        return next(fitting, None)

    def named(self, key_id: str) -> DeploymentKey | None:
        """The key with a fingerprint."""
        return next((key for key in self.keys if key.id == key_id), None)

    @property
    def described(self) -> str:
        """What it holds, for error messages."""
        ids = [
            f"{key.id} ({key.deployment_id})" if key.deployment_id else key.id for key in self.keys
        ]
        return f"{self.source} has {', '.join(ids) or 'no key'}"


def parse_keys(entries: Sequence[str], name_of: Callable[[int], str]) -> list[DeploymentKey]:
    """Reads ``[deployment] <base64 of 32 bytes>``, one key an entry.

    Empty entries and what follows a ``#`` are passed over.

    Args:
        entries: The entries.
        name_of: Names the entry with a number, counted from 1, for error messages.

    Raises:
        KeyUnavailableError: that names the entry which is none, and not what it holds.

    """
    keys: list[DeploymentKey] = []
    for number, entry in enumerate(entries, 1):
        words = [word for word in _BETWEEN_WORDS.split(_COMMENT.sub("", entry)) if word]
        if not words:
            continue
        secret = decode_base64(words[-1])
        if len(words) > 2 or secret is None or len(secret) != _KEY_BYTES:
            raise KeyUnavailableError(
                f"{name_of(number)} is no key: give the base64 of {_KEY_BYTES} bytes, "
                "with or without a deployment id and a space before it"
            )
        keys.append(DeploymentKey(key_id_of(secret), secret, words[0] if len(words) == 2 else None))
    return keys
