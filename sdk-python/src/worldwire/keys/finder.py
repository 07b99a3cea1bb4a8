"""The key of a run, by what its record says."""

from dataclasses import dataclass, field

from ..envelope import (
    EnvelopeError,
    RunKeys,
    derive_run_key,
    fingerprint_of,
    is_sealed,
    opens,
    public_key_from_text,
    public_key_text,
)
from .config import KeyConfig
from .error import KeyUnavailableError
from .key_ring import DeploymentKey, KeyRing
from .key_source import KeySource


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What a run's record says of its key. It never changes."""

    deployment_id: str
    key_id: str | None = None
    """``encryption_key_id``: the fingerprint of the deployment key."""
    public_key: str | None = None
    """``encryption_public_key``: the run's public key in base64."""
    input: bytes | None = field(default=None, repr=False)
    """The run's input, of use where the record says neither."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """The key of a run that is here."""

    keys: RunKeys
    key_id: str
    """The fingerprint of the deployment key that it derives from, for the run's record."""

    @property
    def public_key(self) -> str:
        """The run's public key in base64, for the run's record."""
        return public_key_text(self.keys.pair.public_key)


class KeyFinder:
    """Finds the keys of runs.

    By the deployment key that the run's record names, else by the public key that it shows, else by
    what its input is sealed with. A run of which nothing is sealed has the key of its deployment,
    or none with encryption off.
    """

    def __init__(self, config: KeyConfig) -> None:
        self._config = config
        self._source = KeySource(config)

    def of_new_run(self, run_id: str, deployment_id: str) -> HeldKey | None:
        """The key of a run that is about to be created; None where it is not to be sealed.

        Raises:
            KeyUnavailableError: where there is no key for the deployment.

        """
        if not self._config.encryption:
            return None
        ring = self._source.read_or_make()
        key = ring.current(deployment_id)
        if key is None:
            raise KeyUnavailableError(
                f'there is no key for deployment "{deployment_id}" of run {run_id}: '
                f"{ring.described}"
            )
        return self._hold(run_id, key, None)

    def of_run(self, run_id: str, record: KeyRecord) -> HeldKey | None:
        """The key of a run that exists; None where it is not sealed.

        Raises:
            KeyUnavailableError: that names the run and the missing key.

        """
        sealed_input = (
            record.input if record.input is not None and is_sealed(record.input) else None
        )
        if record.key_id is None and record.public_key is None and sealed_input is None:
            return self.of_new_run(run_id, record.deployment_id)
        ring = self._source.read()
        key = self._named_by(run_id, record, sealed_input, ring)
        if key is None:
            raise _missing(run_id, record, ring)
        return self._hold(run_id, key, record.public_key)

    def _named_by(
        self, run_id: str, record: KeyRecord, sealed_input: bytes | None, ring: KeyRing
    ) -> DeploymentKey | None:
        key = None if record.key_id is None else ring.named(record.key_id)
        if key is not None:
            return key
        if record.public_key is not None:
            return next(
                (each for each in ring.keys if self._is_of(run_id, each, record.public_key)), None
            )
        if record.key_id is not None or sealed_input is None:
            return None
        return next(
            (each for each in ring.keys if opens(sealed_input, self._keys(run_id, each))), None
        )

    def _is_of(self, run_id: str, key: DeploymentKey, public_key: str) -> bool:
        return public_key_text(self._keys(run_id, key).pair.public_key) == public_key

    def _hold(self, run_id: str, key: DeploymentKey, public_key: str | None) -> HeldKey:
        try:
            keys = self._keys(run_id, key, public_key)
            # Compares it with the public key.
            _ = keys.run_key
        except EnvelopeError as error:
            raise KeyUnavailableError(
                f"deployment key {key.id} does not fit: {error}; is the project right?"
            ) from error
        return HeldKey(keys, key.id)

    def _keys(self, run_id: str, key: DeploymentKey, public_key: str | None = None) -> RunKeys:
        run_key = derive_run_key(key.secret, self._config.project, run_id)
        return RunKeys(run_id=run_id, run_key=run_key, public_key=public_key)


def _missing(run_id: str, record: KeyRecord, ring: KeyRing) -> KeyUnavailableError:
    key = (
        "the key that it was sealed with"
        if record.key_id is None
        else f"deployment key {record.key_id}"
    )
    shown = "" if record.public_key is None else f" (public key {_fingerprint(record.public_key)})"
    return KeyUnavailableError(
        f'the key of run {run_id} is missing: it needs {key} of deployment "{record.deployment_id}"'
        f"{shown}, and {ring.described}"
    )


def _fingerprint(public_key: str) -> str:
    """A public key's fingerprint, also of one that is none."""
    try:
        return fingerprint_of(public_key_from_text(public_key))
    except EnvelopeError:
        return "malformed"
