"""The envelopes of payloads: how the Workflow SDKs seal and compress what they hand to a World.

Chapter 18 of the specification says what they are; this makes and opens them. The module is meant
to be used by its
name: ``envelope.seal(payload, keys)``, ``envelope.open(payload, keys)``.
"""

from .chunks import SealedChunk, Sealer, open_chunk, parse_sealed_chunk, seal_chunk
from .compression import CompressionPrefix, compress, decompress
from .derive import KeyPair, derive_content_key, derive_key_pair, derive_run_key, key_id_of
from .error import EnvelopeError, EnvelopeFailure
from .error_value import PlainError, decode_error, encode_error
from .frames import payloads_of
from .opening import Opened, open  # noqa: A004
from .prefix import Prefix, SealPrefix, prefix_of
from .public_key import fingerprint_of, public_key_from_text, public_key_text
from .run_keys import RunKeys
from .sealing import is_sealed, opens, seal, seal_to_public_key

__all__ = [
    "CompressionPrefix",
    "EnvelopeError",
    "EnvelopeFailure",
    "KeyPair",
    "Opened",
    "PlainError",
    "Prefix",
    "RunKeys",
    "SealPrefix",
    "SealedChunk",
    "Sealer",
    "compress",
    "decode_error",
    "decompress",
    "derive_content_key",
    "derive_key_pair",
    "derive_run_key",
    "encode_error",
    "fingerprint_of",
    "is_sealed",
    "key_id_of",
    "open",
    "open_chunk",
    "opens",
    "parse_sealed_chunk",
    "payloads_of",
    "prefix_of",
    "public_key_from_text",
    "public_key_text",
    "seal",
    "seal_chunk",
    "seal_to_public_key",
]
