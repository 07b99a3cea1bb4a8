"""Worldwire: the World of durable workflows as a protocol. This is its client for Python.

`worldwire.v1` has the protocol's messages, `worldwire.errors` an exception for each reason of the error registry.
"""

from .client import (
    Ack,
    ConnectionStatus,
    Consumer,
    DeliveryContext,
    DeliveryOutcome,
    Retry,
    RetryOptions,
    StreamChunk,
    StreamWriter,
    WorldClient,
    WorldClientOptions,
    WriteResult,
    connect,
)
from .errors import WorldError
from .protocol import PROTOCOL_VERSION
from .sync import WorldClientSync, connect_sync

__all__ = [
    "PROTOCOL_VERSION",
    "Ack",
    "ConnectionStatus",
    "Consumer",
    "DeliveryContext",
    "DeliveryOutcome",
    "Retry",
    "RetryOptions",
    "StreamChunk",
    "StreamWriter",
    "WorldClient",
    "WorldClientOptions",
    "WorldClientSync",
    "WorldError",
    "WriteResult",
    "connect",
    "connect_sync",
]
