# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportMissingImports=false
"""Messages of both SDKs, read by each other: the other side is the adapter for TypeScript itself."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from vercel_harness import REPOSITORY

from worldwire.vercel.codec import CBOR, decode_message, encode_message

CODEC = REPOSITORY / "sdk-ts/dist/world/codec.js"
BYTES = bytes(range(256))


def node(script: str, *args: str) -> Any:
    program = f"import {{ decodeMessage, encodeMessage }} from {json.dumps(str(CODEC))};{script}"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program, *args],
        check=True,
        capture_output=True,
        cwd=REPOSITORY / "sdk-ts",
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("spec_version", [2, 7])
def test_reads_what_typescript_sends(spec_version: int) -> None:
    sent = node(
        f"""
        const message = {{
          runId: 'wrun_1', absent: undefined, nothing: null, at: new Date(1234567890123), deep: [{{ n: 1.5 }}],
          big: 2 ** 40, runInput: {{ input: new Uint8Array([...Array(256).keys()]), attributes: undefined }},
        }};
        const {{ body, contentType }} = encodeMessage(message, {spec_version});
        console.log(JSON.stringify([Buffer.from(body).toString('base64'), contentType]));
        """
    )
    import base64

    message = decode_message(base64.b64decode(sent[0]), sent[1])
    at = message.pop("at")
    assert (at if isinstance(at, str) else at.timestamp()) in (
        "2009-02-13T23:31:30.123Z",
        1234567890.123,
    )
    assert message == {
        "runId": "wrun_1",
        "nothing": None,
        "deep": [{"n": 1.5}],
        "big": 2**40,
        "runInput": {"input": BYTES},
    }
    # Where nobody says what it is.
    assert decode_message(base64.b64decode(sent[0]), "")["runInput"] == {"input": BYTES}


def test_is_read_by_typescript() -> None:
    message = {"runId": "wrun_1", "runInput": {"input": BYTES, "specVersion": 5}, "on": True}
    body = encode_message(message).hex()
    read = node(
        """
        const message = decodeMessage(new Uint8Array(Buffer.from(process.argv[1], 'hex')), process.argv[2]);
        message.runInput.input = message.runInput.input instanceof Uint8Array && [...message.runInput.input];
        console.log(JSON.stringify(message));
        """,
        body,
        CBOR,
    )
    assert read == {
        "runId": "wrun_1",
        "runInput": {"input": list(BYTES), "specVersion": 5},
        "on": True,
    }


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"\xff\xfe", CBOR), (b"\xff\xfe", ""), (b"{", "application/json")]
)
def test_refuses_what_is_neither(body: bytes, content_type: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_message(body, content_type)
