"""The vectors of the specification; ``spec/vectors/README.md`` says what each field is."""

import json
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from worldwire.envelope import EnvelopeFailure, RunKeys, public_key_text

_FOLDER = Path(__file__).parents[3] / "spec" / "vectors"


class Derivation(TypedDict):
    name: str
    deploymentKey: str
    projectId: str
    runId: str
    runKey: str
    scalar: NotRequired[str]
    publicKey: NotRequired[str]


class Seal(TypedDict):
    prefix: str
    nonce: str
    recipientPublicKey: NotRequired[str]
    ephemeralScalar: NotRequired[str]
    ephemeralPublicKey: NotRequired[str]
    contentKey: NotRequired[str]


class Keys(TypedDict):
    runId: NotRequired[str]
    runKey: NotRequired[str]
    publicKey: NotRequired[str]


class Envelope(Keys):
    name: str
    plain: str
    compression: NotRequired[str]
    compressed: NotRequired[str]
    seal: NotRequired[Seal]
    payload: str


class Chunk(TypedDict):
    chunk: str
    plain: str
    seal: Seal


class Stream(Keys):
    name: str
    chunks: list[Chunk]


class Rejection(Keys):
    name: str
    payload: str
    maxBytes: NotRequired[int]
    failure: EnvelopeFailure


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


_makers = [_read(name) for name in ("core-4", "core-5", "vercel-workflow")]

derivations: list[Derivation] = [each for made in _makers for each in made["derivations"]]
envelopes: list[Envelope] = [each for made in _makers for each in made["envelopes"]]
streams: list[Stream] = [each for made in _makers for each in made["streams"]]
rejections: list[Rejection] = _read("rejections")["rejections"]


def keys_of(vector: Keys) -> RunKeys:
    """The keys that a vector gives."""
    run_key, public_key = vector.get("runKey"), vector.get("publicKey")
    return RunKeys(
        run_id=vector.get("runId"),
        run_key=None if run_key is None else bytes.fromhex(run_key),
        public_key=None if public_key is None else public_key_text(bytes.fromhex(public_key)),
    )
