"""Holds the envelopes to the vectors that the Workflow SDKs made."""

import secrets
import traceback
from typing import get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from vectors import (
    Derivation,
    Envelope,
    Rejection,
    Seal,
    Stream,
    derivations,
    envelopes,
    keys_of,
    rejections,
    streams,
)

from worldwire import envelope
from worldwire.envelope import EnvelopeError, EnvelopeFailure, RunKeys
from worldwire.envelope.compression import MAX_BYTES

sealed = [vector for vector in envelopes if "seal" in vector]


def by_name(vector: Derivation | Envelope | Stream | Rejection) -> str:
    return vector["name"]


@pytest.mark.parametrize("vector", derivations, ids=by_name)
def test_derives_keys(vector: Derivation) -> None:
    deployment_key = bytes.fromhex(vector["deploymentKey"])
    run_key = envelope.derive_run_key(deployment_key, vector["projectId"], vector["runId"])
    assert run_key.hex() == vector["runKey"]
    if "scalar" in vector and "publicKey" in vector:
        pair = envelope.derive_key_pair(run_key)
        assert (pair.scalar.hex(), pair.public_key.hex()) == (vector["scalar"], vector["publicKey"])


@pytest.mark.parametrize("vector", envelopes, ids=by_name)
def test_opens(vector: Envelope) -> None:
    opened = envelope.open(bytes.fromhex(vector["payload"]), keys_of(vector))
    assert opened.payload.hex() == vector["plain"]
    assert opened.seal == vector.get("seal", {}).get("prefix")
    assert opened.compression == vector.get("compression")


@pytest.mark.parametrize("vector", envelopes, ids=by_name)
def test_decompresses_what_it_holds(vector: Envelope) -> None:
    inner = bytes.fromhex(vector.get("compressed", vector["plain"]))
    assert envelope.decompress(inner).hex() == vector["plain"]


@pytest.mark.parametrize("vector", sealed, ids=by_name)
def test_seals_again_byte_for_byte(vector: Envelope, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "seal" in vector
    inner = bytes.fromhex(vector.get("compressed", vector["plain"]))
    again = seal_again(inner, vector["seal"], keys_of(vector), monkeypatch)
    assert again.hex() == vector["payload"]


@pytest.mark.parametrize("vector", streams, ids=by_name)
def test_opens_and_seals_a_stream_again(vector: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_of(vector)
    payloads = list(envelope.payloads_of(bytes.fromhex(each["chunk"]) for each in vector["chunks"]))
    assert len(payloads) == len(vector["chunks"])
    for payload, chunk in zip(payloads, vector["chunks"], strict=True):
        opened = envelope.open(payload, keys)
        assert (opened.payload.hex(), opened.seal) == (chunk["plain"], chunk["seal"]["prefix"])
        again = seal_again(bytes.fromhex(chunk["plain"]), chunk["seal"], keys, monkeypatch)
        assert again == payload


@pytest.mark.parametrize("vector", rejections, ids=by_name)
def test_refuses(vector: Rejection) -> None:
    payload, keys = bytes.fromhex(vector["payload"]), keys_of(vector)
    limit = vector.get("maxBytes", MAX_BYTES)
    with pytest.raises(EnvelopeError) as caught:
        envelope.open(payload, keys, max_bytes=limit)
    assert caught.value.failure == vector["failure"]
    told = "".join([*traceback.format_exception_only(caught.value), repr(vars(caught.value))])
    for secret in ["greeting", "hello", "line 1", "[1]", "aaaa", vector.get("runKey", "devl[")]:
        assert secret not in told
    # An error that this one was raised for would be shown with it.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("name", "said"), [("unknown-prefix", True), ("sealed/unknown-prefix", False)]
)
def test_names_an_unknown_prefix_only_where_the_world_could_read_it(name: str, said: bool) -> None:
    vector = next(each for each in rejections if each["name"] == f"rejected/{name}")
    with pytest.raises(EnvelopeError) as caught:
        envelope.open(bytes.fromhex(vector["payload"]), keys_of(vector))
    assert ("cbor" in str(caught.value)) is said


def test_refusals_cover_every_kind_of_failure() -> None:
    assert {vector["failure"] for vector in rejections} == set(get_args(EnvelopeFailure))


def seal_again(inner: bytes, inputs: Seal, keys: RunKeys, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Seals with the random values of a vector, and looks at the keys on the way."""
    draws = [inputs["nonce"]]
    if "ephemeralScalar" in inputs:
        draws.insert(0, inputs["ephemeralScalar"])

    def draw(size: int | None = None) -> bytes:
        value = bytes.fromhex(draws.pop(0))
        assert len(value) == size
        return value

    with monkeypatch.context() as patch:
        patch.setattr(secrets, "token_bytes", draw)
        again = (
            envelope.seal_to_public_key(inner, bytes.fromhex(inputs["recipientPublicKey"]))
            if "recipientPublicKey" in inputs
            else envelope.seal(inner, keys)
        )
    assert draws == []
    if "recipientPublicKey" in inputs and "ephemeralPublicKey" in inputs:
        ephemeral = bytes.fromhex(inputs["ephemeralPublicKey"])
        secret = keys.pair.private_key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        recipient = bytes.fromhex(inputs["recipientPublicKey"])
        content_key = envelope.derive_content_key(secret, ephemeral, recipient)
        assert content_key.hex() == inputs.get("contentKey")
    return again
