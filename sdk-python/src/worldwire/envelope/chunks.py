"""Chunks of streams of bytes, which no SDK seals.

What comes here unsealed is sealed whole: the prefix ``seal``, the length of the run's id in a byte,
the id, and an envelope whose value is the chunk as devalue writes a Uint8Array.
"""

import base64
import re
from typing import NamedTuple

from .error import EnvelopeError
from .opening import open as open_payload
from .run_keys import RunKeys
from .sealing import is_sealed, opens, seal, seal_to_public_key

_PREFIX = b"seal"
_HEADER_BYTES = len(_PREFIX) + 1
_MAX_ID_BYTES = 255
_LENGTH_BYTES = 4

_BYTES_VALUE = re.compile(rb'devl\[\["Uint8Array",1\],"([A-Za-z0-9+/]*={0,2})"\]')

Sealer = RunKeys | bytes
"""What a writer has of a run: its keys, or only the public one, 32 bytes."""


class SealedChunk(NamedTuple):
    """Whose run a sealed chunk belongs to, and its envelope."""

    run_id: str
    envelope: bytes


def seal_chunk(chunk: bytes, run_id: str, sealer: Sealer) -> bytes:
    """A chunk of a stream as it is to be stored.

    One that the SDK sealed stays as it is, and any other is sealed whole.

    Raises:
        EnvelopeError: ``key`` where there is no key to seal it with.
        ValueError: where the run's id has more than 255 bytes.

    """
    if _is_sealed_by_sdk(chunk, sealer):
        return chunk
    run = run_id.encode()
    if len(run) > _MAX_ID_BYTES:
        raise ValueError(f"run id {run_id} is too long for a sealed chunk")
    value = b'devl[["Uint8Array",1],"%s"]' % base64.b64encode(chunk)
    envelope = (
        seal(value, sealer) if isinstance(sealer, RunKeys) else seal_to_public_key(value, sealer)
    )
    return _PREFIX + bytes([len(run)]) + run + envelope


def open_chunk(chunk: bytes, keys: RunKeys) -> bytes:
    """A chunk as its writer wrote it; any that was not sealed here as it is.

    Args:
        chunk: The chunk as the World returned it.
        keys: The keys of the run that ``parse_sealed_chunk`` names.

    Raises:
        EnvelopeError: as its ``failure`` says.

    """
    sealed = parse_sealed_chunk(chunk)
    if sealed is None:
        return chunk
    match = _BYTES_VALUE.fullmatch(open_payload(sealed.envelope, keys).payload)
    if match is None:
        raise EnvelopeError("format", "The sealed chunk holds no bytes", **keys.facts)
    return base64.b64decode(match[1])


def parse_sealed_chunk(chunk: bytes) -> SealedChunk | None:
    """Takes a chunk that was sealed whole apart; None for any other chunk."""
    if len(chunk) < _HEADER_BYTES or not chunk.startswith(_PREFIX):
        return None
    end = _HEADER_BYTES + chunk[len(_PREFIX)]
    if not is_sealed(chunk[end:]):
        return None
    return SealedChunk(chunk[_HEADER_BYTES:end].decode("utf-8", "replace"), chunk[end:])


def _is_sealed_by_sdk(chunk: bytes, sealer: Sealer) -> bool:
    """Whether a chunk is an envelope, alone or behind its length, that the run opens."""
    length, rest = int.from_bytes(chunk[:_LENGTH_BYTES]), chunk[_LENGTH_BYTES:]
    payload = rest if len(chunk) >= _LENGTH_BYTES and length == len(rest) else chunk
    if isinstance(sealer, RunKeys):
        return opens(payload, sealer)
    # What is sealed to a run cannot be tried without its key.
    return payload.startswith(b"encp")
