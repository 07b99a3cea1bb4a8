"""Prefixes: the four characters that every layer of a payload begins with."""

import re
from typing import Literal, TypeGuard, get_args

from .error import EnvelopeError

SealPrefix = Literal["encr", "encp"]
"""AES-256-GCM with the run's key, and a sealed box to the run's public key."""
CompressionPrefix = Literal["gzip", "zstd"]
"""The prefixes of compressed payloads."""
Prefix = Literal["devl", "encr", "encp", "gzip", "zstd"]
"""Every prefix that is known here; ``devl`` is a value as the library devalue writes it."""

PREFIX_BYTES = 4

_SHAPE = re.compile(rb"[a-z0-9]{4}")
_KNOWN = frozenset(get_args(Prefix))


def prefix_of(payload: bytes) -> str | None:
    """The prefix of a payload, be it known or not; None where it begins with none."""
    match = _SHAPE.match(payload)
    return None if match is None else match.group().decode("ascii")


def known_prefix_of(payload: bytes, layer: Literal["outermost", "inner"]) -> Prefix:
    """The prefix of a payload.

    Raises:
        EnvelopeError: ``prefix`` where there is none, or an unknown one. It names the prefix only
            of the outermost
            layer: inside, four bytes of a payload without a prefix would be four bytes of a secret.

    """
    prefix = prefix_of(payload)
    if prefix is not None and _is_known(prefix):
        return prefix
    where = "The payload" if layer == "outermost" else "What the payload holds"
    if prefix is None:
        raise EnvelopeError("prefix", f"{where} begins with no prefix")
    named = f' "{prefix}"' if layer == "outermost" else ""
    raise EnvelopeError("prefix", f"{where} has a prefix{named} that is unknown here")


def _is_known(prefix: str) -> TypeGuard[Prefix]:
    return prefix in _KNOWN
