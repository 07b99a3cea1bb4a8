"""What an application says of its World, with the environment and the defaults filled in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worldwire.keys import KeyConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

_EMBEDDED = ("embedded:", "postgres:", "postgresql:")
_DEFAULT_DEPLOYMENT = "default"
_DEFAULT_CONCURRENCY = 100
_MAX_CONCURRENCY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    url: str | None
    """Where the World is; None for the client's own default."""
    token: str | None = field(repr=False)
    project: str
    deployment_id: str
    environment: str | None
    concurrency: int
    """How many messages are handled at a time."""
    keys: KeyConfig
    push_secret: str | None = field(repr=False)


def read_config(
    *,
    url: str | None = None,
    token: str | None = None,
    project: str | None = None,
    deployment_id: str | None = None,
    environment: str | None = None,
    concurrency: int | None = None,
    key: str | None = None,
    key_file: str | os.PathLike[str] | None = None,
    encryption: str | None = None,
    push_secret: str | None = None,
    env: Mapping[str, str] = os.environ,
) -> Config:
    """Raises `ValueError` that names the variable which is wrong."""
    address = url or env.get("WORLDWIRE_URL") or None
    if address is not None and address.startswith(_EMBEDDED):
        raise ValueError(
            "WORLDWIRE_URL names a folder or a database, for a World within the process, which "
            "needs Node: serve it by `npx worldwire serve` and give its address"
        )
    keys = KeyConfig.read(
        key=key, key_file=key_file, encryption=encryption, project=project, env=env
    )
    return Config(
        url=address,
        token=token or env.get("WORLDWIRE_TOKEN") or None,
        project=keys.project,
        deployment_id=deployment_id or env.get("WORLDWIRE_DEPLOYMENT_ID") or _DEFAULT_DEPLOYMENT,
        environment=environment or env.get("WORLDWIRE_ENVIRONMENT") or None,
        concurrency=_concurrency(concurrency, env.get("WORLDWIRE_CONCURRENCY")),
        keys=keys,
        push_secret=push_secret or env.get("WORLDWIRE_PUSH_SECRET") or None,
    )


def _concurrency(given: int | None, variable: str | None) -> int:
    if given is None and not variable:
        return _DEFAULT_CONCURRENCY
    text = str(given) if given is not None else variable or ""
    count = int(text) if text.isdigit() else 0
    if not 1 <= count <= _MAX_CONCURRENCY:
        raise ValueError(f'WORLDWIRE_CONCURRENCY is "{text}", but must be 1 to {_MAX_CONCURRENCY}')
    return count
