"""The client: calls a World, retries safely, and reads live streams that resume where they broke."""

from .client import WorldClient, connect
from .consumer import ConsumeOptions, Consumer, DeliveryContext, Handler
from .options import (
    Ack,
    Codec,
    ConnectionStatus,
    DeliveryOutcome,
    Protocol,
    Retry,
    RetryOptions,
    StreamChunk,
    WorldClientOptions,
    WriteResult,
)
from .stream_writer import StreamWriter

__all__ = [
    "Ack",
    "Codec",
    "ConnectionStatus",
    "ConsumeOptions",
    "Consumer",
    "DeliveryContext",
    "DeliveryOutcome",
    "Handler",
    "Protocol",
    "Retry",
    "RetryOptions",
    "StreamChunk",
    "StreamWriter",
    "WorldClient",
    "WorldClientOptions",
    "WriteResult",
    "connect",
]
