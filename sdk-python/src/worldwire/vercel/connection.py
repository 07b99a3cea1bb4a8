"""The World that an application is connected to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from vercel.workflow._internal import world as w

from worldwire import WorldClient
from worldwire.protocol import PROTOCOL_VERSION
from worldwire.v1 import common_pb2, world_pb2

from .run_keys import RunKeyStore

if TYPE_CHECKING:
    from .config import Config


def _event_types() -> list[str]:
    union = get_args(w.Event)[0]
    return [model.model_fields["event_type"].default for model in get_args(union)]


def sdk_reader() -> common_pb2.Reader:
    """What this version of the SDK can read."""
    return common_pb2.Reader(
        max_spec_version=w.SPEC_VERSION_MAX_SUPPORTED,
        event_types=_event_types(),
        error_forms=["payload", "structured"],
    )


class Connection:
    """A client, with what the World said of itself and what is known of the keys of its runs."""

    def __init__(
        self, client: WorldClient, config: Config, info: world_pb2.GetWorldResponse
    ) -> None:
        self.client = client
        self.config = config
        self.info = info
        self.keys = RunKeyStore(client, config)
        self._capabilities = frozenset(info.capabilities)
        self._reader = sdk_reader()

    def declares(self, capability: world_pb2.Capability) -> bool:
        return capability in self._capabilities

    @property
    def reader(self) -> dict[str, Any]:
        """The field of a request that says who reads the answer, where the World takes it."""
        if not self.declares(world_pb2.CAPABILITY_READERS):
            return {}
        return {"reader": self._reader}


class Connector:
    """Connects at the first call; later calls share the connection."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._client: WorldClient | None = None
        self._connection: Connection | None = None

    async def __call__(self) -> Connection:
        if self._connection is not None:
            return self._connection
        if self._client is None:
            config = self._config
            self._client = WorldClient(url=config.url, token=config.token, project=config.project)
        info = await self._client.get_world()
        assert_serves(info)
        # Another call may have been quicker; there is to be one store of keys.
        if self._connection is None:
            self._connection = Connection(self._client, self._config, info)
        return self._connection

    async def close(self) -> None:
        """Ends every call; the next one connects anew."""
        client, self._client, self._connection = self._client, None, None
        if client is not None:
            await client.close()


def assert_serves(info: world_pb2.GetWorldResponse) -> None:
    """Raises where the World speaks another protocol, or does not take the events that this SDK writes."""
    name = f"{info.implementation} {info.version}"
    if info.protocol_version.partition(".")[0] != PROTOCOL_VERSION.partition(".")[0]:
        raise w.WorkflowWorldError(
            f"{name} speaks protocol {info.protocol_version}, and this package {PROTOCOL_VERSION}",
            status=0,
        )
    if not info.min_spec_version <= w.SPEC_VERSION_CURRENT <= info.max_spec_version:
        raise w.WorkflowWorldError(
            f"vercel-workflow writes spec version {w.SPEC_VERSION_CURRENT}, but {name} serves "
            f"{info.min_spec_version} to {info.max_spec_version}",
            status=0,
        )
