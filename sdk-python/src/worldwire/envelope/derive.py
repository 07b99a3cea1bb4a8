"""Keys: everything follows from one secret for each deployment."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .error import EnvelopeError

KEY_BYTES = 32
"""Bytes of every key: deployment keys, run keys, scalars, public keys and content keys."""

_NO_SALT = bytes(32)
_SCALAR_INFO = b"workflow/encp/x25519/v1"
_CONTENT_KEY_INFO = b"workflow/encp/aes256gcm/v1"
_KEY_ID_INFO = b"worldwire/key-id/v1"
_KEY_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A run's X25519 pair."""

    scalar: bytes = field(repr=False)
    """The private half, 32 bytes. Secret."""
    private_key: X25519PrivateKey = field(repr=False)
    """The private half as ``cryptography`` has it."""
    public_key: bytes
    """The public half, 32 bytes, which the run's record shows."""


def derive_run_key(deployment_key: bytes, project_id: str, run_id: str) -> bytes:
    """The key of a run: what seals its own payloads, and what its key pair is made of. 32 bytes.

    Args:
        deployment_key: 32 secret bytes of the deployment that the run belongs to.
        project_id: The project, which must not be empty.
        run_id: The run.

    """
    check_key(deployment_key, "A deployment key")
    if not project_id:
        raise EnvelopeError("key", "A run key cannot do without a project")
    return _hkdf(deployment_key, f"{project_id}|{run_id}".encode())


def derive_key_pair(run_key: bytes) -> KeyPair:
    """The pair of a run's key: others seal to it, and the run opens what they sealed."""
    check_key(run_key, "A run key")
    scalar = _hkdf(run_key, _SCALAR_INFO)
    private_key = X25519PrivateKey.from_private_bytes(scalar)
    return KeyPair(scalar, private_key, private_key.public_key().public_bytes_raw())


def derive_content_key(
    shared_secret: bytes, ephemeral_public_key: bytes, recipient_public_key: bytes
) -> bytes:
    """The key of a sealed box, bound to both public keys. 32 bytes."""
    return _hkdf(shared_secret, _CONTENT_KEY_INFO + ephemeral_public_key + recipient_public_key)


def key_id_of(deployment_key: bytes) -> str:
    """The fingerprint by which a run's record names a deployment key: 16 hexadecimal digits."""
    check_key(deployment_key, "A deployment key")
    return _hkdf(deployment_key, _KEY_ID_INFO)[:_KEY_ID_BYTES].hex()


def check_key(key: bytes, what: str) -> None:
    """Raises EnvelopeError ``key`` where a key is not one of 32 bytes."""
    if len(key) != KEY_BYTES:
        raise EnvelopeError("key", f"{what} has {KEY_BYTES} bytes, not {len(key)}")


def _hkdf(secret: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, _NO_SALT, info).derive(secret)
