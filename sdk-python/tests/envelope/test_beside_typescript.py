"""Python opens what TypeScript sealed, and the reverse: both give the same answers."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from worldwire import envelope
from worldwire.envelope import CompressionPrefix, EnvelopeError, PlainError, RunKeys

# One process answers all examples of a test, and none of them changes it.
settings.register_profile(
    "peer", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
examples = settings(settings.get_profile("peer"), max_examples=150)

keys = st.binary(min_size=32, max_size=32)
payloads = st.binary(max_size=200).map(lambda data: b"devl" + data)
letters = st.characters(exclude_categories=["Cs"])
names = st.text(letters.filter(lambda letter: letter != "|"), min_size=1, max_size=40)


class Peer:
    """The SDK for TypeScript in a process of its own."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("peer.mjs")
        self._process = subprocess.Popen(
            ["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answer(self, call: str, **given: Any) -> Any:
        """What a call gave, or how it failed."""
        requests = cast("IO[str]", self._process.stdin)
        answers = cast("IO[str]", self._process.stdout)
        requests.write(json.dumps({"call": call, "given": given}) + "\n")
        requests.flush()
        return json.loads(answers.readline())

    def ask(self, call: str, **given: Any) -> Any:
        """What a call gave; it must not fail."""
        answer = self.answer(call, **given)
        assert "gave" in answer, answer
        return answer["gave"]

    def close(self) -> None:
        self._process.communicate(timeout=10)
        assert self._process.returncode == 0


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def codecs(peer: Peer) -> list[CompressionPrefix]:
    """What both runtimes can read: Node has ``zstd`` from 22.15 on."""
    return ["gzip", "zstd"] if peer.ask("hasZstd") else ["gzip"]


@examples
@given(keys, names, names)
def test_keys_derive_alike(peer: Peer, key: bytes, project: str, run_id: str) -> None:
    run_key = envelope.derive_run_key(key, project, run_id)
    pair = envelope.derive_key_pair(run_key)
    assert peer.ask("derive", deploymentKey=key.hex(), project=project, runId=run_id) == [
        envelope.key_id_of(key),
        run_key.hex(),
        pair.scalar.hex(),
        envelope.public_key_text(pair.public_key),
        envelope.fingerprint_of(pair.public_key),
    ]


@examples
@given(payloads, keys, st.booleans())
def test_typescript_opens_what_python_sealed(
    peer: Peer, plain: bytes, run_key: bytes, boxed: bool
) -> None:
    own = RunKeys(run_key=run_key)
    sealed = (
        envelope.seal_to_public_key(plain, own.pair.public_key)
        if boxed
        else envelope.seal(plain, own)
    )
    opened = peer.ask("open", payload=sealed.hex(), runKey=run_key.hex())
    assert opened == [plain.hex(), "encp" if boxed else "encr", None]


@examples
@given(payloads, keys, st.booleans())
def test_python_opens_what_typescript_sealed(
    peer: Peer, plain: bytes, run_key: bytes, boxed: bool
) -> None:
    own = RunKeys(run_key=run_key)
    public_key = own.pair.public_key.hex() if boxed else None
    sealed = peer.ask("seal", payload=plain.hex(), runKey=run_key.hex(), publicKey=public_key)
    opened = envelope.open(bytes.fromhex(sealed), own)
    assert (opened.payload, opened.seal) == (plain, "encp" if boxed else "encr")


@examples
@given(st.text(letters, min_size=1, max_size=50), st.integers(1, 200), keys, st.data())
def test_each_reads_what_the_other_compressed(
    peer: Peer,
    codecs: list[CompressionPrefix],
    line: str,
    times: int,
    run_key: bytes,
    data: st.DataObject,
) -> None:
    codec, own = data.draw(st.sampled_from(codecs)), RunKeys(run_key=run_key)
    plain = b"devl" + (line * times).encode()
    ours = envelope.seal(envelope.compress(plain, codec), own)
    read = peer.ask("open", payload=ours.hex(), runKey=run_key.hex())
    theirs = peer.ask("seal", payload=plain.hex(), runKey=run_key.hex(), codec=codec)
    opened = envelope.open(bytes.fromhex(theirs), own)
    assert read == [plain.hex(), "encr", opened.compression]
    assert opened.payload == plain


@examples
@given(payloads, keys, st.integers(0, 3), st.integers(0), st.integers(0, 8), st.integers(0, 40))
def test_both_refuse_alike(
    peer: Peer, plain: bytes, run_key: bytes, layers: int, position: int, bit: int, cut: int
) -> None:
    own = RunKeys(run_key=run_key)
    payload = bytearray(plain)
    if layers & 1:
        payload = bytearray(envelope.compress(bytes(payload) * 300, "gzip"))
    if layers & 2:
        payload = bytearray(envelope.seal(bytes(payload), own))
    if bit < 8:
        payload[position % len(payload)] ^= 1 << bit
    altered = bytes(payload[: max(0, len(payload) - cut)])
    limit = 50_000
    theirs = peer.answer("open", payload=altered.hex(), runKey=run_key.hex(), maxBytes=limit)
    try:
        opened = envelope.open(altered, own, max_bytes=limit)
        ours = {"gave": [opened.payload.hex(), opened.seal, opened.compression]}
    except EnvelopeError as error:
        ours = {"failure": error.failure}
    assert ours == theirs


@examples
@given(st.lists(payloads, max_size=4), st.integers(1, 60), st.integers(0, 10))
def test_both_find_the_payloads_of_a_stream(
    peer: Peer, each: list[bytes], size: int, missing: int
) -> None:
    stream = b"".join(len(payload).to_bytes(4) + payload for payload in each)
    stream = stream[: max(0, len(stream) - missing)]
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    theirs = peer.answer("payloads", chunks=[chunk.hex() for chunk in chunks])
    try:
        ours = {"gave": [payload.hex() for payload in envelope.payloads_of(chunks)]}
    except EnvelopeError as error:
        ours = {"failure": error.failure}
    assert ours == theirs


@examples
@given(st.binary(max_size=200), keys)
@example(b"encr" + bytes(60), bytes(32))
@example(b"seal" + bytes(60), bytes(32))
def test_each_opens_chunks_that_the_other_sealed(peer: Peer, chunk: bytes, run_key: bytes) -> None:
    own = RunKeys(run_key=run_key)
    ours = envelope.seal_chunk(chunk, "wrun_1", own)
    theirs = bytes.fromhex(peer.ask("sealChunk", chunk=chunk.hex(), runKey=run_key.hex()))
    assert (len(ours), ours[:11]) == (len(theirs), theirs[:11])
    assert envelope.open_chunk(theirs, own) == chunk
    assert peer.ask("openChunk", chunk=ours.hex(), runKey=run_key.hex()) == chunk.hex()


texts = st.none() | st.text(st.characters())


@examples
@given(st.text(st.characters()), texts, texts)
@example('"quotes", \u2028 \x7f \x1f and 🌍', "", None)
@example("lone \ud800 half", None, None)
def test_errors_become_the_same_bytes(
    peer: Peer, message: str, stack: str | None, code: str | None
) -> None:
    given = {"message": message, "stack": stack, "code": code}
    theirs = peer.ask(
        "encodeError", **{name: text for name, text in given.items() if text is not None}
    )
    assert envelope.encode_error(PlainError(message, stack, code)).hex() == theirs


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.text(letters, max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["message", "stack", "code", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@examples
@given(st.lists(json_values, max_size=5) | json_values.filter(lambda it: not isinstance(it, dict)))
@example([["Error", 1], {"message": 2, "stack": 3, "code": 4}, "no", "at y", "E"])
@example([["Error", 1], {"message": -1}, "no"])
def test_any_value_says_the_same_as_an_error(peer: Peer, value: Any) -> None:
    payload = b"devl" + json.dumps(value, ensure_ascii=False).encode()
    ours = envelope.decode_error(payload)
    assert [ours.message, ours.stack, ours.code] == peer.ask("decodeError", payload=payload.hex())
