"""The one error of this package."""

from typing import Literal, TypedDict

EnvelopeFailure = Literal["prefix", "key", "authentication", "format", "limit"]
"""What is wrong with a payload or a key.

- ``prefix``: it begins with no prefix, or with one that is unknown here;
- ``key``: there is no key, or one that is known to be another run's;
- ``authentication``: it was altered, or sealed with another key;
- ``format``: it is cut short, is not what its prefix says, or has layers in an order that no writer
  makes;
- ``limit``: it would take more memory than the reader allows.
"""


class KeyFacts(TypedDict, total=False):
    """What an error may tell of keys."""

    run_id: str | None
    fingerprint: str | None
    wanted_fingerprint: str | None


class EnvelopeError(Exception):
    """Why a payload was not sealed, opened, compressed or decompressed.

    It never holds content or keys.

    Attributes:
        failure: What is wrong.
        run_id: The run that the key was for.
        fingerprint: The fingerprint of the key at hand.
        wanted_fingerprint: The fingerprint of the key that the run's public key belongs to.

    """

    def __init__(
        self,
        failure: EnvelopeFailure,
        message: str,
        *,
        run_id: str | None = None,
        fingerprint: str | None = None,
        wanted_fingerprint: str | None = None,
    ) -> None:
        facts = [
            f"{name} {value}"
            for name, value in [
                ("run", run_id),
                ("key at hand", fingerprint),
                ("key of the run", wanted_fingerprint),
            ]
            if value
        ]
        super().__init__(f"{message} ({', '.join(facts)})" if facts else message)
        self.failure: EnvelopeFailure = failure
        self.run_id = run_id
        self.fingerprint = fingerprint
        self.wanted_fingerprint = wanted_fingerprint
