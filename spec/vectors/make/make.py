#!/usr/bin/env python3
"""Makes ../vercel-workflow.json with the Workflow SDK for Python."""

import hashlib
import json
import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vercel.workflow._internal import encryption, serialization, streams

SDK = "vercel-workflow==0.12.0"
VECTORS = Path(__file__).parent.parent


def fixed(label: str, length: int = 32) -> bytes:
    """Bytes that anyone can make again: the first of the SHA-256 of a label."""
    return hashlib.sha256(label.encode()).digest()[:length]


@contextmanager
def random_source(*values: bytes) -> Iterator[list[str]]:
    """Lets the SDK's random source give these values; collects the content keys that it derives."""
    left = list(values)
    content_keys: list[str] = []
    token_bytes, hkdf = secrets.token_bytes, encryption.hkdf_sha256

    def next_bytes(length: int) -> bytes:
        value = left.pop(0)
        assert len(value) == length
        return value

    def noting_hkdf(**arguments: Any) -> bytes:
        key = hkdf(**arguments)
        if arguments["info"].startswith(encryption.CONTENT_KEY_INFO):
            content_keys.append(key.hex())
        return key

    secrets.token_bytes, encryption.hkdf_sha256 = next_bytes, noting_hkdf  # type: ignore
    try:
        yield content_keys
        assert not left
    finally:
        secrets.token_bytes, encryption.hkdf_sha256 = token_bytes, hkdf  # type: ignore


def derivation(like: dict[str, Any]) -> dict[str, Any]:
    """The derivation that SDK 5 made, made again from its inputs."""
    deployment_key = bytes.fromhex(like["deploymentKey"])
    run_key = encryption.derive_run_key(
        deployment_key, project_id=like["projectId"], run_id=like["runId"]
    )
    pair = encryption.derive_run_key_pair(run_key)
    return {
        "name": like["name"].replace("core-5", "vercel-workflow"),
        "madeBy": f"{SDK} derive_run_key, derive_run_key_pair",
        "deploymentKey": deployment_key.hex(),
        "projectId": like["projectId"],
        "runId": like["runId"],
        "runKey": run_key.hex(),
        "scalar": pair.scalar.hex(),
        "publicKey": pair.public_key.hex(),
    }


def envelope(like: dict[str, Any]) -> dict[str, Any]:
    """An envelope of the same value, with the same layers, as one that SDK 5 made."""
    name = like["name"].replace("core-5", "vercel-workflow")
    codec, prefix = like.get("compression"), like.get("seal", {}).get("prefix")
    if codec is not None:
        os.environ["WORKFLOW_COMPRESSION_CODEC"] = codec
    compress = codec is not None
    value = like["value"]
    made = {
        "name": name,
        "madeBy": f"{SDK} PayloadEncoder",
        "value": value,
        "plain": serialization.PayloadEncoder().encode(value).hex(),
    }
    compressed = serialization.PayloadEncoder(compression=compress).encode(value)
    if compress:
        made |= {"compression": codec, "compressed": compressed.hex()}
    if prefix is None:
        return made | {"payload": compressed.hex()}
    payload, seal = sealed(name, prefix, value, bytes.fromhex(like["runKey"]), compress)
    run = {"runId": like["runId"], "runKey": like["runKey"]}
    return made | {"seal": seal, **run, "payload": payload.hex()}


def sealed(
    name: str, prefix: str, value: Any, run_key: bytes, compress: bool
) -> tuple[bytes, dict[str, Any]]:
    """A sealed payload, and what its seal was made of."""
    nonce, ephemeral = fixed(f"{name} nonce", 12), fixed(f"{name} ephemeral")
    if prefix == "encr":
        encoder = serialization.PayloadEncoder(compress, encryption_key=run_key)
        with random_source(nonce):
            payload = encoder.encode(value)
        return payload, {"prefix": prefix, "nonce": nonce.hex()}
    public_key = encryption.derive_run_key_pair(run_key).public_key
    encoder = serialization.PayloadEncoder(compress, recipient_public_key=public_key)
    with random_source(ephemeral, nonce) as content_keys:
        payload = encoder.encode(value)
    return payload, {
        "prefix": prefix,
        "recipientPublicKey": public_key.hex(),
        "ephemeralScalar": ephemeral.hex(),
        "ephemeralPublicKey": payload[4:36].hex(),
        "contentKey": content_keys[0],
        "nonce": nonce.hex(),
    }


def stream(like: dict[str, Any]) -> dict[str, Any]:
    """A stream of the same values, sealed in the same way, as one that SDK 5 made."""
    name = like["name"].replace("core-5", "vercel-workflow")
    chunks = []
    for at, chunk in enumerate(like["chunks"]):
        prefix, value = chunk["seal"]["prefix"], chunk["value"]
        payload, seal = sealed(
            f"{name} {at}", prefix, value, bytes.fromhex(like["runKey"]), compress=False
        )
        chunks.append(
            {
                "chunk": streams.encode_frame(payload).hex(),
                "value": value,
                "plain": serialization.PayloadEncoder().encode(value).hex(),
                "seal": seal,
            }
        )
    return {
        "name": name,
        "madeBy": f"{SDK} PayloadEncoder, encode_frame",
        "runId": like["runId"],
        "runKey": like["runKey"],
        "chunks": chunks,
    }


def main() -> None:
    like = json.loads((VECTORS / "core-5.json").read_text())
    made = {
        "runtime": f"python {platform.python_version()}",
        "derivations": [derivation(each) for each in like["derivations"]],
        "envelopes": [envelope(each) for each in like["envelopes"]],
        "streams": [stream(each) for each in like["streams"]],
    }
    text = json.dumps(made, indent=2, ensure_ascii=False)
    (VECTORS / "vercel-workflow.json").write_text(text + "\n")


main()
