"""The keys of the runs that this process reads and writes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from worldwire.envelope import EnvelopeError, Sealer, is_sealed, public_key_from_text
from worldwire.errors import RunNotFoundError
from worldwire.keys import HeldKey, KeyFinder, KeyRecord, KeyUnavailableError
from worldwire.v1 import common_pb2, run_pb2

from .errors import KeyMissingError
from .recent import Recent

if TYPE_CHECKING:
    from worldwire import WorldClient
    from worldwire.v1 import event_pb2, hook_pb2

    from .config import Config

_MAX_RUNS = 10_000
DEFER_SECONDS = 30
"""How long a run whose key is not here waits for its next try."""

_ENDED = frozenset(
    {
        run_pb2.RUN_STATUS_COMPLETED,
        run_pb2.RUN_STATUS_FAILED,
        run_pb2.RUN_STATUS_CANCELLED,
    }
)

_log = logging.getLogger("worldwire.vercel")


@dataclass(frozen=True, slots=True)
class _Found:
    key: HeldKey | None
    guessed: bool
    """Whether the run did not exist yet, and was taken for one of the deployment that was named."""


class RunKeyStore:
    """Finds the keys of runs, and remembers what the World says of them.

    What was found is remembered; what was not is looked for again.
    """

    def __init__(self, client: WorldClient, config: Config) -> None:
        self._client = client
        self._config = config
        self._finder = KeyFinder(config.keys)
        self._records: Recent[KeyRecord] = Recent(_MAX_RUNS)
        self._deployments: Recent[str] = Recent(_MAX_RUNS)
        self._found: Recent[_Found] = Recent(_MAX_RUNS)
        self._told: Recent[bool] = Recent(_MAX_RUNS)

    async def of(self, run_id: str, deployment_id: str | None = None) -> HeldKey | None:
        """The key of a run; None where it is not sealed.

        A run that does not exist is taken for one to be created.

        Args:
            run_id: The run.
            deployment_id: The deployment of a run to be created. Default: this one.

        Raises:
            KeyMissingError: that names the run and the missing key.

        """
        found = self._found.get(run_id)
        if found is None:
            found = await self._find(run_id, deployment_id)
            self._found.set(run_id, found)
        return found.key

    async def sealer_of(self, run_id: str) -> Sealer | None:
        """What seals for a run: its key or, without that, its public key; None where it is not sealed."""
        try:
            held = await self.of(run_id)
        except KeyMissingError:
            record = self._records.get(run_id)
            if record is None or record.public_key is None:
                raise
            return public_key_from_text(record.public_key)
        return None if held is None else held.keys

    def deployment_of(self, run_id: str) -> str | None:
        """The deployment of a run, if it was read or written here."""
        return self._deployments.get(run_id)

    def note_run(self, run_id: str, run: run_pb2.Run | hook_pb2.HookRunContext) -> None:
        """Remembers what the World says of a run's key. Where that is nothing, the run's input is asked later."""
        self._deployments.set(run_id, run.deployment_id)
        if run.encryption_key_id or run.encryption_public_key:
            self._note(
                run_id,
                KeyRecord(
                    run.deployment_id,
                    key_id=run.encryption_key_id or None,
                    public_key=run.encryption_public_key or None,
                ),
            )

    async def admit(self, message: Any) -> int | None:
        """What a message tells of the key of its run, before a handler sees it.

        A handler that finds the key missing would count it as a failed try of the step.

        Returns:
            Seconds to wait where the key is not here, and None where the handler may go on.

        """
        fields = cast("dict[str, Any]", message) if isinstance(message, dict) else {}
        run_id = fields.get("runId")
        if fields.get("__healthCheck") or not isinstance(run_id, str) or not run_id:
            return None
        given = fields.get("runInput")
        if isinstance(given, dict) and self._records.get(run_id) is None:
            self._note_input(run_id, cast("dict[str, Any]", given))
        try:
            await self.of(run_id)
        except KeyMissingError as error:
            if await self._has_ended(run_id):
                return None
            if self._told.get(run_id) is None:
                _log.warning("%s; the run waits", error)
            self._told.set(run_id, True)
            return DEFER_SECONDS
        return None

    def stamp(self, run_id: str, created: event_pb2.RunCreated) -> str | None:
        """The name of the key that a run which is about to be created is sealed with."""
        self._deployments.set(run_id, created.deployment_id)
        record = KeyRecord(
            created.deployment_id,
            public_key=created.encryption_public_key or None,
            input=created.input if created.HasField("input") else None,
        )
        held = self._holder_of(run_id, record)
        key_id = None if held is None else held.key_id
        self._note(run_id, KeyRecord(record.deployment_id, key_id, record.public_key, record.input))
        return key_id

    def _holder_of(self, run_id: str, record: KeyRecord) -> HeldKey | None:
        if record.public_key is None and (record.input is None or not is_sealed(record.input)):
            return None
        try:
            return self._finder.of_run(run_id, record)
        except (KeyUnavailableError, EnvelopeError):
            return None

    def _note_input(self, run_id: str, given: dict[str, Any]) -> None:
        deployment_id, public_key = given.get("deploymentId"), given.get("encryptionPublicKey")
        payload = given.get("input")
        if not isinstance(deployment_id, str):
            return
        self._deployments.set(run_id, deployment_id)
        record = KeyRecord(
            deployment_id,
            public_key=public_key if isinstance(public_key, str) else None,
            input=payload if isinstance(payload, bytes) else None,
        )
        self._note(run_id, record)

    def _note(self, run_id: str, record: KeyRecord) -> None:
        if self._records.get(run_id) is not None:
            return
        self._records.set(run_id, record)
        found = self._found.get(run_id)
        if found is not None and found.guessed:
            self._found.forget(run_id, found)

    async def _find(self, run_id: str, deployment_id: str | None) -> _Found:
        record = self._records.get(run_id) or await self._fetch(run_id)
        try:
            if record is not None:
                return _Found(self._finder.of_run(run_id, record), guessed=False)
            deployment = deployment_id or self._config.deployment_id
            return _Found(self._finder.of_new_run(run_id, deployment), guessed=True)
        except (KeyUnavailableError, EnvelopeError) as error:
            raise KeyMissingError(str(error)) from error

    async def _fetch(self, run_id: str) -> KeyRecord | None:
        """What the World says of a run's key; None where there is no such run."""
        run = await self._read(run_id, common_pb2.RESOLVE_DATA_NONE)
        if run is None:
            return None
        self.note_run(run_id, run)
        if self._records.get(run_id) is None:
            run = await self._read(run_id, common_pb2.RESOLVE_DATA_ALL)
            if run is not None:
                payload = run.input if run.HasField("input") else None
                self._note(run_id, KeyRecord(run.deployment_id, input=payload))
        return self._records.get(run_id)

    async def _has_ended(self, run_id: str) -> bool:
        """Whether no handler needs the key of a run any more."""
        run = await self._read(run_id, common_pb2.RESOLVE_DATA_NONE)
        return run is not None and run.status in _ENDED

    async def _read(self, run_id: str, resolve: common_pb2.ResolveData) -> run_pb2.Run | None:
        try:
            request = run_pb2.GetRunRequest(run_id=run_id, resolve_data=resolve)
            return (await self._client.runs.get_run(request)).run
        except RunNotFoundError:
            return None
