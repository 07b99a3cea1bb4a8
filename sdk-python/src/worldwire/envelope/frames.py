"""Payloads within the chunks of a stream of values."""

from collections.abc import Iterable, Iterator

from .error import EnvelopeError

_LENGTH_BYTES = 4
_MAX_PAYLOAD_BYTES = 100_000_000
"""The longest payload that the Workflow SDKs put into a stream."""


def payloads_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The payloads within chunks of a stream of values.

    Each follows its own length, 4 bytes in big-endian order, and chunks may cut them anywhere. A
    stream of bytes has no payloads: its chunks are what the user wrote.

    Raises:
        EnvelopeError: ``format`` where the last payload is cut short, or a length is above
            100,000,000.

    """
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        while (end := _end_of(rest)) is not None and end <= len(rest):
            yield bytes(rest[_LENGTH_BYTES:end])
            del rest[:end]
    if rest:
        raise EnvelopeError("format", "The stream ends within a payload")


def _end_of(rest: bytearray) -> int | None:
    """Where the first payload of some bytes ends; None where its length is not there yet."""
    if len(rest) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(rest[:_LENGTH_BYTES])
    if length > _MAX_PAYLOAD_BYTES:
        raise EnvelopeError("format", "The stream holds no payloads, or one that is too long")
    return _LENGTH_BYTES + length
