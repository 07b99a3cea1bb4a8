"""Compressed payloads, which become no larger than a limit."""

import gzip
import sys
import zlib

from .error import EnvelopeError
from .prefix import PREFIX_BYTES, CompressionPrefix, known_prefix_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 256 * 1024 * 1024
"""The most bytes that a compressed payload may become where nobody says otherwise."""

# The Workflow SDKs compress nothing shorter, and keep nothing that saves less than a twentieth.
_WORTH_BYTES = 1024
_WORTH_RATIO = 0.95

_GZIP = 16 + zlib.MAX_WBITS
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# A frame's window is memory too: 128 MiB, which is what Node allows, and every compressor stays
# below it unasked.
_MAX_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}
_WINDOW_TOO_LARGE = "requires too much memory"

_NOT_WHOLE = "The payload is not, or not all of, what its prefix says"


def compress(payload: bytes, codec: CompressionPrefix = "zstd") -> bytes:
    """Compresses a payload where it is worth it.

    That is one of 1,024 bytes or more that becomes smaller by 5 % at least; any other comes back as
    it is. For runs of spec version 5 and above: the SDKs before know nothing of it. Node reads
    ``zstd`` from 22.15 on.

    Args:
        payload: A ``devl`` payload.
        codec: What it becomes.

    Raises:
        EnvelopeError: ``format`` where the payload is sealed or compressed already, ``prefix``
            where it is none.

    """
    if known_prefix_of(payload, "outermost") != "devl":
        raise EnvelopeError("format", "The payload is sealed or compressed already")
    if len(payload) < _WORTH_BYTES:
        return payload
    data = zstd.compress(payload) if codec == "zstd" else gzip.compress(payload, mtime=0)
    compressed = codec.encode() + data
    return compressed if len(compressed) < len(payload) * _WORTH_RATIO else payload


def decompress(payload: bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Undoes ``compress``: what is compressed becomes what it holds, any other comes back as it is.

    Raises:
        EnvelopeError: ``limit`` where it would be longer than ``max_bytes``, ``format`` where it is
            not what its prefix says, ``prefix`` where it has none that is known.

    """
    prefix = known_prefix_of(payload, "outermost")
    return inflate(payload, prefix, max_bytes) if prefix in ("gzip", "zstd") else payload


def inflate(payload: bytes, prefix: CompressionPrefix, max_bytes: int) -> bytes:
    """What a compressed payload holds: a payload with a prefix of its own."""
    data = payload[PREFIX_BYTES:]
    decoder = zlib.decompressobj(_GZIP) if prefix == "gzip" else _zstd_decoder(data, max_bytes)
    try:
        # One byte more than is allowed tells what fills the limit from what exceeds it.
        inner = decoder.decompress(data, max_bytes + 1)
    except (zlib.error, zstd.ZstdError) as error:
        if _WINDOW_TOO_LARGE in str(error):
            raise _too_large(max_bytes) from None
        raise EnvelopeError("format", _NOT_WHOLE) from None
    if len(inner) > max_bytes:
        raise _too_large(max_bytes)
    if not decoder.eof or decoder.unused_data:
        raise EnvelopeError("format", _NOT_WHOLE)
    return inner


def _zstd_decoder(data: bytes, max_bytes: int) -> zstd.ZstdDecompressor:
    """A decoder for one frame; those that may be skipped, and hold nothing, are none."""
    if not data.startswith(_ZSTD_MAGIC):
        raise EnvelopeError("format", _NOT_WHOLE)
    try:
        # None where the frame does not say it.
        size = zstd.get_frame_info(data).decompressed_size or 0
    except zstd.ZstdError:
        raise EnvelopeError("format", _NOT_WHOLE) from None
    if size > max_bytes:
        raise _too_large(max_bytes)
    return zstd.ZstdDecompressor(options=_MAX_WINDOW)


def _too_large(max_bytes: int) -> EnvelopeError:
    return EnvelopeError("limit", f"The payload holds more than {max_bytes} bytes")
