"""Seals: AES-256-GCM with the key of a run, or with a key that is agreed with its public key."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .derive import KEY_BYTES, check_key, derive_content_key
from .error import EnvelopeError
from .prefix import PREFIX_BYTES, SealPrefix, known_prefix_of, prefix_of
from .run_keys import RunKeys

_NONCE_BYTES = 12
_TAG_BYTES = 16


def seal(payload: bytes, keys: RunKeys) -> bytes:
    """Seals a payload of a run with the run's own key: ``encr``, nonce, ciphertext, tag.

    Args:
        payload: A payload with its prefix, compressed or not.
        keys: The keys of the run.

    Raises:
        EnvelopeError: ``key`` without the run's key, ``prefix`` and ``format`` where the payload is
            none that is to be sealed.

    """
    _check_unsealed(payload)
    return b"encr" + _encrypt(keys.run_key, payload)


def seal_to_public_key(payload: bytes, public_key: bytes) -> bytes:
    """Seals a payload to a run of which only the public key is known.

    It becomes ``encp``, ephemeral public key, nonce, ciphertext, tag. Whoever sealed it cannot open
    it again.

    Args:
        payload: A payload with its prefix, compressed or not.
        public_key: The run's public key, 32 bytes.

    Raises:
        EnvelopeError: ``key`` where the public key is none, ``prefix`` and ``format`` as ``seal``
            does.

    """
    _check_unsealed(payload)
    check_key(public_key, "A public key")
    private_key = X25519PrivateKey.from_private_bytes(secrets.token_bytes(KEY_BYTES))
    ephemeral = private_key.public_key().public_bytes_raw()
    secret = _shared_secret(private_key, public_key)
    if secret is None:
        raise EnvelopeError("key", "The public key is a point of low order, which is no key")
    return (
        b"encp" + ephemeral + _encrypt(derive_content_key(secret, ephemeral, public_key), payload)
    )


def unseal(payload: bytes, prefix: SealPrefix, keys: RunKeys) -> bytes:
    """What a sealed payload holds: a payload with a prefix of its own."""
    sealed = payload[PREFIX_BYTES:]
    at_least = (KEY_BYTES if prefix == "encp" else 0) + _NONCE_BYTES + _TAG_BYTES
    if len(sealed) < at_least:
        raise EnvelopeError("format", "The sealed payload is cut short", **keys.facts)
    plaintext = _decrypt(keys.run_key, sealed) if prefix == "encr" else _open_box(sealed, keys)
    if plaintext is None:
        raise EnvelopeError(
            "authentication",
            "The sealed payload was altered, or sealed with another key",
            **keys.facts,
        )
    return plaintext


def is_sealed(payload: bytes) -> bool:
    """Whether a payload says of itself that it is sealed."""
    return prefix_of(payload) in ("encr", "encp")


def opens(payload: bytes, keys: RunKeys) -> bool:
    """Whether a payload is sealed, and by these keys or to them."""
    prefix = prefix_of(payload)
    if prefix != "encr" and prefix != "encp":
        return False
    try:
        unseal(payload, prefix, keys)
    except EnvelopeError:
        return False
    return True


def _check_unsealed(payload: bytes) -> None:
    """A seal around a seal is what no reader opens."""
    if known_prefix_of(payload, "outermost") in ("encr", "encp"):
        raise EnvelopeError("format", "The payload is sealed already")


def _open_box(sealed: bytes, keys: RunKeys) -> bytes | None:
    pair = keys.pair
    ephemeral = sealed[:KEY_BYTES]
    secret = _shared_secret(pair.private_key, ephemeral)
    if secret is None:
        raise EnvelopeError(
            "format", "The sealed payload has a point of low order for a public key", **keys.facts
        )
    return _decrypt(derive_content_key(secret, ephemeral, pair.public_key), sealed[KEY_BYTES:])


def _encrypt(key: bytes, plaintext: bytes) -> bytes:
    """Encrypts without additional data: a fresh nonce, the ciphertext and the tag."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, None)


def _decrypt(key: bytes, sealed: bytes) -> bytes | None:
    """None where the tag is not that of the key, the nonce and the ciphertext."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except InvalidTag:
        return None


def _shared_secret(private_key: X25519PrivateKey, public_key: bytes) -> bytes | None:
    """None where the public key is a point of low order, under which anyone knows the secret."""
    try:
        return private_key.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:
        return None
