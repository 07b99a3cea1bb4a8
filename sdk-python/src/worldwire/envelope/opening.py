"""Opening of payloads that anyone may have written."""

from dataclasses import dataclass, field

from .compression import MAX_BYTES, inflate
from .error import EnvelopeError
from .prefix import CompressionPrefix, SealPrefix, known_prefix_of
from .run_keys import RunKeys
from .sealing import unseal


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened payload."""

    payload: bytes = field(repr=False)
    """The innermost payload, with its prefix ``devl``."""
    seal: SealPrefix | None
    """How it was sealed; None where it was not, so that anyone may have written it."""
    compression: CompressionPrefix | None
    """How it was compressed."""


def open(payload: bytes, keys: RunKeys, *, max_bytes: int = MAX_BYTES) -> Opened:  # noqa: A001
    """Opens a payload: a seal at most, within it a compression at most, within it a value.

    Safe for payloads that a stranger wrote.

    Args:
        payload: The payload as the World returned it.
        keys: The keys of its run, which may hold none where nothing is sealed.
        max_bytes: The most bytes that a compressed payload may become.

    Raises:
        EnvelopeError: as its ``failure`` says.

    """
    seal: SealPrefix | None = None
    compression: CompressionPrefix | None = None
    prefix = known_prefix_of(payload, "outermost")
    if prefix == "encr" or prefix == "encp":
        seal = prefix
        payload = unseal(payload, prefix, keys)
        prefix = known_prefix_of(payload, "inner")
    if prefix == "gzip" or prefix == "zstd":
        compression = prefix
        payload = inflate(payload, prefix, max_bytes)
        prefix = known_prefix_of(payload, "inner")
    if prefix != "devl":
        raise EnvelopeError("format", "The payload is nested deeper than any writer nests")
    return Opened(payload, seal, compression)
