"""Public keys as runs' records show them, and their fingerprints."""

import base64
import hashlib

from .base64_text import decode_base64
from .derive import check_key
from .error import EnvelopeError


def public_key_text(public_key: bytes) -> str:
    """A public key as a run's record shows it: base64 with padding."""
    check_key(public_key, "A public key")
    return base64.b64encode(public_key).decode()


def public_key_from_text(text: str) -> bytes:
    """The 32 bytes of a public key that a run's record shows.

    Raises:
        EnvelopeError: ``key`` where the text is not the base64 of 32 bytes; padding may be left
            out.

    """
    public_key = decode_base64(text)
    if public_key is None:
        raise EnvelopeError("key", "A public key is not base64")
    check_key(public_key, "A public key")
    return public_key


def fingerprint_of(public_key: bytes) -> str:
    """A short name for a key by its public half, fit for logs: 16 digits of its SHA-256.

    Who has lost a run's key can still tell by the run's record which one it was.
    """
    check_key(public_key, "A public key")
    return hashlib.sha256(public_key).hexdigest()[:16]
