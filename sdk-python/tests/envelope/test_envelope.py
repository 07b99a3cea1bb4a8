"""What holds of envelopes whatever they hold."""

import gzip
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from typing import ParamSpec

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worldwire import envelope
from worldwire.envelope import CompressionPrefix, EnvelopeError, PlainError, RunKeys
from worldwire.envelope.compression import zstd

RUN_KEY = bytes(range(32))
KEYS = RunKeys(run_id="wrun_1", run_key=RUN_KEY)
PUBLIC_KEY = KEYS.pair.public_key
PUBLIC_TEXT = envelope.public_key_text(PUBLIC_KEY)
TEXT = b'devl["' + b"a line that repeats " * 100 + b'"]'

CODECS: list[CompressionPrefix] = ["gzip", "zstd"]

payloads = st.binary(max_size=300).map(lambda data: b"devl" + data)
P = ParamSpec("P")

runs = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def failure_of(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str:
    with pytest.raises(EnvelopeError) as caught:
        call(*args, **kwargs)
    return caught.value.failure


class TestSealing:
    @given(payloads, st.binary(min_size=32, max_size=32))
    def test_is_undone_by_the_keys_of_the_run_and_by_no_others(
        self, plain: bytes, other: bytes
    ) -> None:
        for sealed in [envelope.seal(plain, KEYS), envelope.seal_to_public_key(plain, PUBLIC_KEY)]:
            assert envelope.is_sealed(sealed)
            assert envelope.opens(sealed, KEYS)
            assert envelope.open(sealed, KEYS).payload == plain
            strange = RunKeys(run_key=other)
            assert failure_of(envelope.open, sealed, strange) == "authentication"
            assert not envelope.opens(sealed, strange)

    def test_never_comes_out_the_same_twice(self) -> None:
        sealed = [envelope.seal(b"devl[]", KEYS) for _ in range(2)]
        sealed += [envelope.seal_to_public_key(b"devl[]", PUBLIC_KEY) for _ in range(2)]
        assert len({each[-16:] for each in sealed}) == 4
        assert len({each[4:16] for each in sealed}) == 4

    @given(st.booleans(), st.integers(0), st.integers(0, 7))
    def test_notices_any_bit_that_is_altered(self, boxed: bool, position: int, bit: int) -> None:
        plain = b'devl[{"a":1},2]'
        sealed = (
            envelope.seal_to_public_key(plain, PUBLIC_KEY) if boxed else envelope.seal(plain, KEYS)
        )
        altered = bytearray(sealed)
        altered[position % len(altered)] ^= 1 << bit
        assert failure_of(envelope.open, bytes(altered), KEYS) in (
            "prefix",
            "format",
            "authentication",
        )

    def test_takes_a_payload_that_is_not_sealed_yet_and_nothing_else(self) -> None:
        sealed = envelope.seal(b"devl[]", KEYS)
        for payload, failure in (
            (sealed, "format"),
            (b"", "prefix"),
            (b"[]", "prefix"),
            (b"cbor", "prefix"),
        ):
            assert failure_of(envelope.seal, payload, KEYS) == failure
            assert failure_of(envelope.seal_to_public_key, payload, PUBLIC_KEY) == failure

    def test_takes_no_point_of_low_order_and_no_key_of_another_length(self) -> None:
        for point in (bytes(32), b"\1" + bytes(31)):
            assert failure_of(envelope.seal_to_public_key, b"devl[]", point) == "key"
        calls: list[Callable[[], object]] = [
            lambda: envelope.seal_to_public_key(b"devl[]", RUN_KEY[1:]),
            lambda: envelope.derive_run_key(RUN_KEY[1:], "p", "r"),
            lambda: envelope.derive_run_key(RUN_KEY, "", "r"),
            lambda: envelope.derive_key_pair(bytes(33)),
            lambda: envelope.key_id_of(bytes(31)),
            lambda: RunKeys(run_key=bytes(31)),
        ]
        for call in calls:
            assert failure_of(call) == "key"


class TestKeysOfARun:
    sealed = envelope.seal(b"devl[]", KEYS)

    def test_that_are_lost_are_named_by_the_run_and_its_fingerprint(self) -> None:
        lost = RunKeys(run_id="wrun_1", public_key=PUBLIC_TEXT)
        fingerprint = envelope.fingerprint_of(PUBLIC_KEY)
        assert len(fingerprint) == 16
        for call in (
            lambda: envelope.open(self.sealed, lost),
            lambda: envelope.seal(b"devl[]", lost),
        ):
            with pytest.raises(EnvelopeError, match=f"wrun_1.*{fingerprint}") as caught:
                call()
            error = caught.value
            assert (error.failure, error.run_id) == ("key", "wrun_1")
            assert (error.fingerprint, error.wanted_fingerprint) == (None, fingerprint)

    def test_of_another_run_neither_open_nor_seal_where_the_run_has_a_public_key(self) -> None:
        wrong = RunKeys(run_id="wrun_1", run_key=bytes(32), public_key=PUBLIC_TEXT)
        at_hand = envelope.fingerprint_of(envelope.derive_key_pair(bytes(32)).public_key)
        for call in (
            lambda: envelope.open(self.sealed, wrong),
            lambda: envelope.seal(b"devl[]", wrong),
        ):
            with pytest.raises(EnvelopeError) as caught:
                call()
            assert (caught.value.failure, caught.value.fingerprint) == ("key", at_hand)

    def test_are_not_needed_for_what_is_not_sealed(self) -> None:
        opened = envelope.open(b"devl[]", RunKeys())
        assert (opened.payload, opened.seal, opened.compression) == (b"devl[]", None, None)

    def test_come_from_a_public_key_as_base64_and_from_nothing_like_it(self) -> None:
        for text in (PUBLIC_TEXT, PUBLIC_TEXT.rstrip("=")):
            assert envelope.public_key_from_text(text) == PUBLIC_KEY
        first = PUBLIC_TEXT[1:]
        for text in (
            "",
            f"-{first}",
            f" {PUBLIC_TEXT}",
            f"{PUBLIC_TEXT}=",
            PUBLIC_TEXT[4:],
            "ü" * 44,
        ):
            assert failure_of(envelope.public_key_from_text, text) == "key"

    def test_do_not_show_themselves(self) -> None:
        pair = envelope.derive_key_pair(RUN_KEY)
        shown = f"{KEYS!r} {pair!r} {envelope.open(self.sealed, KEYS)!r}"
        for secret in (RUN_KEY, pair.scalar, b"devl[]"):
            assert repr(secret) not in shown
            assert secret.hex() not in shown


class TestCompression:
    @pytest.mark.parametrize("codec", CODECS)
    def test_is_undone_alone_and_sealed(self, codec: CompressionPrefix) -> None:
        compressed = envelope.compress(TEXT, codec)
        assert envelope.prefix_of(compressed) == codec
        assert len(compressed) < len(TEXT) / 4
        assert envelope.decompress(compressed) == TEXT
        opened = envelope.open(envelope.seal(compressed, KEYS), KEYS)
        assert (opened.payload, opened.seal, opened.compression) == (TEXT, "encr", codec)

    @pytest.mark.parametrize("codec", CODECS)
    def test_leaves_alone_what_is_short_or_becomes_no_shorter(
        self, codec: CompressionPrefix
    ) -> None:
        assert envelope.compress(TEXT[:1023], codec) == TEXT[:1023]
        assert envelope.prefix_of(envelope.compress(TEXT[:1024], codec)) == codec
        noise = envelope.seal(TEXT * 3, KEYS).replace(b"encr", b"devl", 1)
        assert envelope.compress(noise, codec) == noise

    def test_refuses_what_is_sealed_or_compressed(self) -> None:
        for payload in (envelope.compress(TEXT), envelope.seal(TEXT, KEYS)):
            assert failure_of(envelope.compress, payload) == "format"
        assert failure_of(envelope.decompress, b"plain") == "prefix"
        assert envelope.decompress(TEXT) == TEXT

    @pytest.mark.parametrize("codec", CODECS)
    def test_is_undone_up_to_the_limit_and_not_a_byte_beyond(
        self, codec: CompressionPrefix
    ) -> None:
        compressed = envelope.compress(TEXT, codec)
        assert envelope.decompress(compressed, max_bytes=len(TEXT)) == TEXT
        for limit in (0, 1, len(TEXT) - 1):
            assert failure_of(envelope.decompress, compressed, max_bytes=limit) == "limit"

    @given(st.sampled_from(CODECS), st.binary(max_size=3000), st.integers(0), st.binary(max_size=4))
    def test_takes_data_whole_or_not_at_all(
        self, codec: CompressionPrefix, data: bytes, cut: int, more: bytes
    ) -> None:
        inner = b"devl" + data
        whole = gzip.compress(inner) if codec == "gzip" else zstd.compress(inner)
        payload = codec.encode() + whole
        assert envelope.decompress(payload, max_bytes=len(inner)) == inner
        short = payload[: 4 + cut % len(whole)]
        assert failure_of(envelope.decompress, short) == "format"
        if more:
            assert failure_of(envelope.decompress, payload + more) == "format"
        assert failure_of(envelope.decompress, payload + whole) == "format"

    def test_takes_no_frame_that_zstd_would_skip(self) -> None:
        skipped = struct.pack("<II", 0x184D2A50, 3) + b"abc"
        assert failure_of(envelope.decompress, b"zstd" + skipped) == "format"

    @pytest.mark.parametrize("codec", CODECS)
    def test_needs_no_more_memory_than_the_limit(self, codec: CompressionPrefix) -> None:
        bomb = envelope.compress(b"devl" + bytes(64 * 1024 * 1024), codec)
        tracemalloc.start()
        try:
            assert failure_of(envelope.decompress, bomb, max_bytes=1024 * 1024) == "limit"
            assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
        finally:
            tracemalloc.stop()


class TestPayloadsOfAStream:
    @given(st.lists(payloads, max_size=5), st.lists(st.integers(1, 50), min_size=1, max_size=20))
    def test_are_found_however_chunks_cut_them(self, each: list[bytes], cuts: list[int]) -> None:
        stream = b"".join(framed(payload) for payload in each)
        assert list(envelope.payloads_of(cut(stream, cuts))) == each

    def test_are_not_waited_for_where_a_length_says_that_there_are_none(self) -> None:
        def chunks() -> Iterator[bytes]:
            yield b"GET / HTTP/1.1"
            raise AssertionError("read on")

        assert failure_of(list, envelope.payloads_of(chunks())) == "format"

    def test_are_not_taken_from_a_stream_that_is_cut_short_or_holds_none(self) -> None:
        whole = framed(b"devl[]")
        for stream in (whole[:3], whole[:9], b"GET / HTTP/1.1"):
            assert failure_of(list, envelope.payloads_of([stream])) == "format"


class TestChunksOfBytes:
    @given(st.binary(max_size=300), runs)
    @example(b"", "wrun_1")
    @example(b"encr" + b"this is no secret" * 4, "wrun_1")
    @example(b"\0\0\0\5hello", "wrun_1")
    @example(b"sealed, but not really", "wrun_1")
    def test_are_sealed_whole_and_come_back(self, chunk: bytes, run_id: str) -> None:
        for sealer in (KEYS, PUBLIC_KEY):
            sealed = envelope.seal_chunk(chunk, run_id, sealer)
            if chunk.startswith(b"encp") and sealer == PUBLIC_KEY:
                assert sealed == chunk
                continue
            parsed = envelope.parse_sealed_chunk(sealed)
            assert parsed is not None
            assert parsed.run_id == run_id
            assert envelope.open_chunk(sealed, KEYS) == chunk

    def test_that_the_sdk_sealed_stay_as_they_are(self) -> None:
        own, boxed = envelope.seal(TEXT, KEYS), envelope.seal_to_public_key(TEXT, PUBLIC_KEY)
        for chunk in (own, framed(own), boxed, framed(boxed)):
            assert envelope.seal_chunk(chunk, "wrun_1", KEYS) == chunk
        for chunk in (boxed, framed(boxed)):
            assert envelope.seal_chunk(chunk, "wrun_1", PUBLIC_KEY) == chunk

    def test_that_were_altered_are_refused(self) -> None:
        sealed = bytearray(envelope.seal_chunk(b"hello", "wrun_1", KEYS))
        sealed[-1] ^= 1
        assert failure_of(envelope.open_chunk, bytes(sealed), KEYS) == "authentication"

    def test_that_hold_something_else_are_refused(self) -> None:
        chunk = b"seal\x06wrun_1" + envelope.seal(b"devl[]", KEYS)
        assert failure_of(envelope.open_chunk, chunk, KEYS) == "format"

    def test_that_were_not_sealed_here_come_back_as_they_are(self) -> None:
        for chunk in (b"", b"seal", b"sealed text", b'{"healthy":true}'):
            assert envelope.parse_sealed_chunk(chunk) is None
            assert envelope.open_chunk(chunk, RunKeys()) == chunk

    def test_need_an_id_that_fits_into_a_byte(self) -> None:
        with pytest.raises(ValueError, match="too long"):
            envelope.seal_chunk(b"x", "r" * 256, KEYS)


class TestErrorsAsValues:
    texts = st.text()

    @given(st.builds(PlainError, texts, st.none() | texts, st.none() | texts))
    def test_come_back_as_they_were(self, error: PlainError) -> None:
        assert envelope.decode_error(envelope.encode_error(error)) == error

    def test_are_what_devalue_makes_of_an_error(self) -> None:
        payload = envelope.encode_error(PlainError("boom", "at x"))
        assert (
            payload == b'devl[["Error",1],{"name":2,"message":3,"stack":4},"Error","boom","at x"]'
        )

    def test_may_hold_what_is_no_text(self) -> None:
        # So Python names files whose names are no UTF-8.
        payload = envelope.encode_error(PlainError("no file \udcff"))
        assert b"\\udcff" in payload
        assert envelope.decode_error(payload).message == "no file \udcff"

    @pytest.mark.parametrize(
        ("json", "message"),
        [
            ('[["TypeError",1],{"message":2,"stack":3},"no","at y"]', "no"),
            ('[["FatalError",1],{"message":2,"cause":3},"no",["Error",4],{"message":2}]', "no"),
            ('[{"message":1},"plain"]', "plain"),
            ('["thrown"]', "thrown"),
            ('[{"a":1},7]', '[{"a":1},7]'),
            ("-1", "-1"),
            ('[["Error",9]]', '[["Error",9]]'),
            ('[{"message":-1},"last"]', '[{"message":-1},"last"]'),
            ('[{"message":true},"one"]', '[{"message":true},"one"]'),
            ("[]", "[]"),
        ],
    )
    def test_of_any_kind_have_a_message(self, json: str, message: str) -> None:
        assert envelope.decode_error(f"devl{json}".encode()).message == message

    @pytest.mark.parametrize("json", ["", "[", "NaN", "[" * 100_000])
    def test_in_a_form_that_is_unknown_are_refused(self, json: str) -> None:
        with pytest.raises(ValueError, match=r".") as caught:
            envelope.decode_error(f"devl{json}".encode())
        assert not isinstance(caught.value, RecursionError)


def framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(4) + payload


def cut(stream: bytes, cuts: list[int]) -> Iterator[bytes]:
    at = turn = 0
    while at < len(stream):
        end = at + cuts[turn % len(cuts)]
        yield stream[at:end]
        at, turn = end, turn + 1
