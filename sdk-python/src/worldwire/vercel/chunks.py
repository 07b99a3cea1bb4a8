"""Chunks of streams, which the SDK for Python writes and reads without a key.

A chunk of values is a payload behind its length, and becomes a sealed payload behind its length, as the SDK for
TypeScript writes and reads it. Any other chunk is sealed whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worldwire.envelope import (
    EnvelopeError,
    RunKeys,
    is_sealed,
    open_chunk,
    parse_sealed_chunk,
    payloads_of,
    prefix_of,
    seal_chunk,
)
from worldwire.envelope import open as open_payload

from .errors import KeyMissingError
from .sealing import seal_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .run_keys import RunKeyStore

_LENGTH_BYTES = 4
_VALUE = "devl"

_HEALTH_CHECK = "__health_check__"
"""Streams that answer health checks belong to no run, and are read by who has no key."""


async def seal_chunks(
    keys: RunKeyStore, run_id: str, name: str, chunks: Sequence[bytes]
) -> list[bytes]:
    """The chunks as they are to be stored. Raises `KeyMissingError` where there is no key to seal them with."""
    if name.startswith(_HEALTH_CHECK):
        return list(chunks)
    sealer = await keys.sealer_of(run_id)
    if sealer is None:
        return list(chunks)
    sealed: list[bytes] = []
    for chunk in chunks:
        payload = _value_of(chunk)
        if payload is None:
            sealed.append(seal_chunk(chunk, run_id, sealer))
        else:
            sealed.append(_framed(seal_with(sealer, payload)))
    return sealed


async def open_stored_chunk(keys: RunKeyStore, run_id: str, chunk: bytes) -> bytes:
    """A chunk as a reader without a key expects it.

    Raises `KeyMissingError` where the key is not here, `EnvelopeError` where the chunk was altered.
    """
    whole = parse_sealed_chunk(chunk)
    if whole is not None:
        return open_chunk(chunk, await _keys_of(keys, whole.run_id))
    payloads = _frames_of(chunk)
    if not any(is_sealed(payload) for payload in payloads):
        return chunk
    held = await _keys_of(keys, run_id)
    return b"".join(
        _framed(open_payload(one, held).payload if is_sealed(one) else one) for one in payloads
    )


async def _keys_of(keys: RunKeyStore, run_id: str) -> RunKeys:
    held = await keys.of(run_id)
    if held is None:
        raise KeyMissingError(f"a chunk of run {run_id} is sealed, and there is no key")
    return held.keys


def _value_of(chunk: bytes) -> bytes | None:
    """The one payload of a chunk of values; None for any other chunk."""
    payload = chunk[_LENGTH_BYTES:]
    if int.from_bytes(chunk[:_LENGTH_BYTES]) != len(payload) or prefix_of(payload) != _VALUE:
        return None
    return payload


def _frames_of(chunk: bytes) -> list[bytes]:
    """The payloads of a chunk that holds whole ones only, and nothing else."""
    try:
        return list(payloads_of([chunk]))
    except EnvelopeError:
        return []


def _framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(_LENGTH_BYTES) + payload
