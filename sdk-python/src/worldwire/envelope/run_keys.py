"""The keys of one run."""

from .derive import KeyPair, check_key, derive_key_pair
from .error import EnvelopeError, KeyFacts
from .public_key import fingerprint_of, public_key_from_text


class RunKeys:
    """The keys of one run, which are derived once and open many payloads.

    Args:
        run_id: The run, for error messages.
        run_key: The run's key, 32 bytes; without it only what is not sealed can be read.
        public_key: The public key of the run's record, in base64. Where it is given, another run's
            key is known to be one.

    Raises:
        EnvelopeError: ``key`` where a key has not 32 bytes.

    """

    __slots__ = ("_pair", "_recorded", "_run_id", "_run_key")

    def __init__(
        self,
        *,
        run_id: str | None = None,
        run_key: bytes | None = None,
        public_key: str | None = None,
    ) -> None:
        if run_key is not None:
            check_key(run_key, "A run key")
        self._run_id = run_id
        self._run_key = run_key
        self._recorded = None if public_key is None else public_key_from_text(public_key)
        self._pair: KeyPair | None = None

    @property
    def run_key(self) -> bytes:
        """The run's key.

        Raises:
            EnvelopeError: ``key`` where there is none, or not that of the recorded public key.

        """
        return self._checked()[0]

    @property
    def pair(self) -> KeyPair:
        """The run's key pair. Raises as ``run_key`` does."""
        return self._checked()[1]

    @property
    def facts(self) -> KeyFacts:
        """What an error may say of these keys."""
        return {
            "run_id": self._run_id,
            "fingerprint": None
            if self._run_key is None
            else fingerprint_of(self._derived(self._run_key).public_key),
            "wanted_fingerprint": None
            if self._recorded is None
            else fingerprint_of(self._recorded),
        }

    def __repr__(self) -> str:
        return f"RunKeys(run_id={self._run_id!r})"

    def _checked(self) -> tuple[bytes, KeyPair]:
        if self._run_key is None:
            raise EnvelopeError("key", "The run's key is missing", **self.facts)
        pair = self._derived(self._run_key)
        if self._recorded is not None and self._recorded != pair.public_key:
            raise EnvelopeError("key", "The key at hand is not the run's", **self.facts)
        return self._run_key, pair

    def _derived(self, run_key: bytes) -> KeyPair:
        if self._pair is None:
            self._pair = derive_key_pair(run_key)
        return self._pair
