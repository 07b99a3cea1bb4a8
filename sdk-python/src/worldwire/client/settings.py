"""The options of a client with the environment and the defaults filled in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from worldwire.errors import InvalidArgumentError
from worldwire.protocol import PROTOCOL_VERSION

from .options import Codec, Protocol, RetryOptions, WorldClientOptions

DEFAULT_URL = "http://127.0.0.1:7420"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a client calls its World."""

    url: str
    headers: dict[str, str]
    """Sent with every call."""
    protocol: Protocol
    codec: Codec
    deadline_ms: float
    idle_ms: float
    max_connections: int
    retry: RetryOptions


def read_settings(options: WorldClientOptions) -> Settings:
    """Raises InvalidArgumentError for an address that is not one of http or https."""
    url = options.get("url")
    if url is None:
        url = os.environ.get("WORLDWIRE_URL") or DEFAULT_URL
    _check_url(url)
    project = options.get("project")
    if project is None:
        project = os.environ.get("WORLDWIRE_PROJECT") or "default"
    token = options.get("token")
    if token is None:
        token = os.environ.get("WORLDWIRE_TOKEN")
    headers = {
        "worldwire-project": project,
        "worldwire-protocol-version": PROTOCOL_VERSION,
    }
    if token:
        headers["authorization"] = f"Bearer {token}"
    return Settings(
        url=url.rstrip("/"),
        headers=headers,
        protocol=options.get("protocol", "connect"),
        codec=options.get("codec", "proto"),
        deadline_ms=options.get("deadline_ms", 30_000),
        idle_ms=options.get("idle_ms", 15_000),
        max_connections=options.get("max_connections", 64),
        retry=options.get("retry", RetryOptions()),
    )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise InvalidArgumentError(
            "not an address of a World: give one of http or https",
            metadata={"field": "url", "problem": "not an http or https address"},
        )
